import {
  LostAfterOutputError,
  ProviderError,
  TimeoutError,
  TurnwireError,
  WebsocketReconnectedError,
} from "../errors.ts";
import { errorCodes } from "../protocol/index.ts";

/** What to do about a failed attempt: give up, or make it again with the whole conversation. */
export type Verdict =
  | { again: false; error: unknown }
  /** `replace`: on another connection, since this one is of no more use. */
  | { again: true; why: string; replace: boolean };

/** The code of an error that may have been a cancel's answer or this turn's: nothing in it tells. */
export const ambiguousCode = "ambiguous_error";

/** Errors of the server after which nothing has been generated, so that asking again is safe. */
const askAgain: ReadonlyMap<string, { replace: boolean }> = new Map([
  [errorCodes.previousResponseNotFound, { replace: false }],
  [errorCodes.connectionLimit, { replace: true }],
  [ambiguousCode, { replace: true }],
]);

/**
 * Decides about a failed attempt. After a part of the answer has been delivered nothing is asked again: the answer would
 * be told twice.
 */
export function judge(
  error: unknown,
  attempt: { characters: number; hasOutput: boolean; retryOnTimeout: boolean },
): Verdict {
  if (attempt.hasOutput) return { again: false, error: afterOutput(error, attempt.characters) };
  if (error instanceof WebsocketReconnectedError)
    return { again: true, why: "the connection was lost", replace: false };
  if (error instanceof TimeoutError && attempt.retryOnTimeout)
    return { again: true, why: "no output in time", replace: true };
  const known = error instanceof ProviderError ? askAgain.get(error.code) : undefined;
  return known === undefined ? { again: false, error } : { again: true, why: (error as ProviderError).code, ...known };
}

function afterOutput(error: unknown, characters: number): unknown {
  const lost = error instanceof TurnwireError && lostCodes.has(error.code);
  return lost ? new LostAfterOutputError(characters, { cause: error }) : error;
}

const lostCodes: ReadonlySet<string> = new Set(["reconnected", "connection_closed", "connection_failed", "timeout"]);
