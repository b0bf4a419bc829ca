import type { IncomingMessage } from "node:http";

/** Whether a host name or address stands for this machine alone; an IPv6 address with or without brackets. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host.endsWith(".localhost") || /^\[?::1\]?$|^127(?:\.\d{1,3}){3}$/.test(host);
}

/** Addresses that stand for every address of this machine. */
const allAddresses: ReadonlySet<string> = new Set(["0.0.0.0", "[::]"]);

/**
 * Keeps web pages of other hosts out: a browser names the page's host in `Origin`, and a page whose own name was pointed at
 * this machine (DNS rebinding) names that in `Host`. Loopback names are always allowed.
 */
export class OriginGuard {
  readonly #allowed: ReadonlySet<string>;
  readonly #allowsAddresses: boolean;

  /** @param anyAddress Whether any IP address may be named where all addresses are listened on. */
  constructor(allowedHosts: readonly string[], { anyAddress = false } = {}) {
    const names = allowedHosts.map((host) => (host.includes(":") ? `[${host}]` : host).toLowerCase());
    this.#allowed = new Set(names);
    this.#allowsAddresses = anyAddress && names.some((name) => allAddresses.has(name));
  }

  /** The header that names another host than this server; undefined if none does. */
  foreignHeader({ headers: { host, origin } }: IncomingMessage): "host" | "origin" | undefined {
    if (!this.#allows(`http://${host ?? ""}`)) return "host";
    return origin === undefined || this.#allows(origin) ? undefined : "origin";
  }

  #allows(url: string): boolean {
    const name = URL.parse(url)?.hostname.toLowerCase();
    if (name === undefined) return false;
    return isLoopback(name) || this.#allowed.has(name) || (this.#allowsAddresses && /^[\d.]+$|^\[/.test(name));
  }
}
