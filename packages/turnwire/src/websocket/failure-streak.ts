import { checkOptions, type Checks, is } from "../checks/index.ts";

export interface GiveUpAfterOptions {
  /** After how many short-lived connections in a row connecting is given up; default 3. */
  failures?: number;
  /** A connection is short-lived if it ends within this time, in milliseconds; default 5000. */
  withinMs?: number;
}

export const giveUpAfterChecks = {
  failures: is.number({ min: 1, integer: true }),
  withinMs: is.duration,
} satisfies Checks<GiveUpAfterOptions>;

/**
 * Counts connections in a row that the server accepted and that ended at once: some servers refuse a key, or enforce a
 * policy, in that way.
 */
export class FailureStreak {
  readonly limit: number;
  readonly withinMs: number;
  #length = 0;

  constructor(options: GiveUpAfterOptions = {}) {
    checkOptions("giveUpAfter", options, giveUpAfterChecks);
    this.limit = options.failures ?? 3;
    this.withinMs = options.withinMs ?? 5000;
  }

  /** Whether the limit is reached. */
  get hasGivenUp(): boolean {
    return this.#length >= this.limit;
  }

  /** Records that a connection ended that was not closed on purpose. */
  recordEnd(livedMs: number): void {
    this.#length = livedMs < this.withinMs ? this.#length + 1 : 0;
  }

  reset(): void {
    this.#length = 0;
  }
}
