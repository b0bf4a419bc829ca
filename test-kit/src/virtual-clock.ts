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
    // Like Node, at least a millisecond: a chain of timers makes time pass.
    const timer = { atMs: this.#nowMs + Math.max(1, delayMs), callback };
    this.#timers.push(timer);
    return () => this.#remove(timer);
  }

  /** The number of pending timers. */
  get pending(): number {
    return this.#timers.length;
  }

  /** The milliseconds until each pending timer is due, the next one first. */
  get pendingMs(): number[] {
    return this.#timers.map((timer) => timer.atMs - this.#nowMs).toSorted((one, other) => one - other);
  }

  /**
   * Lets time pass. Calls the timers that become due in order, each at its own time, including those set meanwhile.
   * Promise jobs run before the first, between them and after the last.
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

  // Of several at the same time, the one that was set first.
  #next(untilMs: number): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers) if (timer.atMs <= untilMs && timer.atMs < (next?.atMs ?? Infinity)) next = timer;
    return next;
  }

  #remove(timer: Timer): void {
    this.#timers = this.#timers.filter((other) => other !== timer);
  }
}
