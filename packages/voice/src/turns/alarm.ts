import type { Clock } from "turnwire/internal";

/** One timer that is set again and again. It does not keep the process alive. */
export class Alarm {
  readonly #clock: Clock;
  readonly #ring: () => void;
  #cancel: (() => void) | undefined;

  constructor(clock: Clock, ring: () => void) {
    this.#clock = clock;
    this.#ring = ring;
  }

  /** Rings once in `ms`, and not when it would have before. */
  set(ms: number): void {
    this.clear();
    this.#cancel = this.#clock.schedule(
      () => {
        this.#cancel = undefined;
        this.#ring();
      },
      ms,
      { keepAlive: false },
    );
  }

  clear(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }
}
