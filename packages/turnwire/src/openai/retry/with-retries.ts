import { type Clock, delay, type Random } from "../../async/index.ts";
import type { RetryReason } from "../../llm/index.ts";
import { decideRetry, type RetryDecision } from "./retry-policy.ts";

/** How the next attempt at an inference is to be made. */
export interface Attempt {
  readonly isFirst: boolean;
  /** Why the attempt before failed. */
  readonly reason: RetryReason | undefined;
  readonly overHttp: boolean;
  /** Whether the attempt asks only for the rest of an answer that broke off. */
  readonly resume: boolean;
}

/** Prepares the next attempt. */
export type OnRetry = (decision: Exclude<RetryDecision, { kind: "fail" }>, error: unknown) => void;

/** Work that is tried again after a failure, such as an inference. */
export interface RetriedWork {
  /** Ends the attempts. */
  readonly signal: AbortSignal;
  /** Whether a part of the answer has been delivered. */
  readonly hasOutput: boolean;
  /** Characters of text delivered. */
  readonly characters: number;
  readonly trace: {
    /** Whether the last request was to continue a response. */
    readonly continued: boolean;
    /** The request is going to be made again. */
    retrying(reason: RetryReason): void;
  };
}

/** The retries that a service allows. */
export interface RetryOptions {
  canUseHttp: boolean;
  /** Whether the first attempt goes over HTTP already. */
  overHttp: boolean;
  retryOnTimeout: boolean;
  onConnectionLost: "fail" | "resume";
  /** How long back-off may wait in all, in milliseconds. */
  budgetMs: number;
  onRetry: OnRetry;
  random: Random;
  clock: Clock;
}

/**
 * Makes attempts until one succeeds or `decideRetry` gives up.
 * @throws What the last attempt failed with; the signal's reason after an interruption.
 */
export async function withRetries<Result>(
  work: RetriedWork,
  options: RetryOptions,
  attempt: (attempt: Attempt) => Promise<Result>,
): Promise<Result> {
  const failures = new Map<RetryReason, number>();
  let { budgetMs } = options;
  let next: Attempt = { isFirst: true, reason: undefined, overHttp: options.overHttp, resume: false };
  for (;;) {
    try {
      return await attempt(next);
    } catch (error) {
      if (work.signal.aborted) throw error;
      const { hasOutput, characters } = work;
      const { continued } = work.trace;
      const canUseHttp = options.canUseHttp && !next.overHttp;
      const state = { ...options, hasOutput, characters, continued, failures, budgetMs, canUseHttp };
      const decision = decideRetry(error, state);
      if (decision.kind === "fail") throw decision.error;
      const { reason } = decision;
      failures.set(reason, (failures.get(reason) ?? 0) + 1);
      options.onRetry(decision, error);
      work.trace.retrying(reason);
      if (decision.kind === "retry-later") {
        budgetMs -= decision.delayMs;
        await delay(decision.delayMs, { signal: work.signal, clock: options.clock });
      }
      next = {
        isFirst: false,
        reason,
        overHttp: next.overHttp || decision.kind === "use-http",
        resume: next.resume || decision.kind === "resume",
      };
    }
  }
}
