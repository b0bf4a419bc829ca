/** How a real link slows down what a client sends, apart from the distance. */
export interface UplinkOptions {
  readonly megabits: number;
}

/** Ten segments, as RFC 6928 says and every system does. */
const initialWindow = 10 * 1460;
/** After a silence of one retransmission time-out, TCP forgets the capacity of the link (RFC 5681, 4.1). */
const timeoutMs = 200;

/**
 * Computes when the bytes of one connection may leave. A link carries a fixed number of bytes per second; TCP sends a window of
 * bytes, waits for the acknowledgement, and doubles the window. There are no losses, so the window only grows.
 */
export class Uplink {
  readonly #bytesPerMs: number;
  readonly #rttMs: number;
  #window = initialWindow;
  /** How much of the window may still be sent before an acknowledgement; `#acknowledgedAt`: when that arrives. */
  #left = 0;
  #acknowledgedAt = -Infinity;
  /** When the last byte has left. */
  #freeAt = -Infinity;

  constructor({ megabits }: UplinkOptions, rttMs: number) {
    this.#bytesPerMs = (megabits * 1e6) / 8 / 1000;
    this.#rttMs = rttMs;
  }

  /** Returns when the last of `bytes` has left if all of them can be sent from now on. */
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
