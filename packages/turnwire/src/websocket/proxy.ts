import type { Agent } from "node:http";
import { getProxyForUrl } from "proxy-from-env";
import type { Dispatcher } from "undici";
import { InvalidArgumentError, kindOf, WebsocketConnectError } from "../errors.ts";
import { noTunnel, type Proxy, refusal } from "./proxy-refusal.ts";

/** As long as undici waits for a connection. */
const tunnelTimeoutMs = 10_000;

/**
 * The agent that takes a WebSocket through the proxy the environment names for its address; undefined where there is
 * none. It is for one socket: destroyed, it gives up a tunnel that is still being made.
 * @throws InvalidArgumentError when what the environment names is no HTTP proxy.
 */
export function tunnelFor(target: string): Promise<Agent> | undefined {
  const proxy = proxyFor(target);
  return proxy && openTunnelAgent(proxy, /^(?:wss|https):/i.test(target));
}

// Loaded where there is a proxy: it would be a good part of what every start costs.
async function openTunnelAgent(proxy: Proxy, secure: boolean): Promise<Agent> {
  const { Tunnel } = await import("./tunnel.ts");
  return new Tunnel(proxy, secure);
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
