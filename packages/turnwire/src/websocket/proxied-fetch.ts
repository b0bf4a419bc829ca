import { type ClientRequest, type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { Readable } from "node:stream";
import { HttpsProxyAgent } from "https-proxy-agent";
import { WebsocketConnectError } from "../errors.ts";
import { flatHeaders, type Proxy } from "./proxy-refusal.ts";
import { Tunnel } from "./tunnel.ts";

/** How long a proxy may take to make a tunnel, in milliseconds. */
const tunnelTimeoutMs = 10_000;
/** How long a tunnel is kept for the next request, in milliseconds. */
const idleTunnelMs = 4000;

const statusesWithoutBody: ReadonlySet<number> = new Set([204, 205, 304]);

/** Keeps tunnels through a proxy for the next request. */
class TunnelPool extends HttpsProxyAgent<string> {
  readonly #proxy: Proxy;
  readonly #secure: boolean;

  constructor(proxy: Proxy, secure: boolean) {
    super(proxy.url, { keepAlive: true, timeout: idleTunnelMs });
    this.#proxy = proxy;
    this.#secure = secure;
  }

  // The base class finds it in the stack trace, which may have been switched off.
  override isSecureEndpoint(): boolean {
    return this.#secure;
  }

  override async connect(...args: Parameters<Tunnel["connect"]>): ReturnType<Tunnel["connect"]> {
    const tunnel = new Tunnel(this.#proxy, this.#secure);
    const timer = setTimeout(() => tunnel.destroy(), tunnelTimeoutMs);
    try {
      return await tunnel.connect(...args);
    } finally {
      clearTimeout(timer);
    }
  }
}

/**
 * A `fetch` whose requests go through a proxy. It follows no redirect. A refused tunnel is the response with which the proxy
 * refused it, so that its status decides what to do.
 * @param secure Whether the requests go to `https:` addresses.
 */
export function fetchThrough(proxy: Proxy, secure: boolean): typeof fetch {
  const agent = new TunnelPool(proxy, secure);
  const makeRequest = secure ? requestHttps : requestHttp;
  return async (input, init) => {
    const request = new Request(input, init);
    const { url, method, headers, signal } = request;
    const body = await request.arrayBuffer();
    signal.throwIfAborted();
    try {
      const options = { method, headers: Object.fromEntries(headers), agent, signal };
      return toResponse(await answered(makeRequest(url, options), body));
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      if (error instanceof WebsocketConnectError) return refusalResponse(error);
      throw new TypeError("fetch failed", { cause: error });
    }
  };
}

function answered(request: ClientRequest, body: ArrayBuffer): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.once("response", resolve);
    // After the response, errors are those of its body.
    request.on("error", reject);
    request.end(Buffer.from(body));
  });
}

function toResponse(message: IncomingMessage): Response {
  const { statusCode = 502, statusMessage = "", headers } = message;
  const hasBody = !statusesWithoutBody.has(statusCode);
  if (!hasBody) message.resume();
  const body = hasBody ? (Readable.toWeb(message) as ReadableStream<Uint8Array>) : null;
  return new Response(body, { status: statusCode, statusText: statusMessage, headers: flatHeaders(headers) });
}

function refusalResponse({ status = 502, message }: WebsocketConnectError): Response {
  return Response.json({ error: { message } }, { status: status >= 400 && status <= 599 ? status : 502 });
}
