import type { IncomingMessage } from "node:http";
import { KeyRing, OriginGuard } from "../../kit/index.ts";
import { ResponsesApiError } from "../api-error.ts";

/** Decides whose requests are answered. */
export class ApiAuthentication {
  readonly #origins: OriginGuard;
  readonly #keys: KeyRing;

  constructor(allowedHosts: readonly string[], apiKeys: readonly string[]) {
    this.#origins = new OriginGuard(allowedHosts);
    this.#keys = new KeyRing(apiKeys);
  }

  /** Returns whose request it is: a digest of the key, or an empty text if the server asks for none. Throws a 401 or 403. */
  check(request: IncomingMessage): string {
    this.#checkOrigin(request);
    if (this.#keys.isEmpty) return "";
    const { headers } = request;
    const given = /^Bearer (.+)$/i.exec(headers.authorization ?? "")?.[1] ?? headers["api-key"];
    if (typeof given !== "string" || given === "") {
      throw unauthorized("You didn't provide an API key. Send it as 'Authorization: Bearer KEY'.", null);
    }
    const owner = this.#keys.ownerOf(given.trim());
    if (owner === undefined) throw unauthorized("Incorrect API key provided.", "invalid_api_key");
    return owner;
  }

  #checkOrigin(request: IncomingMessage): void {
    const foreign = this.#origins.foreignHeader(request);
    if (foreign === undefined) return;
    const message =
      foreign === "host"
        ? "The Host header does not name this server. Use localhost or 127.0.0.1, or add the name to `allowedHosts`."
        : "Requests from web pages of other hosts are refused.";
    throw new ResponsesApiError({ status: 403, code: "forbidden", message });
  }
}

function unauthorized(message: string, code: string | null): ResponsesApiError {
  return new ResponsesApiError({ status: 401, message, code });
}
