import type { Clock } from "turnwire/internal";

/** Calls back at the earliest of the times it was set to. Set again it does not make a new timer for a later time. */
export class EarliestAlarm {
  readonly #clock: Clock;
  readonly #ring: () => void;
  #timer: { atMs: number; cancel: () => void } | undefined;

  constructor(clock: Clock, ring: () => void) {
    this.#clock = clock;
    this.#ring = ring;
  }

  set(atMs: number): void {
    if (atMs === Infinity || (this.#timer !== undefined && this.#timer.atMs <= atMs)) return;
    this.clear();
    const ring = (): void => {
      this.#timer = undefined;
      this.#ring();
    };
    this.#timer = { atMs, cancel: this.#clock.schedule(ring, Math.max(0, atMs - this.#clock.now())) };
  }

  clear(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}
