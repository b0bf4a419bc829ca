import type { Agent } from "node:http";
import { getProxyForUrl } from "proxy-from-env";
import { InvalidArgumentError, kindOf } from "../errors.ts";
import type { Proxy } from "./proxy-refusal.ts";

/**
 * The agent that takes a WebSocket through the proxy that the environment names for its address; undefined where there is
 * none. It is for one socket. Destroying it gives up a tunnel that is still being made.
 * @throws InvalidArgumentError when what the environment names is no HTTP proxy.
 */
export function tunnelFor(target: string): Promise<Agent> | undefined {
  const proxy = proxyFor(target);
  return proxy && openTunnelAgent(proxy, isSecure(target));
}

// Loaded only where there is a proxy: it takes a good part of the time of an import.
async function openTunnelAgent(proxy: Proxy, secure: boolean): Promise<Agent> {
  const { Tunnel } = await import("./tunnel.ts");
  return new Tunnel(proxy, secure);
}

/**
 * A `fetch` that goes through the proxy that the environment names for an address; undefined where there is none.
 * @throws InvalidArgumentError when what the environment names is no HTTP proxy.
 */
export async function proxiedFetch(target: string): Promise<typeof fetch | undefined> {
  const proxy = proxyFor(target);
  if (proxy === undefined) return undefined;
  const { fetchThrough } = await import("./proxied-fetch.ts");
  return fetchThrough(proxy, isSecure(target));
}

function isSecure(target: string): boolean {
  return /^(?:wss|https):/i.test(target);
}

/** Undefined for a target that is not a URL: connecting reports what is wrong with it. */
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
  // As curl does. A proxy need not speak TLS because the target does.
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

/** A `%` in a password often begins no escape. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
