import type { Clock } from "turnwire/internal";

const windowMs = 60_000;

/** Counts the flushes of the last minute: Deepgram takes 20 a minute (https://developers.deepgram.com/docs/tts-ws-flush). */
export class FlushLog {
  readonly #clock: Clock;
  #timesMs: number[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(): void {
    this.#timesMs.push(this.#clock.now());
  }

  get inLastMinute(): number {
    const now = this.#clock.now();
    this.#timesMs = this.#timesMs.filter((timeMs) => now - timeMs < windowMs);
    return this.#timesMs.length;
  }
}
