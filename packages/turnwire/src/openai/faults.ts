import type { Random } from "../async/index.ts";
import {
  LostAfterOutputError,
  ProviderError,
  RequestTooLargeError,
  TimeoutError,
  TurnwireError,
  WebsocketClosedError,
  WebsocketConnectError,
  WebsocketReconnectedError,
} from "../errors.ts";
import { errorCodes } from "../protocol/index.ts";

/** What to do about a failed attempt at a turn. */
export type Verdict =
  /** Give up. */
  | { kind: "final"; error: unknown }
  /** Ask again at once. */
  | { kind: "at once"; why: string; remedy: Remedy }
  /** Ask again after a wait, in milliseconds. */
  | { kind: "after back-off"; why: string; delayMs: number }
  /** Ask over HTTP. `latch`: later turns, too. */
  | { kind: "other transport"; why: string; latch: boolean }
  /** Ask for the rest of an answer that broke off. */
  | { kind: "continue"; why: string };

/** What has to be different the next time. */
export type Remedy =
  /** The response that was to be continued is gone: the next deepest one, at last the whole conversation. */
  | "forget the parent"
  /** Everything, over a connection of its own. */
  | "replace the connection"
  /** Everything: the connection is new. */
  | "send everything"
  /** The server knows no lanes. */
  | "no lanes";

/** The code of an error that may have been a cancel's answer or this turn's: nothing in it tells. */
export const ambiguousCode = "ambiguous_error";

/** What has happened in a turn so far, and what is allowed. */
export interface AttemptState {
  hasOutput: boolean;
  characters: number;
  /** Whether the failed attempt was to continue a response. */
  continued: boolean;
  /** Attempts that have failed, by why. */
  failures: ReadonlyMap<string, number>;
  /** How long back-off may still wait, in milliseconds. */
  budgetMs: number;
  retryOnTimeout: boolean;
  canUseHttp: boolean;
  /** Whether a lost connection is to be replaced. */
  reconnects: boolean;
  onLost: "fail" | "continue";
  random: Random;
}

type Rule = (error: TurnwireError, state: AttemptState) => Verdict | undefined;

/** How often each reason may make a turn be asked again; a forgotten parent may once for each known response. */
const mostTimes = { remedy: 1, lost: 2, backOff: 4, forgotten: 40 };

/** Refusals of an upgrade that say: no WebSocket here. Others (401) say: not you. */
const noWebsocketHere: ReadonlySet<number> = new Set([400, 403, 404, 405, 407, 426, 501]);

/** Codes of the server after which nothing has been generated, with what mends them. */
const atOnce: ReadonlyMap<string, Remedy> = new Map([
  [errorCodes.previousResponseNotFound, "forget the parent"],
  [errorCodes.connectionLimit, "replace the connection"],
  [errorCodes.streamLimit, "replace the connection"],
  [errorCodes.invalidStreamId, "no lanes"],
  [ambiguousCode, "replace the connection"],
]);

const lost: ReadonlySet<string> = new Set(["reconnected", "connection_closed", "connection_failed", "timeout"]);

/** The table, the first rule that fits decides. */
const rules: readonly Rule[] = [
  // 1. After a part of the answer has been delivered nothing is asked again: it would be told twice.
  (error, state) => (state.hasOutput ? afterOutput(error, state) : undefined),
  // 2. Another transport.
  (error, state) => {
    const refusal = error instanceof WebsocketConnectError ? error : error.cause;
    const refused = refusal instanceof WebsocketConnectError && noWebsocketHere.has(refusal.status ?? 0);
    return refused && state.canUseHttp
      ? { kind: "other transport", why: "the upgrade was refused", latch: true }
      : undefined;
  },
  (error, state) =>
    error instanceof RequestTooLargeError && state.canUseHttp
      ? { kind: "other transport", why: error.code, latch: false }
      : undefined,
  // 3. At once.
  (error) =>
    error instanceof WebsocketReconnectedError
      ? { kind: "at once", why: "the connection was lost", remedy: "send everything" }
      : undefined,
  // A close that nobody has tried to mend yet.
  (error, state) =>
    state.reconnects &&
    error instanceof WebsocketClosedError &&
    error.retryable &&
    !(error.cause instanceof TurnwireError)
      ? { kind: "at once", why: "the connection was lost", remedy: "send everything" }
      : undefined,
  (error, state) =>
    error instanceof TimeoutError && state.retryOnTimeout
      ? { kind: "at once", why: "no output in time", remedy: "replace the connection" }
      : undefined,
  (error) =>
    error instanceof ProviderError && error.param === "stream_id"
      ? { kind: "at once", why: "the server takes no stream_id", remedy: "no lanes" }
      : undefined,
  (error, state) => {
    if (error.code === errorCodes.previousResponseNotFound && !state.continued) return { kind: "final", error };
    const remedy = error instanceof ProviderError ? atOnce.get(error.code) : undefined;
    return remedy === undefined ? undefined : { kind: "at once", why: error.code, remedy };
  },
  // 4. After back-off.
  (error, state) => (error.retryable && isOfServer(error) ? afterBackOff(error, state) : undefined),
];

/** Decides about a failed attempt. */
export function judge(error: unknown, state: AttemptState): Verdict {
  const final: Verdict = { kind: "final", error };
  if (!(error instanceof TurnwireError)) return final;
  for (const rule of rules) {
    const verdict = rule(error, state);
    if (verdict === undefined) continue;
    if (verdict.kind === "final") return verdict;
    return (state.failures.get(verdict.why) ?? 0) < allowed(verdict) ? verdict : exhausted(error);
  }
  return final;
}

function allowed(verdict: Verdict): number {
  if (verdict.kind === "after back-off") return mostTimes.backOff;
  if (verdict.kind !== "at once") return 1;
  if (verdict.remedy === "forget the parent") return mostTimes.forgotten;
  return verdict.remedy === "send everything" ? mostTimes.lost : mostTimes.remedy;
}

/** That the exchange has to start again helps nobody who cannot start it: what was lost does. */
function exhausted(error: TurnwireError): Verdict {
  return { kind: "final", error: error instanceof WebsocketReconnectedError ? error.cause : error };
}

function afterOutput(error: TurnwireError, state: AttemptState): Verdict {
  if (!lost.has(error.code)) return { kind: "final", error };
  if (state.onLost === "continue" && state.characters > 0) return { kind: "continue", why: "the answer broke off" };
  return { kind: "final", error: new LostAfterOutputError(state.characters, { cause: error }) };
}

/** Whether the server said it, or HTTP could not reach it: a WebSocket has been tried often enough already. */
function isOfServer(error: TurnwireError): boolean {
  return (
    error instanceof ProviderError || (error.code === "connection_failed" && !(error instanceof WebsocketConnectError))
  );
}

function afterBackOff(error: TurnwireError, state: AttemptState): Verdict {
  const times = state.failures.get(error.code) ?? 0;
  const fullMs = 250 * 2 ** times;
  const askedMs = error instanceof ProviderError ? error.retryAfterMs : undefined;
  const delayMs = askedMs ?? fullMs / 2 + (fullMs / 2) * state.random();
  if (delayMs > state.budgetMs) return { kind: "final", error };
  return { kind: "after back-off", why: error.code, delayMs };
}
