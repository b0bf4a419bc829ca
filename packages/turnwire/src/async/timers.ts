import type { Clock } from "./ports.ts";

export interface TimerOptions {
  /** Whether a pending timer keeps the process alive; default false. */
  keepAlive?: boolean;
}

/** One timer that is set again and again. */
export class Alarm {
  readonly #clock: Clock;
  readonly #ring: () => void;
  readonly #options: { keepAlive: boolean };
  #timer: { readonly atMs: number; readonly cancel: () => void } | undefined;

  constructor(clock: Clock, ring: () => void, options: TimerOptions = {}) {
    this.#clock = clock;
    this.#ring = ring;
    this.#options = { keepAlive: options.keepAlive ?? false };
  }

  /** Whether it is going to ring. */
  get isSet(): boolean {
    return this.#timer !== undefined;
  }

  /** Rings once in `inMs` milliseconds, and no longer at the time it was set to before. */
  set(inMs: number): void {
    this.clear();
    const ring = (): void => {
      this.#timer = undefined;
      this.#ring();
    };
    this.#timer = { atMs: this.#clock.now() + inMs, cancel: this.#clock.schedule(ring, inMs, this.#options) };
  }

  /** Rings in `inMs` milliseconds, or earlier if it was set to an earlier time; `Infinity` changes nothing. */
  setAtLatest(inMs: number): void {
    if (inMs === Infinity || (this.#timer !== undefined && this.#timer.atMs <= this.#clock.now() + inMs)) return;
    this.set(Math.max(0, inMs));
  }

  clear(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}

/**
 * Calls back once when nothing has happened for `limitMs`; the next `touch` after that starts a new wait. Runs from its
 * construction until `stop`. Touching is cheap: the timer is armed again when it fires, not at every touch.
 */
export class InactivityTimer {
  readonly #clock: Clock;
  readonly #limitMs: number;
  readonly #onInactive: () => void;
  readonly #alarm: Alarm;
  #state: "running" | "fired" | "stopped" = "running";
  #lastMs: number;

  constructor(clock: Clock, limitMs: number, onInactive: () => void, options: TimerOptions = {}) {
    this.#clock = clock;
    this.#limitMs = limitMs;
    this.#onInactive = onInactive;
    this.#alarm = new Alarm(clock, () => this.#check(), options);
    this.#lastMs = clock.now();
    this.#alarm.set(limitMs);
  }

  /** Records that something happened, now or at `atMs` of the clock. A stopped timer stays stopped. */
  touch(atMs: number = this.#clock.now()): void {
    this.#lastMs = atMs;
    if (this.#state === "fired") this.start(atMs);
  }

  /** Waits from now, or from `sinceMs` of the clock; a timer that runs is only touched. */
  start(sinceMs: number = this.#clock.now()): void {
    this.#lastMs = sinceMs;
    if (this.#state === "running") return;
    this.#state = "running";
    this.#alarm.set(Math.max(0, this.#limitMs - (this.#clock.now() - sinceMs)));
  }

  /** Until `start`, nothing is called back. */
  stop(): void {
    this.#state = "stopped";
    this.#alarm.clear();
  }

  #check(): void {
    const inactiveMs = this.#clock.now() - this.#lastMs;
    if (inactiveMs < this.#limitMs) {
      this.#alarm.set(this.#limitMs - inactiveMs);
      return;
    }
    this.#state = "fired";
    this.#onInactive();
  }
}
