import type { Random } from "../../async/index.ts";
import {
  LostAfterOutputError,
  ProviderError,
  RequestTooLargeError,
  TimeoutError,
  TurnwireError,
  WebsocketClosedError,
  WebsocketConnectError,
  WebsocketReconnectedError,
} from "../../errors.ts";
import type { RetryReason } from "../../llm/index.ts";
import { errorCodes } from "../../protocol/index.ts";

/** The decision after a failed attempt at an inference. `reason` is the id of the rule that decided. */
export type RetryDecision =
  /** Give up, and throw the error. */
  | { kind: "fail"; error: unknown }
  /** Retry at once. */
  | { kind: "retry"; reason: RetryReason; action: RecoveryAction }
  /** Retry after a wait, in milliseconds. */
  | { kind: "retry-later"; reason: RetryReason; delayMs: number }
  /** Retry over HTTP. `lasting`: later inferences go over HTTP, too. */
  | { kind: "use-http"; reason: RetryReason; lasting: boolean }
  /** Ask for the rest of an answer that broke off. */
  | { kind: "resume"; reason: RetryReason };

/** A change that the next attempt needs. */
export type RecoveryAction =
  /** The response to continue is gone: continue the next deepest one, or send the whole conversation. */
  | "forget-parent"
  /** Send everything, over a connection of its own. */
  | "replace-connection"
  /** Send everything: the connection is new. */
  | "send-everything"
  /** Use no lanes: the server does not know them. */
  | "use-no-lanes";

/** The code of an error that may answer a cancel or the running request: nothing in the error tells which. */
export const ambiguousCode = "ambiguous_error";

/** The state of an inference so far, and the retries that are allowed. */
export interface AttemptState {
  hasOutput: boolean;
  /** Characters of text delivered. */
  characters: number;
  /** Whether the failed attempt continued a response. */
  continued: boolean;
  /** How often each rule has decided already. */
  failures: ReadonlyMap<RetryReason, number>;
  /** How long back-off may still wait, in milliseconds. */
  budgetMs: number;
  retryOnTimeout: boolean;
  canUseHttp: boolean;
  onConnectionLost: "fail" | "resume";
  random: Random;
}

interface Rule {
  /** Failures are counted by it. */
  readonly id: RetryReason;
  /** How often the rule may retry an inference. */
  readonly atMost: number;
  /** Undefined when the rule does not apply. */
  readonly decide: (error: TurnwireError, state: AttemptState, id: RetryReason) => RetryDecision | undefined;
}

/** Statuses of a refused upgrade that mean that there are no WebSockets. Others, such as 401, refuse the caller. */
const noWebsocketHere: ReadonlySet<number> = new Set([400, 403, 404, 405, 407, 426, 501]);

/** Codes of our own errors. A server may send the same codes, in a ProviderError, and mean something else. */
const codesOfLoss: ReadonlySet<string> = new Set(["reconnected", "connection_closed", "connection_failed", "timeout"]);

/** Codes of our own errors about HTTP requests. */
const codesWithoutAnswer: ReadonlySet<string> = new Set(["connection_failed", "connection_closed"]);

const rateLimitCodes: ReadonlySet<string> = new Set([errorCodes.rateLimit, "slow_down"]);

