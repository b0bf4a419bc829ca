import { type Frame, SystemFrame } from "../frames/index.ts";
import type { DirectedFrame, FrameDirection } from "./frame-queue.ts";

/** One call of a processor's `processFrame`. */
export class Job implements DirectedFrame {
  readonly frame: Frame;
  readonly direction: FrameDirection;
  /** Whether the processor has pushed the frame that it was given. */
  isPassedOn = false;
  readonly #controller = new AbortController();

  constructor(entry: DirectedFrame) {
    this.frame = entry.frame;
    this.direction = entry.direction;
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  abort(why: "interrupted" | "cancelled"): void {
    this.#controller.abort(new DOMException(`the work on ${this.frame.toString()} was ${why}`, "AbortError"));
  }

  /** Whether an error only says that the signal fired. */
  isAbort(error: unknown): boolean {
    if (!this.signal.aborted) return false;
    if (error === this.signal.reason) return true;
    return error instanceof Error && (error.name === "AbortError" || error.cause === this.signal.reason);
  }
}

/** Whether neither an interruption nor a failed processor may drop the frame. */
export function mustArrive(frame: Frame): boolean {
  return frame instanceof SystemFrame || frame.uninterruptible;
}
