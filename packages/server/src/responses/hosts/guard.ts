import type { IncomingMessage } from "node:http";
import { ResponsesApiError } from "../api-error.ts";

/**
 * Keeps web pages out: a browser names the page's `Origin`, and a page that had its own name pointed at this machine
 * (DNS rebinding) names that in `Host`. Loopback names are always allowed.
 */
export class HostGuard {
  readonly #allowed: ReadonlySet<string>;

  constructor(allowedHosts: readonly string[]) {
    this.#allowed = new Set(allowedHosts.map((host) => host.toLowerCase()));
  }

  /** Throws a 403 for a request that a foreign page may have made. */
  check(request: IncomingMessage): void {
    const { host, origin } = request.headers;
    if (host === undefined || !this.#allows(`http://${host}`)) {
      throw forbidden(
        "The Host header does not name this server. Use localhost or 127.0.0.1, or add the name to `allowedHosts`.",
      );
    }
    if (origin !== undefined && !this.#allows(origin)) {
      throw forbidden("Requests from web pages of other hosts are refused.");
    }
  }

  #allows(url: string): boolean {
    if (!URL.canParse(url)) return false;
    const name = new URL(url).hostname.toLowerCase();
    return isLoopback(name) || this.#allowed.has(name);
  }
}

function isLoopback(name: string): boolean {
  return name === "localhost" || name.endsWith(".localhost") || name === "[::1]" || /^127(\.\d{1,3}){3}$/.test(name);
}

function forbidden(message: string): ResponsesApiError {
  return new ResponsesApiError({ status: 403, code: "forbidden", message });
}
