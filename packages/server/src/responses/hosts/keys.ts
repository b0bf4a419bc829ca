import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { ResponsesApiError } from "../api-error.ts";

/** Asks for an API key, where the server has some. Keys are held and compared as digests only. */
export class KeyGuard {
  readonly #digests: readonly Buffer[];

  constructor(keys: readonly string[]) {
    this.#digests = keys.map(digest);
  }

  /** Whose request it is, as a digest of the key; empty where no keys are asked for. Throws a 401 for a wrong one. */
  check(request: IncomingMessage): string {
    if (this.#digests.length === 0) return "";
    const given = /^Bearer (.+)$/i.exec(request.headers.authorization ?? "")?.[1] ?? request.headers["api-key"];
    if (typeof given !== "string" || given === "")
      throw unauthorized("You didn't provide an API key. Send it as 'Authorization: Bearer KEY'.", null);
    const candidate = digest(given.trim());
    // All are compared, so that the time it takes tells nothing of which is alike.
    const known = this.#digests.map((key) => timingSafeEqual(key, candidate)).includes(true);
    if (!known) throw unauthorized("Incorrect API key provided.", "invalid_api_key");
    return candidate.toString("hex").slice(0, 32);
  }
}

function digest(key: string): Buffer {
  return createHash("sha256").update(key).digest();
}

function unauthorized(message: string, code: string | null): ResponsesApiError {
  return new ResponsesApiError({ status: 401, message, code });
}
