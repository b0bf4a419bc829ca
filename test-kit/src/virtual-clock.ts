import type { Clock } from "turnwire/internal";
import { settle } from "./waiting.ts";

interface Timer {
  atMs: number;
  callback: () => void;
}

/** A clock that stands still until the test advances it. */
export class VirtualClock implements Clock {
  #nowMs: number;
  #timers: Timer[] = [];

  constructor(startMs = 0) {
    this.#nowMs = startMs;
  }

  now(): number {
    return this.#nowMs;
  }

  schedule(callback: () => void, delayMs: number): () => void {
    // As Node's timers: at least a millisecond, so that no chain of timers stands still in time.
    const timer = { atMs: this.#nowMs + Math.max(1, delayMs), callback };
    this.#timers.push(timer);
    return () => this.#remove(timer);
  }

  /** How many timers wait. */
  get pending(): number {
    return this.#timers.length;
  }

  /** In how many milliseconds each pending timer is due, the next one first. */
  get pendingMs(): number[] {
    return this.#timers.map((timer) => timer.atMs - this.#nowMs).toSorted((one, other) => one - other);
  }

  /**
   * Lets time pass: the timers that fall due are called in the order of their times, each at its own time, also those
   * that are set meanwhile; promise jobs run before the first, between them and after the last.
   */
  async advance(ms: number): Promise<void> {
    const untilMs = this.#nowMs + ms;
    await settle();
    for (let timer = this.#next(untilMs); timer !== undefined; timer = this.#next(untilMs)) {
      this.#remove(timer);
      this.#nowMs = timer.atMs;
      timer.callback();
      await settle();
    }
    this.#nowMs = untilMs;
  }

  // The earliest; of several at the same time, the one that was set first.
  #next(untilMs: number): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers) if (timer.atMs <= untilMs && timer.atMs < (next?.atMs ?? Infinity)) next = timer;
    return next;
  }

  #remove(timer: Timer): void {
    this.#timers = this.#timers.filter((other) => other !== timer);
  }
}