/** The first rule that applies decides. */
const rules: readonly Rule[] = [
  // 1. After output nothing is retried: the output would come twice.
  {
    id: "answer-broke-off",
    atMost: 1,
    decide: (error, state) => (state.hasOutput ? afterOutput(error, state) : undefined),
  },
  // 2. Over HTTP.
  {
    id: "websocket-refused",
    atMost: 1,
    decide: (error, { canUseHttp }, reason) =>
      canUseHttp && isWebsocketRefused(error) ? { kind: "use-http", reason, lasting: true } : undefined,
  },
  {
    id: "request-too-large",
    atMost: 1,
    decide: (error, { canUseHttp }, reason) =>
      canUseHttp && error instanceof RequestTooLargeError ? { kind: "use-http", reason, lasting: false } : undefined,
  },
  // 3. At once. After these errors nothing has been generated.
  {
    id: "connection-lost",
    atMost: 2,
    decide: (error, _, reason) =>
      error instanceof WebsocketReconnectedError ? { kind: "retry", reason, action: "send-everything" } : undefined,
  },
  {
    id: "no-output",
    atMost: 1,
    decide: (error, { retryOnTimeout }, reason) =>
      retryOnTimeout && error instanceof TimeoutError
        ? { kind: "retry", reason, action: "replace-connection" }
        : undefined,
  },
  {
    id: "lanes-refused",
    atMost: 1,
    decide: (error, _, reason) =>
      error instanceof ProviderError && (error.param === "stream_id" || error.code === errorCodes.invalidStreamId)
        ? { kind: "retry", reason, action: "use-no-lanes" }
        : undefined,
  },
  // Once for each response that can be continued: a connection has at most 32 lanes.
  {
    id: "response-gone",
    atMost: 40,
    decide: (error, { continued }, reason) => {
      if (error.code !== errorCodes.previousResponseNotFound) return undefined;
      if (!continued || !(error instanceof ProviderError)) return { kind: "fail", error };
      return { kind: "retry", reason, action: "forget-parent" };
    },
  },
  replaceConnection("connection-limit", errorCodes.connectionLimit),
  replaceConnection("lane-limit", errorCodes.streamLimit),
  replaceConnection("ambiguous-error", ambiguousCode),
  // 4. After back-off.
  { id: "rate-limited", atMost: 4, decide: afterBackOff },
  { id: "no-answer", atMost: 4, decide: afterBackOff },
  { id: "server-failed", atMost: 4, decide: afterBackOff },
];

/** Decides what to do after a failed attempt. */
export function decideRetry(error: unknown, state: AttemptState): RetryDecision {
  if (!(error instanceof TurnwireError)) return { kind: "fail", error };
  for (const { id, atMost, decide } of rules) {
    const decision = decide(error, state, id);
    if (decision === undefined) continue;
    if (decision.kind === "fail") return decision;
    return (state.failures.get(id) ?? 0) < atMost ? decision : exhausted(error);
  }
  return { kind: "fail", error };
}

/** Reports why the connection was lost, not that the exchange has to start again: the caller cannot start it. */
function exhausted(error: TurnwireError): RetryDecision {
  return { kind: "fail", error: error instanceof WebsocketReconnectedError ? error.cause : error };
}

function afterOutput(error: TurnwireError, state: AttemptState): RetryDecision {
  if (error instanceof ProviderError || !codesOfLoss.has(error.code)) return { kind: "fail", error };
  if (state.onConnectionLost === "resume" && state.characters > 0)
    return { kind: "resume", reason: "answer-broke-off" };
  return { kind: "fail", error: new LostAfterOutputError(state.characters, { cause: error }) };
}

function isWebsocketRefused(error: TurnwireError): boolean {
  const refusal = error instanceof WebsocketConnectError ? error : error.cause;
  return refusal instanceof WebsocketConnectError && noWebsocketHere.has(refusal.status ?? 0);
}

function replaceConnection(id: RetryReason, code: string): Rule {
  return {
    id,
    atMost: 1,
    decide: (error, _, reason) =>
      error instanceof ProviderError && error.code === code
        ? { kind: "retry", reason, action: "replace-connection" }
        : undefined,
  };
}

function afterBackOff(error: TurnwireError, state: AttemptState, reason: RetryReason): RetryDecision | undefined {
  if (backOffReason(error) !== reason) return undefined;
  const times = state.failures.get(reason) ?? 0;
  const fullMs = 250 * 2 ** times;
  const askedMs = error instanceof ProviderError ? error.retryAfterMs : undefined;
  const delayMs = askedMs ?? fullMs / 2 + (fullMs / 2) * state.random();
  return delayMs > state.budgetMs ? { kind: "fail", error } : { kind: "retry-later", reason, delayMs };
}

/** The reason for a retry after a wait; undefined if waiting does not help. */
function backOffReason(error: TurnwireError): RetryReason | undefined {
  if (!error.retryable) return undefined;
  // The service has tried to open a WebSocket often enough.
  if (error instanceof WebsocketConnectError || error instanceof WebsocketClosedError) return undefined;
  if (!(error instanceof ProviderError)) return codesWithoutAnswer.has(error.code) ? "no-answer" : undefined;
  return error.status === 429 || rateLimitCodes.has(error.code) ? "rate-limited" : "server-failed";
}
