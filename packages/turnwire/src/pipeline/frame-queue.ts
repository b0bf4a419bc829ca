import { onAbort } from "../async/index.ts";
import type { Frame } from "../frames/index.ts";

/** Which way a frame travels: `downstream` from source to sink, `upstream` back. */
export type FrameDirection = "downstream" | "upstream";

/** A frame and which way it travels. */
export interface DirectedFrame {
  readonly frame: Frame;
  readonly direction: FrameDirection;
}

interface Entry extends DirectedFrame {
  /** Tells the one who waits that the entry is within the capacity; absent when nobody waits. */
  admit: (() => void) | undefined;
}

/**
 * The line in front of a processor. A frame takes its place at once, so that the order is that of the calls even when
 * nobody awaits them; who queued it waits until its place is within the capacity.
 */
export class FrameQueue {
  readonly #capacity: number;
  #line: Entry[] = [];
  #closed = false;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** Resolves once the frame is within the capacity, dropped, or the signal fires. Upstream frames never wait. */
  push(frame: Frame, direction: FrameDirection, signal?: AbortSignal): Promise<void> {
    if (this.#closed) return Promise.resolve();
    const entry: Entry = { frame, direction, admit: undefined };
    this.#line.push(entry);
    if (direction === "upstream" || this.#line.length <= this.#capacity) return Promise.resolve();
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

  /** Takes the first frame out. */
  shift(): DirectedFrame | undefined {
    const entry = this.#line.shift();
    this.#admit(this.#line[this.#capacity - 1]);
    return entry;
  }

  /** Throws away the interruptible frames that `drop` wants gone, those that wait for space among them. */
  purge(drop: (entry: DirectedFrame) => boolean): void {
    const before = this.#line;
    this.#line = before.filter((entry) => entry.frame.uninterruptible || !drop(entry));
    if (this.#line.length === before.length) return;
    const kept = new Set(this.#line);
    for (const entry of before) if (!kept.has(entry)) this.#admit(entry);
    for (const entry of this.#line.slice(0, this.#capacity)) this.#admit(entry);
  }

  /** Throws away everything, now and from now on. */
  close(): void {
    this.#closed = true;
    const dropped = this.#line;
    this.#line = [];
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
    if (!entry.frame.uninterruptible) this.#line = this.#line.filter((other) => other !== entry);
  }
}
