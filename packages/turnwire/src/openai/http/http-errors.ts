import { kindOf, TurnwireError } from "../../errors.ts";

/** The error to throw when a request got no answer. */
export function connectionFailure(error: unknown): TurnwireError {
  return new TurnwireError("connection_failed", `the HTTP request failed: ${reasonOf(error)}`, {
    cause: error,
    retryable: true,
  });
}

/** The error to throw when an answer broke off. */
export function lostAnswer(error: unknown): TurnwireError {
  return new TurnwireError("connection_closed", `the event stream was lost: ${reasonOf(error)}`, {
    cause: error,
    retryable: true,
  });
}

/** The deepest cause says the most: "fetch failed" says nothing. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return kindOf(error);
  let deepest = error;
  while (deepest.cause instanceof Error) deepest = deepest.cause;
  return deepest.message || error.message;
}
