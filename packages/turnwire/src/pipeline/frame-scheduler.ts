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

/** The side of a processor that its scheduler uses. Only `process` may throw or reject. */
export interface SchedulerHooks {
  process(job: Job): void | Promise<void>;
  failed(job: Job, error: unknown): Promise<void>;
  /** Passes on a frame that the processor no longer handles. */
  forward(entry: DirectedFrame): Promise<void>;
}

/**
 * The two lanes of a processor: system frames, handled as they arrive, one after the other; and the queue of data and
 * control frames, also one at a time. A StartFrame or an InterruptionFrame is a barrier: the queue does not move until it
 * has been handled. Otherwise a frame that was queued after it would reach the next processor first and be purged there.
 */
export class FrameScheduler {
  readonly #hooks: SchedulerHooks;
  readonly #queue: FrameQueue;
  readonly #systemLane: Job[] = [];
  readonly #running = new Set<Job>();
  readonly #idle = new Condition();
  #current: Job | undefined;
  #isSystemLaneRunning = false;
  #barriers = 0;
  #state: "open" | "ended" | "cancelled" = "open";

  constructor(capacity: number, hooks: SchedulerHooks) {
    this.#queue = new FrameQueue(capacity);
    this.#hooks = hooks;
  }

  get isCancelled(): boolean {
    return this.#state === "cancelled";
  }

  get isBusy(): boolean {
    return this.#running.size > 0;
  }

  /** Resolves when no job runs. */
  idle(): Promise<void> {
    return this.#idle.wait(() => !this.isBusy);
  }

  /** The running job of this frame object. */
  jobOf(frame: Frame): Job | undefined {
    for (const job of this.#running) if (job.frame === frame) return job;
    return undefined;
  }

  accept(frame: Frame, direction: FrameDirection, signal: AbortSignal | undefined): Promise<void> {
    if (this.isCancelled) return this.#acceptCancelled({ frame, direction });
    if (frame instanceof SystemFrame) {
      this.#acceptSystem(frame, direction);
      return Promise.resolve();
    }
    const admitted = this.#queue.push(frame, direction, signal);
    void this.#runQueue();
    return admitted;
  }

  /** Purges the queue, and aborts the current job if its frame is interruptible and its signal is not `except`. */
  interrupt(except?: AbortSignal): void {
    this.#queue.purge(() => true);
    const job = this.#current;
    if (job !== undefined && !job.frame.uninterruptible && job.signal !== except) job.abort("interrupted");
  }

  /** Drops queued interruptible frames that travel against `direction`. */
  purgeAgainst(direction: FrameDirection): void {
    this.#queue.purge((entry) => entry.direction !== direction);
  }

  /** Aborts every job, and drops every queued frame, now and from now on. */
  cancel(): void {
    this.#state = "cancelled";
    this.#queue.close();
    const unhandled = this.#systemLane.splice(0);
    for (const job of this.#running) job.abort("cancelled");
    for (const job of unhandled) void this.#acceptCancelled(job);
  }

  /** Errors still have to reach the task, and another CancelFrame the processors after this one. */
  #acceptCancelled(entry: DirectedFrame): Promise<void> {
    const passes = entry.frame instanceof ErrorFrame || entry.frame instanceof CancelFrame;
    return passes ? this.#hooks.forward(entry) : Promise.resolve();
  }

  #acceptSystem(frame: SystemFrame, direction: FrameDirection): void {
    if (frame instanceof CancelFrame) {
      this.cancel();
      // Outside the lane, since a system job that ignores its signal must not delay a cancel.
      void this.#perform(new Job({ frame, direction }));
      return;
    }
    if (isBarrier(frame)) this.#barriers += 1;
    if (frame instanceof InterruptionFrame) this.interrupt();
    this.#systemLane.push(new Job({ frame, direction }));
    void this.#runSystemLane();
  }

  async #runSystemLane(): Promise<void> {
    if (this.#isSystemLaneRunning) return;
    this.#isSystemLaneRunning = true;
    for (let job = this.#systemLane.shift(); job !== undefined; job = this.#systemLane.shift()) {
      const performed = this.#perform(job);
      // Not where the barrier is lifted, since the system frames that already wait come first.
      void this.#runQueue();
      await performed;
      if (isBarrier(job.frame)) this.#barriers -= 1;
    }
    this.#isSystemLaneRunning = false;
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

  async #perform(job: Job): Promise<void> {
    this.#running.add(job);
    try {
      await this.#hooks.process(job);
    } catch (error) {
      await this.#hooks.failed(job, error);
    }
    this.#running.delete(job);
    if (!this.isBusy) this.#idle.notify();
  }
}

function isBarrier(frame: Frame): boolean {
  return frame instanceof StartFrame || frame instanceof InterruptionFrame;
}
