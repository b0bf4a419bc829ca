import { defined } from "../../async/index.ts";
import type { ProviderError } from "../../errors.ts";
import { normalizeError, providerError, retryAfter } from "../../protocol/index.ts";
import { parsed, textOf } from "./body.ts";

/** How many characters of a refusal are read: a proxy may answer with a page. */
const largestRefusal = 64 * 1024;
const longestQuote = 500;

/** Reads the error of a server that answers with one instead of a response. */
export async function readRefusal(response: Response, signal: AbortSignal): Promise<ProviderError> {
  const text = await textOf(response, largestRefusal, signal);
  const wire = normalizeError(parsed(text) ?? text.slice(0, longestQuote), response.status);
  const retryAfterMs = retryAfter(Object.fromEntries(response.headers.entries()));
  return providerError({ ...wire, ...defined({ retryAfterMs }) });
}
