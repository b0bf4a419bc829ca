import { InvalidArgumentError, kindOf } from "../errors.ts";

/**
 * Returns the address of a provider's WebSockets; `http` is taken as `ws`.
 * @throws InvalidArgumentError for anything else.
 */
export function websocketBase(baseURL: unknown): URL {
  const text = typeof baseURL === "string" ? baseURL.replace(/^http/, "ws") : "";
  if (/^wss?:\/\/./.test(text) && URL.canParse(text)) return new URL(text);
  // Not quoted: it may hold a key.
  const kind = typeof baseURL === "string" ? "another string" : kindOf(baseURL);
  throw new InvalidArgumentError("baseURL", `expected a URL that begins with wss:, ws:, https: or http:, got ${kind}`);
}
