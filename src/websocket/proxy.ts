import type { Agent, ClientRequest } from "node:http";
import type { Socket as NetSocket } from "node:net";
import { HttpsProxyAgent } from "https-proxy-agent";
import { getProxyForUrl } from "proxy-from-env";
import type { Dispatcher } from "undici";
import { InvalidArgumentError, kindOf, WebsocketConnectError } from "../errors.ts";
import { isRetryableUpgradeStatus } from "./close-codes.ts";

/** A proxy the environment names. */
interface Proxy {
  /** Without credentials: what quotes it gives nothing away. */
  url: URL;
  /** The credentials, as the value of a `Proxy-Authorization` header. */
  authorization?: string;
}

/** As long as undici waits for a connection. */
const tunnelTimeoutMs = 10_000;

/**
 * The agent that takes a WebSocket through the proxy the environment names for its address; undefined where there is
 * none. It is for one socket: destroyed, it gives up a tunnel that is still being made.
 * @throws InvalidArgumentError when what the environment names is no HTTP proxy.
 */
export function tunnelFor(target: string): Agent | undefined {
  const proxy = proxyFor(target);
  return proxy && new Tunnel(proxy, /^(?:wss|https):/i.test(target));
}

/**
 * A `fetch` that goes through the proxy the environment names for an address; undefined where there is none.
 * @throws InvalidArgumentError when what the environment names is no HTTP proxy.
 */
export async function proxiedFetch(target: string): Promise<typeof fetch | undefined> {
  const proxy = proxyFor(target);
  if (proxy === undefined) return undefined;
  const { Client, fetch: undiciFetch, Pool, ProxyAgent } = await import("undici");

  /** Makes each tunnel over a connection of its own, which nothing is left of when there is no tunnel. */
  class TunnelPool extends Pool {
    readonly #newClient: () => Dispatcher;

    constructor(origin: URL, options: object) {
      super(origin, options);
      this.#newClient = () => new Client(origin, options);
    }

    override connect(options: Dispatcher.ConnectOptions): Promise<Dispatcher.ConnectData>;
    override connect(options: Dispatcher.ConnectOptions, callback: ConnectCallback): void;
    override connect(options: Dispatcher.ConnectOptions, callback?: ConnectCallback): Promise<unknown> | void {
      if (callback !== undefined) return super.connect(options, callback);
      return openTunnel(proxy!, this.#newClient(), options);
    }
  }

  const dispatcher = new ProxyAgent({
    uri: proxy.url.href,
    ...(proxy.authorization === undefined ? {} : { token: proxy.authorization }),
    clientFactory: (origin, options) => new TunnelPool(origin, options),
  });
  const viaProxy = async (...[input, init]: Parameters<typeof undiciFetch>): Promise<unknown> => {
    try {
      return await undiciFetch(input, { ...init, dispatcher });
    } catch (error) {
      const reason = error instanceof Error ? error.cause : undefined;
      if (reason instanceof WebsocketConnectError) return answerOf(reason);
      throw error;
    }
  };
  // The classes of undici's fetch are those of Node's, from another copy of undici.
  return viaProxy as typeof fetch;
}

type ConnectCallback = (error: Error | null, data: Dispatcher.ConnectData) => void;

async function openTunnel(
  proxy: Proxy,
  client: Dispatcher,
  options: Dispatcher.ConnectOptions,
): Promise<Dispatcher.ConnectData> {
  let answer: Dispatcher.ConnectData;
  try {
    // Nobody else gives up on a proxy that never answers.
    answer = await client.connect({ ...options, signal: AbortSignal.timeout(tunnelTimeoutMs) });
  } catch (error) {
    throw noTunnel(proxy.url, error);
  } finally {
    // A tunnel that has been made is no part of it any more.
    void client.destroy();
  }
  if (answer.statusCode === 200) return answer;
  answer.socket.on("error", () => undefined).destroy();
  throw refusal(proxy.url, options.path, answer.statusCode, answer.headers);
}

/** A refused tunnel as the response it would be without one: then its status decides what is done about it. */
function answerOf({ status = 502, message }: WebsocketConnectError): Response {
  return Response.json({ error: { message } }, { status: status >= 400 && status <= 599 ? status : 502 });
}

class Tunnel extends HttpsProxyAgent<string> {
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

type Headers = NodeJS.Dict<string | string[]>;

function refusal(proxy: URL, target: string, status: number, headers: Headers): Error {
  // What is not HTTP has no status.
  if (!Number.isInteger(status)) return noTunnel(proxy, new Error("what it answered is not HTTP"));
  return new WebsocketConnectError(`the proxy ${proxy.host} refused a tunnel to ${target} with status ${status}`, {
    status,
    headers: flatHeaders(headers),
    retryable: isRetryableUpgradeStatus(status),
  });
}

// Without the cause: of an HTTP request's error the deepest cause is told, and this says more.
function noTunnel(proxy: URL, cause: unknown): Error {
  const { message, code = "unknown" } = cause as { message?: string; code?: string };
  return new Error(`no tunnel through the proxy ${proxy.host}: ${message || code}`);
}

/** The values of a header that came several times, joined. */
export function flatHeaders(headers: Headers): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value].flat().join(", ")]));
}

/** What is not a URL has no proxy: whoever connects will say what is wrong with it. */
function proxyFor(target: string): Proxy | undefined {
  if (!URL.canParse(target)) return undefined;
  const url = new URL(target);
  url.protocol = url.protocol.replace(/^ws/, "http");
  const names = [`${url.protocol.slice(0, -1)}_proxy`, "all_proxy"].flatMap((name) => [name, name.toUpperCase()]);
  const name = names.find((name) => process.env[name]);
  if (name === undefined || getProxyForUrl(url.href) === "") return undefined;
  return parseProxy(name, process.env[name]!);
}

function parseProxy(name: string, value: string): Proxy {
  // As for curl; the package would take the target's scheme, and no proxy speaks TLS because the server behind it does.
  const address = value.includes("://") ? value : `http://${value}`;
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url?.protocol !== "http:" && url?.protocol !== "https:") {
    const got = url === undefined ? kindOf(value) : `one of ${url.protocol}`;
    throw new InvalidArgumentError(name, `expected the URL of a proxy such as http://proxy.example:3128, got ${got}`);
  }
  const { username, password } = url;
  url.username = url.password = "";
  if (username === "" && password === "") return { url };
  const credentials = Buffer.from(`${decoded(username)}:${decoded(password)}`).toString("base64");
  return { url, authorization: `Basic ${credentials}` };
}

/** A `%` in a password is often not meant as the beginning of an escape. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
