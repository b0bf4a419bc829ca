import { withoutKeys } from "turnwire/internal";
import { isObject, normalizeError, type WireError } from "turnwire/internal";
import { invalidRequest, ResponsesApiError } from "../../api-error.ts";

/** The error of a failed request of the `openai` package, by its shape, so that the package need not be loaded. */
interface HttpFailure extends Error {
  status?: number;
  error?: unknown;
  headers?: Headers;
}

/** Removes secrets from a text. */
export type Scrub = (text: string) => string;

/** Removes these secrets and anything that looks like a key from a text. Secrets added to the set later count, too. */
export function scrubber(secrets: ReadonlySet<string>): Scrub {
  return (text) => {
    const known = [...secrets].filter((secret) => secret.length >= 4).toSorted((a, b) => b.length - a.length);
    return withoutKeys(known.reduce((rest, secret) => rest.replaceAll(secret, "[key]"), text));
  };
}

/** An error that the client cannot fix: the upstream's answer breaks its API. */
export function upstreamFault(message: string, status = 502): ResponsesApiError {
  return new ResponsesApiError({ status, code: "server_error", message: `The upstream failed: ${message}` });
}

/** The error for a request that the upstream's API cannot express. */
export function notForUpstream(param: string, what: string, wayOut: string): ResponsesApiError {
  return invalidRequest(param, `${what} cannot be passed on to the upstream: ${wayOut}.`, "unsupported_value");
}

/** The client's error for an error of the upstream. Errors that have nothing to do with the upstream stay as they are. */
export function toUpstreamError(error: unknown, scrub: Scrub): unknown {
  if (error instanceof ResponsesApiError || !(error instanceof Error)) return error;
  const { status, error: body, headers } = error as HttpFailure;
  if (status === undefined && body === undefined) return unreachable(error);
  if (status === 404 && !isAboutModel(body)) {
    return upstreamFault("it has no such endpoint or model (404). Check the url, api and model of upstreamBrain.");
  }
  return fromBody(body, status, headers, scrub);
}

/** Whether a 404 is about a model; any other is about the URL. */
function isAboutModel(body: unknown): boolean {
  const { code, message = "" } = normalizeError(isObject(body) ? { error: body } : undefined);
  return code !== undefined || /\bmodel\b/i.test(message);
}

/** The error for an error object of the upstream, from an HTTP answer or out of its stream. */
export function fromBody(
  body: unknown,
  httpStatus: number | undefined,
  headers: Headers | undefined,
  scrub: Scrub,
): ResponsesApiError {
  const wire = normalizeError(isObject(body) ? { error: body } : body, httpStatus);
  const status = errorStatus(wire.status ?? numericCode(body));
  if (status === 401 || (status === 403 && aboutKeys.test(wire.message ?? "key"))) return keyRefused(status);
  return new ResponsesApiError({
    status,
    message: scrub(wire.message ?? `The upstream answered with status ${status} and no message.`),
    code: codeOf({ ...wire, ...(wire.code === undefined ? {} : { code: scrub(wire.code) }) }, status),
    ...(wire.type === undefined ? {} : { type: scrub(wire.type) }),
    ...retryHeaders(headers),
  });
}

/** A 403 may also be about the content or the country. */
const aboutKeys = /\b(?:api.?key|key|token|credential|unauthori[sz]ed|authenti)/i;

/** The upstream's message would quote a part of this server's key. */
function keyRefused(status: number): ResponsesApiError {
  const message =
    `The upstream refused this server's own credentials (status ${status}). ` +
    "Give upstreamBrain a valid apiKey or headers; the client's key is not involved.";
  return new ResponsesApiError({ status, code: "invalid_api_key", message });
}

function unreachable(error: Error): unknown {
  const name = error.constructor.name;
  if (name === "APIConnectionTimeoutError") return upstreamFault("it did not begin to answer in time.", 504);
  if (name === "APIConnectionError") return upstreamFault(`it could not be reached${reason(error)}.`);
  // `fetch` throws this when a connection ends in the middle of an answer.
  if (error instanceof TypeError && error.cause !== undefined) {
    return upstreamFault(`the connection broke in the middle of its answer${reason(error)}.`);
  }
  if (error instanceof SyntaxError) return upstreamFault("its answer is not valid JSON.");
  return error;
}

/** The system's error code, such as `ECONNREFUSED`. Its message would name hosts. */
function reason(error: unknown): string {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if ("code" in cause && typeof cause.code === "string") return ` (${cause.code})`;
  }
  return "";
}

/** Some servers send the HTTP status as the code. */
function numericCode(body: unknown): number | undefined {
  const code = isObject(body) ? body["code"] : undefined;
  return typeof code === "number" ? code : undefined;
}

function errorStatus(status: number | undefined): number {
  return status !== undefined && status >= 400 && status <= 599 ? status : 502;
}

/** The API's codes for errors that model servers report only in words, or with codes of their own. */
const codesBySign: ReadonlyArray<[sign: RegExp, code: string]> = [
  [/maximum context length|exceed_context_size|(?:exceeds?|longer than).{0,40}context/i, "context_length_exceeded"],
  [/\bmodel\b.{0,200}\b(?:not found|does not exist)/i, "model_not_found"],
];

const codesByStatus: Readonly<Record<number, string>> = { 429: "rate_limit_exceeded", 503: "server_is_overloaded" };

function codeOf({ code, type, message }: WireError, status: number): string | null {
  if (code !== undefined && /^[\w.-]{1,64}$/.test(code)) return code;
  const said = `${type ?? ""} ${message ?? ""}`;
  const signed = status < 500 ? codesBySign.find(([sign]) => sign.test(said))?.[1] : undefined;
  return signed ?? codesByStatus[status] ?? (status >= 500 ? "server_error" : null);
}

function retryHeaders(headers: Headers | undefined): { headers?: Record<string, string> } {
  const kept: Record<string, string> = {};
  for (const name of ["retry-after", "retry-after-ms"]) {
    const value = headers?.get(name);
    if (value !== undefined && value !== null) kept[name] = value;
  }
  return Object.keys(kept).length === 0 ? {} : { headers: kept };
}
