import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { SpeechApiError } from "./refusal.ts";

const allAddresses: ReadonlySet<string> = new Set(["0.0.0.0", "[::]"]);

/**
 * Decides who gets in. Some credentials have to be there, as the API wants them; which ones is asked only where there are
 * keys, which are held and compared as digests.
 */
export class Access {
  readonly #digests: readonly Buffer[];
  readonly #host: string;

  /** @param host What is listened on. */
  constructor(apiKeys: readonly string[], host: string) {
    this.#digests = apiKeys.map(digest);
    this.#host = host.includes(":") ? `[${host}]` : host.toLowerCase();
  }

  /** Throws a 401, or a 403 for what a web page of another host asks for. */
  check(request: IncomingMessage): void {
    const { host, origin } = request.headers;
    // A page that had its own name pointed at this machine names that in Host.
    if (!this.#isOurs(`http://${host ?? ""}`) || (origin !== undefined && !this.#isOurs(origin))) {
      throw new SpeechApiError(403, "FORBIDDEN", "Web pages of other hosts may not use this server.");
    }
    const key = keyOf(request);
    if (key === undefined) throw invalidAuth();
    if (this.#digests.length === 0) return;
    const candidate = digest(key.value);
    // All are compared, so that the time it takes tells nothing of which is alike.
    const known = this.#digests.map((one) => timingSafeEqual(one, candidate)).includes(true);
    if (!known || key.scheme !== "token") throw invalidAuth();
  }

  #isOurs(url: string): boolean {
    if (!URL.canParse(url)) return false;
    const name = new URL(url).hostname.toLowerCase();
    if (name === "localhost" || name.endsWith(".localhost") || name === "[::1]" || /^127(?:\.\d+){3}$/.test(name))
      return true;
    // An address that stands for all of this machine's is none of its names.
    return name === this.#host || (allAddresses.has(this.#host) && /^[\d.]+$|^\[/.test(name));
  }
}

/**
 * `Authorization: Token KEY` or `Bearer JWT`; from a browser, which cannot set headers, the subprotocols `token, KEY`
 * (https://developers.deepgram.com/docs/authenticating).
 */
function keyOf({ headers }: IncomingMessage): { scheme: string; value: string } | undefined {
  const [, scheme, value] =
    /^(token|bearer)\s+(\S+)$/i.exec(headers.authorization ?? "") ??
    /^(token|bearer),\s*([^\s,]+)/i.exec(headers["sec-websocket-protocol"] ?? "") ??
    [];
  return scheme === undefined || value === undefined ? undefined : { scheme: scheme.toLowerCase(), value };
}

/** https://developers.deepgram.com/docs/errors, "Incorrect API key". */
function invalidAuth(): SpeechApiError {
  return new SpeechApiError(401, "INVALID_AUTH", "Invalid credentials.");
}

function digest(key: string): Buffer {
  return createHash("sha256").update(key).digest();
}
