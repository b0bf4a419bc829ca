import type { Random } from "../async/index.ts";
import { checkOptions, type Checks, is } from "../checks/index.ts";

export interface BackoffOptions {
  /** After how many failed attempts connecting is given up; default 4. */
  maxAttempts?: number;
  /** The delay before the second attempt, in milliseconds; default 250. */
  initialDelayMs?: number;
  /** The longest delay, in milliseconds; default 8000. */
  maxDelayMs?: number;
}

export const backoffChecks = {
  maxAttempts: is.number({ min: 1, integer: true }),
  initialDelayMs: is.duration,
  maxDelayMs: is.duration,
} satisfies Checks<BackoffOptions>;

/** Exponential back-off: no delay before the first attempt; then one that doubles each time, half of it random. */
export class Backoff {
  readonly maxAttempts: number;
  readonly #initialDelayMs: number;
  readonly #maxDelayMs: number;
  readonly #random: Random;

  constructor(options: BackoffOptions, random: Random) {
    checkOptions("Backoff", options, backoffChecks);
    this.maxAttempts = options.maxAttempts ?? 4;
    this.#initialDelayMs = options.initialDelayMs ?? 250;
    this.#maxDelayMs = options.maxDelayMs ?? 8000;
    this.#random = random;
  }

  /** The delay before attempt number `attempt` (the first is 1), in milliseconds. */
  delayMs(attempt: number): number {
    if (attempt <= 1) return 0;
    const fullMs = Math.min(this.#maxDelayMs, this.#initialDelayMs * 2 ** (attempt - 2));
    return fullMs / 2 + (fullMs / 2) * this.#random();
  }
}
