import { Condition } from "../async/index.ts";
import {
  CancelFrame,
  EndFrame,
  ErrorFrame,
  type Frame,
  InterruptionFrame,
  StartFrame,
  SystemFrame,
} from "../frames/index.ts";
import { type DirectedFrame, type FrameDirection, FrameQueue } from "./frame-queue.ts";
import { Work } from "./work.ts";

/** What the core asks of its processor. None of them may reject, except `process`. */
export interface CoreHooks {
  process(work: Work): void | Promise<void>;
  failed(work: Work, error: unknown): Promise<void>;
  /** Hands a frame on that the processor is not to see any more. */
  forward(entry: DirectedFrame): Promise<void>;
}

/**
 * The two lanes of a processor: system frames, handled as they come, one after the other; and the queue of data and
 * control frames, one in work at a time. A StartFrame or an InterruptionFrame bars the queue until it has been handled:
 * what was queued behind it must not get ahead of it, to the next processor, where it would be purged.
 */
export class ProcessorCore {
  readonly #hooks: CoreHooks;
  readonly #queue: FrameQueue;
  readonly #systemLane: Work[] = [];
  readonly #working = new Set<Work>();
  readonly #idle = new Condition();
  #current: Work | undefined;
  #systemLaneRuns = false;
  #bars = 0;
  #state: "open" | "ended" | "cancelled" = "open";

  constructor(capacity: number, hooks: CoreHooks) {
    this.#queue = new FrameQueue(capacity);
    this.#hooks = hooks;
  }

  get cancelled(): boolean {
    return this.#state === "cancelled";
  }

  get busy(): boolean {
    return this.#working.size > 0;
  }

  /** Resolves once nothing is in work. */
  idle(): Promise<void> {
    return this.#idle.wait(() => !this.busy);
  }

  /** The call of `processFrame` that was given this very frame and has not returned. */
  workOn(frame: Frame): Work | undefined {
    for (const work of this.#working) if (work.frame === frame) return work;
    return undefined;
  }

  accept(frame: Frame, direction: FrameDirection, signal: AbortSignal | undefined): Promise<void> {
    if (this.cancelled) return this.#acceptCancelled({ frame, direction });
    if (frame instanceof SystemFrame) {
      this.#acceptSystem(frame, direction);
      return Promise.resolve();
    }
    const admitted = this.#queue.push(frame, direction, signal);
    void this.#runQueue();
    return admitted;
  }

  /** Aborts the interruptible frame in work, unless it is the one with the signal `spare`, and purges the queue. */
  interrupt(spare?: AbortSignal): void {
    this.#queue.purge(() => true);
    const work = this.#current;
    if (work !== undefined && !work.frame.uninterruptible && work.signal !== spare) work.abort("interrupted");
  }

  /** Drops queued interruptible frames that travel against `direction`. */
  purgeAgainst(direction: FrameDirection): void {
    this.#queue.purge((entry) => entry.direction !== direction);
  }

  /** Aborts everything in work and drops everything queued, now and from now on. */
  cancel(): void {
    this.#state = "cancelled";
    this.#queue.close();
    const unseen = this.#systemLane.splice(0);
    for (const work of this.#working) work.abort("cancelled");
    for (const work of unseen) void this.#acceptCancelled(work);
  }

  /** Errors still reach the task, and another CancelFrame the processors behind this one. */
  #acceptCancelled(entry: DirectedFrame): Promise<void> {
    const passes = entry.frame instanceof ErrorFrame || entry.frame instanceof CancelFrame;
    return passes ? this.#hooks.forward(entry) : Promise.resolve();
  }

  #acceptSystem(frame: SystemFrame, direction: FrameDirection): void {
    if (frame instanceof CancelFrame) {
      this.cancel();
      // Not in the lane: system work that ignores its signal must not hold up a cancel.
      void this.#perform(new Work({ frame, direction }));
      return;
    }
    if (bars(frame)) this.#bars += 1;
    if (frame instanceof InterruptionFrame) this.interrupt();
    this.#systemLane.push(new Work({ frame, direction }));
    void this.#runSystemLane();
  }

  async #runSystemLane(): Promise<void> {
    if (this.#systemLaneRuns) return;
    this.#systemLaneRuns = true;
    for (let work = this.#systemLane.shift(); work !== undefined; work = this.#systemLane.shift()) {
      const performed = this.#perform(work);
      // Here, not where the bar is lifted: system frames that wait already come first.
      void this.#runQueue();
      await performed;
      if (bars(work.frame)) this.#bars -= 1;
    }
    this.#systemLaneRuns = false;
    void this.#runQueue();
  }

  async #runQueue(): Promise<void> {
    while (this.#current === undefined && this.#bars === 0) {
      const entry = this.#queue.shift();
      if (entry === undefined) return;
      this.#current = new Work(entry);
      await this.#perform(this.#current);
      this.#current = undefined;
      if (entry.frame instanceof EndFrame && entry.direction === "downstream") this.#end();
    }
  }

  #end(): void {
    if (this.#state === "open") this.#state = "ended";
    this.#queue.close();
  }

  async #perform(work: Work): Promise<void> {
    this.#working.add(work);
    try {
      await this.#hooks.process(work);
    } catch (error) {
      await this.#hooks.failed(work, error);
    }
    this.#working.delete(work);
    if (!this.busy) this.#idle.notify();
  }
}

function bars(frame: Frame): boolean {
  return frame instanceof StartFrame || frame instanceof InterruptionFrame;
}
