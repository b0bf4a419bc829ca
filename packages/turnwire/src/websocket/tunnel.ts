import type { ClientRequest } from "node:http";
import type { Socket as NetSocket } from "node:net";
import { HttpsProxyAgent } from "https-proxy-agent";
import { type Headers, noTunnel, type Proxy, refusal } from "./proxy-refusal.ts";

/** Takes one socket through a proxy. */
export class Tunnel extends HttpsProxyAgent<string> {
  readonly #abandoned: AbortController;
  readonly #secure: boolean;

  constructor({ url, authorization }: Proxy, secure: boolean) {
    const abandoned = new AbortController();
    super(url, {
      headers: authorization === undefined ? {} : { "Proxy-Authorization": authorization },
      signal: abandoned.signal,
    });
    this.#abandoned = abandoned;
    this.#secure = secure;
  }

  // The base class reads it off the stack trace, which may have been switched off.
  override isSecureEndpoint(): boolean {
    return this.#secure;
  }

  override async connect(
    request: ClientRequest,
    options: Parameters<HttpsProxyAgent<string>["connect"]>[1],
  ): Promise<NetSocket> {
    let answer: { statusCode: number; headers: Headers } | undefined;
    request.once("proxyConnect", (connect: typeof answer) => (answer = connect));
    let socket: NetSocket;
    try {
      socket = await super.connect(request, options);
    } catch (error) {
      throw noTunnel(this.proxy, error);
    }
    if (answer === undefined || answer.statusCode === 200) return socket;
    socket.destroy();
    throw refusal(this.proxy, `${options.host}:${options.port}`, answer.statusCode, answer.headers);
  }

  override destroy(): void {
    this.#abandoned.abort();
    super.destroy();
  }
}
