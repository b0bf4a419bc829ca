import type { Random } from "../async/index.ts";

export interface BackoffOptions {
  /** How many times connecting is tried before it is given up; default 4. */
  maxAttempts?: number;
  /** The wait before the second try, in milliseconds; default 250. There is no wait before the first. */
  initialDelayMs?: number;
  /** The longest wait, in milliseconds; default 8000. */
  maxDelayMs?: number;
}

/** Exponential back-off: no wait before the first try, then a doubling one with half of it random. */
export class Backoff {
  readonly maxAttempts: number;
  readonly #initialDelayMs: number;
  readonly #maxDelayMs: number;
  readonly #random: Random;

  constructor(options: BackoffOptions, random: Random) {
    this.maxAttempts = options.maxAttempts ?? 4;
    this.#initialDelayMs = options.initialDelayMs ?? 250;
    this.#maxDelayMs = options.maxDelayMs ?? 8000;
    this.#random = random;
  }

  /** The wait before try number `attempt` (the first is 1), in milliseconds. */
  delayMs(attempt: number): number {
    if (attempt <= 1) return 0;
    const fullMs = Math.min(this.#maxDelayMs, this.#initialDelayMs * 2 ** (attempt - 2));
    return fullMs / 2 + (fullMs / 2) * this.#random();
  }
}

export interface QuickFailureOptions {
  /** How many connections in a row may die young; default 3. */
  connections?: number;
  /** What young is: milliseconds since the connection was made; default 5000. */
  withinMs?: number;
}

/** Notices connections that are accepted and die at once: a bad key or a policy looks like that on some servers. */
export class QuickFailureDetector {
  readonly connections: number;
  readonly withinMs: number;
  #inARow = 0;

  constructor(options: QuickFailureOptions = {}) {
    this.connections = options.connections ?? 3;
    this.withinMs = options.withinMs ?? 5000;
  }

  /** Whether so many connections in a row have died young that another one would too. */
  get hasGivenUp(): boolean {
    return this.#inARow >= this.connections;
  }

  /** A connection has ended that nobody asked to end. */
  sawEnd(livedMs: number): void {
    this.#inARow = livedMs < this.withinMs ? this.#inARow + 1 : 0;
  }

  reset(): void {
    this.#inARow = 0;
  }
}
