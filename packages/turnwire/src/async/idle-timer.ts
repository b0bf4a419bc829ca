import type { Clock } from "./ports.ts";

/** Calls back whenever nothing has been sent for a while. */
export class IdleTimer {
  readonly #clock: Clock;
  readonly #intervalMs: number;
  readonly #onIdle: () => void;
  #lastMs: number;
  #cancelTimer: () => void = () => undefined;

  constructor(clock: Clock, intervalMs: number, onIdle: () => void) {
    this.#clock = clock;
    this.#intervalMs = intervalMs;
    this.#onIdle = onIdle;
    this.#lastMs = clock.now();
    this.#wait(intervalMs);
  }

  /** Something has been sent. */
  sawSend(): void {
    this.#lastMs = this.#clock.now();
  }

  stop(): void {
    this.#cancelTimer();
  }

  // One timer is re-armed when it fires, not at every message: audio comes fifty times a second.
  #wait(ms: number): void {
    this.#cancelTimer = this.#clock.schedule(() => this.#tick(), ms, { keepAlive: false });
  }

  #tick(): void {
    const idleMs = this.#clock.now() - this.#lastMs;
    if (idleMs < this.#intervalMs) {
      this.#wait(this.#intervalMs - idleMs);
      return;
    }
    this.#lastMs = this.#clock.now();
    this.#wait(this.#intervalMs);
    this.#onIdle();
  }
}
