/** Milliseconds of the machine's monotonic clock, which is the same in every thread and process. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** Node's timers fire up to this much late, so the timers here wait the rest of the time actively. */
const timerSlackMs = 1.25;

interface Due {
  at: number;
  run: () => void;
}

/**
 * Runs callbacks at a moment, exact to the microsecond as far as the machine allows: it sets a timer for shortly before the
 * moment and then turns the event loop, so that sockets are read, until the moment has come. Callbacks for the same moment run
 * together.
 */
export class PreciseTimers {
  #due: Due[] = [];
  #timer: NodeJS.Timeout | undefined;
  #timerAt = Infinity;
  #spinning = false;

  /** Runs `run` at a moment of `monotonicMs`. Callbacks for the same moment run in the order of the calls. */
  at(at: number, run: () => void): void {
    let index = this.#due.length;
    while (index > 0 && this.#due[index - 1]!.at > at) index -= 1;
    this.#due.splice(index, 0, { at, run });
    if (index === 0) this.#arm();
  }

  /** Resolves at a moment of `monotonicMs`. */
  until(at: number): Promise<void> {
    return new Promise((resolve) => this.at(at, resolve));
  }

  #arm(): void {
    const next = this.#due[0];
    if (next === undefined || this.#spinning || next.at >= this.#timerAt) return;
    const waitMs = Math.floor(next.at - monotonicMs() - timerSlackMs);
    clearTimeout(this.#timer);
    this.#timerAt = Infinity;
    if (waitMs < 1) {
      this.#spinning = true;
      setImmediate(() => this.#spin());
      return;
    }
    this.#timerAt = next.at;
    this.#timer = setTimeout(() => {
      this.#timerAt = Infinity;
      this.#arm();
    }, waitMs);
  }

  #spin(): void {
    const now = monotonicMs();
    let count = 0;
    while (count < this.#due.length && this.#due[count]!.at <= now) count += 1;
    const ready = this.#due.splice(0, count);
    for (const { run } of ready) run();
    const left = (this.#due[0]?.at ?? Infinity) - monotonicMs();
    if (left < 1 + timerSlackMs) setImmediate(() => this.#spin());
    else {
      this.#spinning = false;
      this.#arm();
    }
  }
}
