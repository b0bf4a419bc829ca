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
import { Job } from "./job.ts";

/** What the scheduler asks of its processor. None of them may reject, except `process`. */
export interface SchedulerHooks {
  process(work: Job): void | Promise<void>;
  failed(work: Job, error: unknown): Promise<void>;
  /** Hands a frame on that the processor is not to see any more. */
  forward(entry: DirectedFrame): Promise<void>;
}

/**
 * The two lanes of a processor: system frames, handled as they come, one after the other; and the queue of data and
 * control frames, one in work at a time. A StartFrame or an InterruptionFrame blocks the queue until it has been handled:
 * what was queued behind it must not get ahead of it, to the next processor, where it would be purged.
 */
export class FrameScheduler {
  readonly #hooks: SchedulerHooks;
  readonly #queue: FrameQueue;
  readonly #systemLane: Job[] = [];
  readonly #working = new Set<Job>();
  readonly #idle = new Condition();
  #current: Job | undefined;
  #systemLaneRuns = false;
  #barriers = 0;
  #state: "open" | "ended" | "cancelled" = "open";

  constructor(capacity: number, hooks: SchedulerHooks) {
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
  jobOf(frame: Frame): Job | undefined {
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
      void this.#perform(new Job({ frame, direction }));
      return;
    }
    if (isBarrier(frame)) this.#barriers += 1;
    if (frame instanceof InterruptionFrame) this.interrupt();
    this.#systemLane.push(new Job({ frame, direction }));
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
      if (isBarrier(work.frame)) this.#barriers -= 1;
    }
    this.#systemLaneRuns = false;
    void this.#runQueue();
  }

  async #runQueue(): Promise<void> {
    while (this.#current === undefined && this.#barriers === 0) {
      const entry = this.#queue.shift();
      if (entry === undefined) return;
      this.#current = new Job(entry);
      await this.#perform(this.#current);
      this.#current = undefined;
      if (entry.frame instanceof EndFrame && entry.direction === "downstream") this.#end();
    }
  }

  #end(): void {
    if (this.#state === "open") this.#state = "ended";
    this.#queue.close();
  }

  async #perform(work: Job): Promise<void> {
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

function isBarrier(frame: Frame): boolean {
  return frame instanceof StartFrame || frame instanceof InterruptionFrame;
}
