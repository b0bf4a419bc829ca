import type { Clock } from "turnwire/internal";

/** A scheduled callback. A cancelled entry has no `fire`. */
export interface Entry {
  readonly atMs: number;
  fire: (() => void) | undefined;
}

/** Why a run of the timeline ended. */
export type RunEnd = "done" | "nothing left to happen" | "too many events" | "too long";

const maxEvents = 50_000;
const maxVirtualMs = 30 * 24 * 3_600_000;

/** Virtual time. When all promise callbacks have run, the timeline sets the time to that of the next entry and fires it. */
export class Timeline {
  now = 0;
  events = 0;
  // Sorted with the latest first: the next entry is popped from the end, and most entries are inserted near it.
  readonly #entries: Entry[] = [];
  readonly #turnsOfLoop: boolean;

  /** @param turnsOfLoop Yields to the event loop between two entries, so that Node reports unhandled rejections. */
  constructor(turnsOfLoop: boolean) {
    this.#turnsOfLoop = turnsOfLoop;
  }

  schedule(delayMs: number, fire: () => void): Entry {
    return this.at(this.now + (delayMs > 0 ? delayMs : 0), fire);
  }

  /** Schedules `fire` at a time that must not be in the past. */
  at(atMs: number, fire: () => void): Entry {
    const entry: Entry = { atMs, fire };
    const entries = this.#entries;
    let index = entries.length;
    while (index > 0 && entries.at(index - 1)!.atMs <= entry.atMs) index -= 1;
    if (index === entries.length) entries.push(entry);
    else entries.splice(index, 0, entry);
    return entry;
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => void this.schedule(ms, resolve));
  }

  /** Fires entries until `isDone` returns true or the run cannot go on. */
  run(isDone: () => boolean): Promise<RunEnd> {
    return new Promise((resolve, reject) => {
      const step = (): void => {
        if (isDone()) return resolve("done");
        if (this.events > maxEvents) return resolve("too many events");
        if (this.now > maxVirtualMs) return resolve("too long");
        const entry = this.#next();
        if (entry === undefined) return resolve("nothing left to happen");
        this.now = entry.atMs;
        this.events += 1;
        try {
          entry.fire!();
        } catch (error) {
          return reject(error);
        }
        this.#settle(step);
      };
      this.#settle(step);
    });
  }

  // Node drains all promise jobs before the tick that one of them asked for.
  #settle(then: () => void): void {
    if (this.#turnsOfLoop) setImmediate(then);
    else queueMicrotask(() => process.nextTick(then));
  }

  #next(): Entry | undefined {
    let entry = this.#entries.pop();
    while (entry !== undefined && entry.fire === undefined) entry = this.#entries.pop();
    return entry;
  }
}

/** The clock of a service. It counts the timers that the service has set. */
export class ServiceClock implements Clock {
  pending = 0;
  readonly #timeline: Timeline;

  constructor(timeline: Timeline) {
    this.#timeline = timeline;
  }

  now(): number {
    return this.#timeline.now;
  }

  // Like setTimeout: whole milliseconds, at least one.
  schedule(callback: () => void, delayMs: number): () => void {
    this.pending += 1;
    const entry = this.#timeline.schedule(Math.max(1, Math.trunc(delayMs)), () => {
      entry.fire = undefined;
      this.pending -= 1;
      callback();
    });
    return () => {
      if (entry.fire === undefined) return;
      entry.fire = undefined;
      this.pending -= 1;
    };
  }
}
