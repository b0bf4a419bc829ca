import type { Clock } from "../../async/index.ts";

const firstPauseMs = 60_000;
const longestPauseMs = 60 * 60_000;

/** Remembers that no WebSocket could be had. After a pause, which doubles each time, a WebSocket is tried again. */
export class HttpFallback {
  readonly #clock: Clock;
  #untilMs = Number.NEGATIVE_INFINITY;
  #pauseMs = firstPauseMs;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get isOn(): boolean {
    return this.#clock.now() < this.#untilMs;
  }

  /** A WebSocket was refused. */
  trip(): void {
    this.#untilMs = this.#clock.now() + this.#pauseMs;
    this.#pauseMs = Math.min(longestPauseMs, this.#pauseMs * 2);
  }

  /** A WebSocket worked. */
  clear(): void {
    this.#untilMs = Number.NEGATIVE_INFINITY;
    this.#pauseMs = firstPauseMs;
  }
}
