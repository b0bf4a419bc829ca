import { onAbort } from "turnwire/internal";
import type { Frame } from "turnwire";

interface Held {
  frame: Frame;
  /** The audio in front of the frame ends here. */
  positionMs: number;
}

/** Frames in order that wait for the audio in front of them to be played. Bounded: who adds waits for room. */
export class HeldFrames {
  readonly #capacity: number;
  #held: Held[] = [];
  #roomWaiters: Array<() => void> = [];

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get isEmpty(): boolean {
    return this.#held.length === 0;
  }

  /** The position that the first frame waits for. */
  get nextMs(): number | undefined {
    return this.#held[0]?.positionMs;
  }

  add(frame: Frame, positionMs: number): void {
    this.#held.push({ frame, positionMs });
  }

  shift(): Frame | undefined {
    const frame = this.#held.shift()?.frame;
    this.#wake();
    return frame;
  }

  /** Empties it. Answers what an interruption leaves alone. */
  purge(): Frame[] {
    const kept = this.#held.filter(({ frame }) => frame.uninterruptible);
    this.#held = [];
    this.#wake();
    return kept.map(({ frame }) => frame);
  }

  /** Resolves once there is room; rejects with the signal's reason. */
  async room(signal: AbortSignal): Promise<void> {
    while (this.#held.length >= this.#capacity) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const removeListener = onAbort(signal, reject);
      this.#roomWaiters.push(resolve);
      await promise.finally(removeListener);
    }
  }

  #wake(): void {
    const waiting = this.#roomWaiters;
    this.#roomWaiters = [];
    for (const wake of waiting) wake();
  }
}
