import type { IncomingMessage } from "node:http";
import { KeyRing, OriginGuard } from "../kit/index.ts";
import { SpeechApiError } from "./speech-api-error.ts";

/** Decides whose connections are accepted. Some credentials have to be there, as in the API; without keys, any will do. */
export class SpeechAuthentication {
  readonly #origins: OriginGuard;
  readonly #keys: KeyRing;

  /** @param host The address that is listened on. */
  constructor(apiKeys: readonly string[], host: string) {
    this.#origins = new OriginGuard([host], { anyAddress: true });
    this.#keys = new KeyRing(apiKeys);
  }

  /** Throws a 401, or a 403 for a request of another host's web page. */
  check(request: IncomingMessage): void {
    if (this.#origins.foreignHeader(request) !== undefined) {
      throw new SpeechApiError(403, "FORBIDDEN", "Web pages of other hosts may not use this server.");
    }
    const key = keyOf(request);
    if (key === undefined) throw invalidAuth();
    if (this.#keys.isEmpty) return;
    const isKnown = this.#keys.ownerOf(key.value) !== undefined;
    if (!isKnown || key.scheme !== "token") throw invalidAuth();
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
