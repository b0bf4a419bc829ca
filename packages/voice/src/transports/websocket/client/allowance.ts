import type { Clock } from "turnwire/internal";

/**
 * Accepts audio as fast as it is spoken, and `maxAheadMs` more at once, such as audio from before an outage. Beyond that
 * none is accepted until half of it has been spoken.
 */
export class Allowance {
  readonly #maxAheadMs: number;
  readonly #clock: Clock;
  #state: "accepting" | "refusing" = "accepting";
  #aheadMs = 0;
  #atMs: number;

  constructor(maxAheadMs: number, clock: Clock) {
    this.#maxAheadMs = maxAheadMs;
    this.#clock = clock;
    this.#atMs = clock.now();
  }

  /** Decides about the next audio. `refused` begins a stretch of refused audio. */
  take(ms: number): "accepted" | "refused" | "still refused" {
    const nowMs = this.#clock.now();
    this.#aheadMs = Math.max(0, this.#aheadMs - (nowMs - this.#atMs));
    this.#atMs = nowMs;
    const before = this.#state;
    const limitMs = before === "refusing" ? this.#maxAheadMs / 2 : this.#maxAheadMs;
    this.#state = this.#aheadMs + ms > limitMs ? "refusing" : "accepting";
    if (this.#state === "refusing") return before === "refusing" ? "still refused" : "refused";
    this.#aheadMs += ms;
    return "accepted";
  }
}
