import type { Clock } from "turnwire/internal";

/**
 * Lets audio in as fast as it is said, and `maxAheadMs` more at once: what waited while a line was down. Beyond that
 * none comes in until half of it has been said.
 */
export class Allowance {
  readonly #maxAheadMs: number;
  readonly #clock: Clock;
  #aheadMs = 0;
  #atMs: number;
  #refusing = false;

  constructor(maxAheadMs: number, clock: Clock) {
    this.#maxAheadMs = maxAheadMs;
    this.#clock = clock;
    this.#atMs = clock.now();
  }

  /** Whether so much audio may come in now. */
  take(ms: number): boolean {
    const nowMs = this.#clock.now();
    this.#aheadMs = Math.max(0, this.#aheadMs - (nowMs - this.#atMs));
    this.#atMs = nowMs;
    this.#refusing = this.#aheadMs + ms > (this.#refusing ? this.#maxAheadMs / 2 : this.#maxAheadMs);
    if (!this.#refusing) this.#aheadMs += ms;
    return !this.#refusing;
  }
}
