import { untilAborted } from "../async/index.ts";

/** Lets one turn at a time through, in the order they came. */
export class TurnLock {
  #last: Promise<void> = Promise.resolve();

  /** Waits for the turns before; dispose of the answer to let the next one through. */
  async acquire(signal: AbortSignal): Promise<Disposable> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const before = this.#last;
    this.#last = before.then(() => promise);
    try {
      await untilAborted(before, signal);
    } catch (error) {
      resolve();
      throw error;
    }
    return { [Symbol.dispose]: resolve };
  }
}
