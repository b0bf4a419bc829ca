import { WebsocketConnectError } from "../errors.ts";
import { isRetryableUpgradeStatus } from "./close-codes.ts";

/** A proxy the environment names. */
export interface Proxy {
  /** Without credentials, so that messages may quote it. */
  url: URL;
  /** The credentials, as the value of a `Proxy-Authorization` header. */
  authorization?: string;
}

export type Headers = NodeJS.Dict<string | string[]>;

export function refusal(proxy: URL, target: string, status: number, headers: Headers): Error {
  // An answer that is not HTTP has no status.
  if (!Number.isInteger(status)) return noTunnel(proxy, new Error("its answer is not HTTP"));
  return new WebsocketConnectError(`the proxy ${proxy.host} refused a tunnel to ${target} with status ${status}`, {
    status,
    headers: flatHeaders(headers),
    retryable: isRetryableUpgradeStatus(status),
  });
}

// Without the cause: the message of an HTTP error quotes the deepest cause, and this error says more.
export function noTunnel(proxy: URL, cause: unknown): Error {
  const { message, code = "unknown" } = cause as { message?: string; code?: string };
  return new Error(`no tunnel through the proxy ${proxy.host}: ${message || code}`);
}

/** The values of a header that came several times, joined. */
export function flatHeaders(headers: Headers): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value].flat().join(", ")]));
}
