/** What a real link does to what a client sends, beyond the distance. */
export interface UplinkOptions {
  readonly megabits: number;
}

/** Ten segments, as RFC 6928 has it and every system does. */
const initialWindow = 10 * 1460;
/** TCP forgets what the link could take once it has been silent for a retransmission time-out (RFC 5681, 4.1). */
const timeoutMs = 200;

/**
 * When the bytes of one connection may leave: a link carries so many a second, and TCP sends a window of them, then waits
 * for them to be acknowledged and sends twice as many. Losses are not modelled: the window only grows.
 */
export class Uplink {
  readonly #bytesPerMs: number;
  readonly #rttMs: number;
  #window = initialWindow;
  /** How much of the window may still be sent before something is acknowledged, and when that is. */
  #left = 0;
  #acknowledgedAt = -Infinity;
  /** When the last byte has left. */
  #freeAt = -Infinity;

  constructor({ megabits }: UplinkOptions, rttMs: number) {
    this.#bytesPerMs = (megabits * 1e6) / 8 / 1000;
    this.#rttMs = rttMs;
  }

  /** When the last of so many bytes has left, if they are there to be sent now. */
  leavesAt(now: number, bytes: number): number {
    if (now - this.#freeAt > this.#rttMs + timeoutMs) this.#window = initialWindow;
    let rest = bytes;
    while (rest > 0) {
      let at = Math.max(now, this.#freeAt);
      if (at >= this.#acknowledgedAt) this.#open(at);
      else if (this.#left === 0) {
        this.#window *= 2;
        at = this.#acknowledgedAt;
        this.#open(at);
      }
      const some = Math.min(rest, this.#left);
      this.#left -= some;
      rest -= some;
      this.#freeAt = at + some / this.#bytesPerMs;
    }
    return Math.max(now, this.#freeAt);
  }

  #open(at: number): void {
    this.#left = this.#window;
    this.#acknowledgedAt = at + this.#rttMs;
  }
}
