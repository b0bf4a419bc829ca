import { defined } from "../async/index.ts";
import { ProviderError } from "../errors.ts";
import { withoutKeys } from "../redaction.ts";
import { isObject } from "./events.ts";
import { retryAfter } from "./retry-after.ts";

/**
 * An error of a Responses server, in one shape whatever form the server used. Fields that the server left out are undefined.
 */
export interface WireError {
  code?: string;
  message?: string;
  type?: string;
  param?: string;
  /** The HTTP status, or the status in the event. */
  status?: number;
  /** The delay that `retry-after` demands, in milliseconds. */
  retryAfterMs?: number;
}

/** Codes with special handling. */
export const errorCodes = {
  previousResponseNotFound: "previous_response_not_found",
  connectionLimit: "websocket_connection_limit_reached",
  streamLimit: "websocket_stream_limit_reached",
  invalidStreamId: "invalid_stream_id",
  rateLimit: "rate_limit_exceeded",
  contextLength: "context_length_exceeded",
  insufficientQuota: "insufficient_quota",
  invalidApiKey: "invalid_api_key",
  serverError: "server_error",
} as const;

const knownCodes: ReadonlySet<string> = new Set(Object.values(errorCodes));

const retryableCodes: ReadonlySet<string> = new Set([
  errorCodes.previousResponseNotFound,
  errorCodes.connectionLimit,
  errorCodes.rateLimit,
  errorCodes.serverError,
  "server_is_overloaded",
  "slow_down",
  "timeout",
]);

/** Codes of errors that a retry cannot repair, whatever the status. */
const finalCodes: ReadonlySet<string> = new Set([
  errorCodes.insufficientQuota,
  errorCodes.invalidApiKey,
  errorCodes.contextLength,
  "billing_hard_limit_reached",
  "model_not_found",
  "unsupported_country_region_territory",
]);

/** Whether the code has a known meaning, so that the error cannot be the answer to a cancel. */
export function isKnownErrorCode(code: string | undefined): boolean {
  return code !== undefined && (retryableCodes.has(code) || finalCodes.has(code) || knownCodes.has(code));
}

/** Errors that some servers identify only in the message, by the code that other servers send. */
const codesByMessage: ReadonlyArray<[pattern: RegExp, code: string]> = [
  [/previous[_ ]response(_id)?\b.*\bnot found|invalid previous_response_id/i, errorCodes.previousResponseNotFound],
  [/connection limit reached/i, errorCodes.connectionLimit],
];

/**
 * Reads an error from any of the forms that servers send: wrapped (`{error: {code…}, status}`), flat (`{code, message}`), a
 * bare string, `detail` instead of `message`, `status_code` instead of `status`, or empty.
 */
export function normalizeError(payload: unknown, httpStatus?: number): WireError {
  const outer = isObject(payload) ? payload : {};
  const inner = isObject(outer["error"]) ? outer["error"] : {};
  const bareString = typeof payload === "string" ? payload : outer["error"];
  const code = text(inner["code"]) ?? text(outer["code"]);
  const message =
    text(inner["message"]) ??
    text(outer["message"]) ??
    text(inner["detail"]) ??
    text(outer["detail"]) ??
    text(bareString);
  const type = text(inner["type"]) ?? (outer["type"] === "error" ? undefined : text(outer["type"]));
  const status = httpStatus ?? integer(outer["status"]) ?? integer(outer["status_code"]) ?? integer(inner["status"]);
  const retryAfterMs = retryAfter(inner["headers"]) ?? retryAfter(outer["headers"]);
  return defined({
    code: code ?? codeFromMessage(message),
    message: message === undefined ? undefined : withoutKeys(message),
    type,
    param: text(inner["param"]) ?? text(outer["param"]),
    status,
    retryAfterMs,
  });
}

/** Converts a server's error into the error to throw. */
export function providerError(wire: WireError, responseId?: string): ProviderError {
  const code = wire.code ?? (wire.status === undefined ? "provider_error" : `http_${wire.status}`);
  const status = wire.status === undefined ? "" : `, status ${wire.status}`;
  const param = wire.param === undefined ? "" : `, field ${wire.param}`;
  return new ProviderError(code, `${wire.message ?? "the server gave no message"} (${code}${status}${param})`, {
    ...defined({
      status: wire.status,
      type: wire.type,
      param: wire.param,
      responseId,
      retryAfterMs: wire.retryAfterMs,
    }),
    retryable: isRetryable(wire),
  });
}

function isRetryable(wire: WireError): boolean {
  if (wire.code !== undefined && finalCodes.has(wire.code)) return false;
  if (wire.code !== undefined && retryableCodes.has(wire.code)) return true;
  return wire.status === 429 || wire.status === 408 || (wire.status !== undefined && wire.status >= 500);
}

function codeFromMessage(message: string | undefined): string | undefined {
  if (message === undefined) return undefined;
  return codesByMessage.find(([pattern]) => pattern.test(message))?.[1];
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function integer(value: unknown): number | undefined {
  return typeof value === "number" && Number.isInteger(value) ? value : undefined;
}
