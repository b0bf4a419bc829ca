import { kindOf, ProviderError, TurnwireError } from "../../errors.ts";
import { normalizeError, providerError, retryAfter } from "../../protocol/index.ts";

/** What the `openai` package's HTTP errors carry; read by shape, so that the package is not loaded for it. */
interface HttpError {
  status?: number;
  error?: unknown;
  headers?: Headers;
}

/** The error of ours for what the HTTP client threw; the signal's reason when that is why. */
export function toProviderError(error: unknown, signal?: AbortSignal): unknown {
  if (signal?.aborted) return signal.reason;
  if (error instanceof TurnwireError || !(error instanceof Error)) return error;
  const { status, error: body, headers } = error as Error & HttpError;
  if (status === undefined && body === undefined) {
    // What `fetch` throws when the body breaks off.
    if (error instanceof TypeError && error.message === "terminated") {
      const options = { cause: error, retryable: true };
      return new ProviderError("connection_closed", `the event stream was lost: ${reason(error)}`, options);
    }
    const isConnection = /^API(Connection|UserAbort)/.test(error.constructor.name);
    if (!isConnection) return error;
    return connectionFailure(error);
  }
  return refusalError({ error: body ?? error.message }, status, headers);
}

/** The error of ours for what a server answered over HTTP instead of a response. */
export function refusalError(payload: unknown, status?: number, headers?: Headers): ProviderError {
  const wire = normalizeError(payload, status);
  const retryAfterMs = headers === undefined ? undefined : retryAfter(Object.fromEntries(headers.entries()));
  return providerError({ ...wire, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) });
}

/** The error of ours for a request that came to nothing. */
export function connectionFailure(error: unknown): TurnwireError {
  const why = error instanceof Error ? reason(error) : kindOf(error);
  return new TurnwireError("connection_failed", `the HTTP request failed: ${why}`, { cause: error, retryable: true });
}

/** What lies deepest says most: "fetch failed" says nothing. */
function reason(error: Error): string {
  let deepest = error;
  while (deepest.cause instanceof Error) deepest = deepest.cause;
  return deepest.message || error.message;
}
