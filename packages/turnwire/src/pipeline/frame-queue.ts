import { onAbort } from "../async/index.ts";
import type { Frame } from "../frames/index.ts";

/** The direction that a frame travels in: `downstream` from the source to the sink, `upstream` back. */
export type FrameDirection = "downstream" | "upstream";

/** A frame and its direction. */
export interface DirectedFrame {
  readonly frame: Frame;
  readonly direction: FrameDirection;
}

interface Entry extends DirectedFrame {
  /** Resolves the `push` of this entry; absent when no caller waits for it. */
  admit: (() => void) | undefined;
}

/**
 * The queue of a processor. A frame enters it at once, so that the order is that of the calls even if the callers do not await them.
 * The caller waits until the frame is within the capacity.
 */
export class FrameQueue {
  readonly #capacity: number;
  #entries: Entry[] = [];
  #isClosed = false;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** Resolves when the frame is within the capacity or was dropped, or the signal fires. Upstream frames never wait. */
  push(frame: Frame, direction: FrameDirection, signal?: AbortSignal): Promise<void> {
    if (this.#isClosed) return Promise.resolve();
    const entry: Entry = { frame, direction, admit: undefined };
    this.#entries.push(entry);
    if (direction === "upstream" || this.#entries.length <= this.#capacity) return Promise.resolve();
    return new Promise((resolve) => {
      const removeListener = onAbort(signal, () => {
        this.#giveUp(entry);
        resolve();
      });
      entry.admit = () => {
        removeListener();
        resolve();
      };
    });
  }

  /** Takes the first frame. */
  shift(): DirectedFrame | undefined {
    const entry = this.#entries.shift();
    this.#admit(this.#entries[this.#capacity - 1]);
    return entry;
  }

  /** Drops the interruptible frames that `drop` returns true for, also those that wait for room. */
  purge(drop: (entry: DirectedFrame) => boolean): void {
    const before = this.#entries;
    this.#entries = before.filter((entry) => entry.frame.uninterruptible || !drop(entry));
    if (this.#entries.length === before.length) return;
    const kept = new Set(this.#entries);
    for (const entry of before) if (!kept.has(entry)) this.#admit(entry);
    for (const entry of this.#entries.slice(0, this.#capacity)) this.#admit(entry);
  }

  /** Drops every frame, now and from now on. */
  close(): void {
    this.#isClosed = true;
    const dropped = this.#entries;
    this.#entries = [];
    for (const entry of dropped) this.#admit(entry);
  }

  #admit(entry: Entry | undefined): void {
    const admit = entry?.admit;
    if (entry === undefined || admit === undefined) return;
    entry.admit = undefined;
    admit();
  }

  #giveUp(entry: Entry): void {
    entry.admit = undefined;
    if (!entry.frame.uninterruptible) this.#entries = this.#entries.filter((other) => other !== entry);
  }
}
