import {
  type Clock,
  defaultLogger,
  Emitter,
  type Listener,
  type Logger,
  systemClock,
  onAbort,
} from "../async/index.ts";
import { checkOptions, type Checks, checkValue, is } from "../checks/index.ts";
import { PipelineError, type TurnwireError } from "../errors.ts";
import {
  CancelFrame,
  checkFrame,
  EndFrame,
  ErrorFrame,
  type Frame,
  InterruptionFrame,
  StartFrame,
  SystemFrame,
} from "../frames/index.ts";
import { withoutKeys } from "../redaction.ts";
import { FrameQueue } from "./frame-queue.ts";
import { FrameProcessor, internalsOf } from "./frame-processor.ts";
import { notifyObservers, type PipelineObserver } from "./observer.ts";
import { claim, flatten, Pipeline } from "./pipeline.ts";
import { Shutdown } from "./shutdown.ts";
import { PipelineEdge } from "./pipeline-edge.ts";

/** How many frames are held until the pipeline has started before `queueFrame` has to wait. */
const heldCapacity = 64;

/** Options of a {@link PipelineTask}. */
export interface PipelineTaskOptions {
  observers?: readonly PipelineObserver[];
  /** Logs errors that reach the task, failing listeners and hanging processors. Default: warnings to standard error. */
  logger?: Logger;
  /** How long the processors have to stop, in milliseconds. Default 2000. */
  cancelTimeoutMs?: number;
  /** For tests only. Default: the system's clock. */
  environment?: { clock?: Clock };
}

const checks = {
  observers: is.listOf(is.having(["onPushFrame"]), "an array of observers"),
  logger: is.logger,
  cancelTimeoutMs: is.duration,
  environment: is.group<{ clock?: Clock }>({ clock: is.clock }),
} satisfies Checks<PipelineTaskOptions>;
const hints = {
  signal: "give the signal to run()",
  capacity: "give the capacity to the processors",
  clock: "put it into `environment`",
  params: "its fields are options of their own",
  pipeline: "the pipeline is the first argument",
};
const runChecks = { signal: is.signal };
const iterable = is.custom(
  "an array of frames",
  (value) => typeof value === "object" && value !== null && Symbol.iterator in value,
);

/** How a task ended. */
export type PipelineTaskOutcome =
  | { readonly kind: "ended" }
  | { readonly kind: "cancelled"; readonly reason: unknown }
  | { readonly kind: "failed"; readonly error: TurnwireError };

/** The events of a {@link PipelineTask}. */
export interface PipelineTaskEvents {
  /** A frame came out of the end of the pipeline. */
  frameReachedDownstream: [frame: Frame];
  /** A frame came back to the beginning of the pipeline. */
  frameReachedUpstream: [frame: Frame];
  /** An ErrorFrame reached the task. */
  error: [error: TurnwireError, frame: ErrorFrame];
  /** The pipeline has stopped. Once per task. */
  finished: [outcome: PipelineTaskOutcome];
}

/**
 * Runs a pipeline once: sends frames in, watches what comes out, and ends it.
 *
 * ```ts
 * await using task = new PipelineTask([stt, user, llm, tts]);
 * await task.queueFrame(new TextFrame("Hello"));
 * await task.stopWhenDone();
 * await task.run();
 * ```
 *
 * A processor ends the pipeline by pushing a frame upstream: an `EndFrame` has the effect of `stopWhenDone()`, a
 * `CancelFrame` that of `cancel()`.
 */
export class PipelineTask implements AsyncDisposable {
  readonly #source: PipelineEdge;
  readonly #shutdown: Shutdown;
  readonly #events: Emitter<PipelineTaskEvents>;
  readonly #logger: Logger;
  readonly #stopped = Promise.withResolvers<void>();
  /** Frames that wait until the StartFrame has come out of the end of the pipeline. */
  readonly #held = new FrameQueue(heldCapacity);
  /** `starting` from `run` until the StartFrame has come out of the end of the pipeline. */
  #state: "new" | "starting" | "started" = "new";
  #outcome: PipelineTaskOutcome | undefined;
  /** Whether the logger knows that frames are dropped after the end. */
  #hasWarned = false;

  /** @throws InvalidArgumentError for an unusable option or processor; PipelineError when one is part of another pipeline. */
  constructor(pipeline: FrameProcessor | readonly FrameProcessor[], options: PipelineTaskOptions = {}) {
    checkOptions("PipelineTask", options, checks, hints);
    const { logger = defaultLogger, cancelTimeoutMs = 2000, observers = [], environment } = options;
    const { clock = systemClock } = environment ?? {};
    this.#logger = logger;
    this.#events = Emitter.logging("PipelineTask", logger, [
      "frameReachedDownstream",
      "frameReachedUpstream",
      "error",
      "finished",
    ]);
    const processor = pipeline instanceof FrameProcessor ? pipeline : new Pipeline(pipeline);
    claim([processor], "a PipelineTask");
    const processors = flatten(processor);
    this.#shutdown = new Shutdown(processors, { logger, clock, limitMs: cancelTimeoutMs });
    this.#source = new PipelineEdge("PipelineTask:source", (frame) => this.#reachedUpstream(frame));
    this.#source.link(processor);
    processor.link(new PipelineEdge("PipelineTask:sink", (frame) => this.#reachedDownstream(frame)));
    if (observers.length === 0) return;
    const onPush = notifyObservers(observers, clock, logger);
    for (const observed of [this.#source, ...processors]) internalsOf(observed).onPush = onPush;
  }

  /**
   * Adds a listener. The function returned removes it. A listener that throws is logged.
   * @throws InvalidArgumentError when there is no such event, or the listener is not a function.
   */
  on<K extends keyof PipelineTaskEvents>(event: K, listener: Listener<PipelineTaskEvents[K]>): () => void {
    return this.#events.on(event, listener);
  }

  /** Removes a listener. */
  off<K extends keyof PipelineTaskEvents>(event: K, listener: Listener<PipelineTaskEvents[K]>): void {
    this.#events.off(event, listener);
  }

  /**
   * Starts the pipeline. Resolves when it has ended, because an `EndFrame` came out of its end, or was cancelled, and every
   * processor has stopped or had `cancelTimeoutMs` to do so.
   * @param options `signal` cancels the task when it fires.
   * @throws The error of a fatal `ErrorFrame`; PipelineError when `run` was called before.
   */
  async run(options: { signal?: AbortSignal | undefined } = {}): Promise<void> {
    checkOptions("run()", options, runChecks);
    if (this.#state !== "new")
      throw new PipelineError("run() was called before: a task runs once; make a new PipelineTask");
    this.#state = "starting";
    if (this.#outcome === undefined && options.signal?.aborted !== true) void this.#source.send(new StartFrame());
    const removeListener = onAbort(options.signal, (reason) => void this.cancel(reason));
    await this.#stopped.promise;
    removeListener();
    if (this.#outcome?.kind === "failed") throw this.#outcome.error;
  }

  /**
   * Sends a frame into the pipeline. Until the `StartFrame` has come out of the end, frames are held, in order. After the
   * task has ended, they are dropped; the logger gets one warning about
   * them, unless the task was cancelled.
   * @returns Resolves when the frame is accepted: data and control frames wait for room, except before `run()`.
   */
  async queueFrame(frame: Frame): Promise<void> {
    checkFrame(frame);
    if (this.#outcome !== undefined) return this.#warnOfDropped(frame);
    if (this.#state === "started") return this.#source.send(frame);
    const admitted = this.#held.push(frame, "downstream");
    // Before run() nothing makes room, and a caller may await this before it calls run().
    if (this.#state === "starting" && !(frame instanceof SystemFrame)) await admitted;
  }

  #warnOfDropped(frame: Frame): void {
    // After a cancel the caller expects that. A caller that ends or interrupts a task may not know that it has ended.
    if (
      this.#hasWarned ||
      this.#outcome?.kind === "cancelled" ||
      frame instanceof SystemFrame ||
      frame instanceof EndFrame
    )
      return;
    this.#hasWarned = true;
    this.#logger.warn("a frame was dropped, since the task has ended", { frame: frame.toString() });
  }

  /**
   * Sends frames into the pipeline, with no others in between; see `queueFrame`.
   * @throws InvalidArgumentError for something that is not an iterable of frames; none is sent then.
   */
  async queueFrames(frames: Iterable<Frame>): Promise<void> {
    checkValue(frames, "frames", iterable);
    const all = [...frames];
    for (const [index, frame] of all.entries()) checkFrame(frame, `frames[${index}]`);
    await Promise.all(all.map((frame) => this.queueFrame(frame)));
  }

  /** Queues an `EndFrame`: the pipeline ends when every frame that was queued before has been handled. */
  stopWhenDone(): Promise<void> {
    return this.queueFrame(new EndFrame());
  }

  /** Queues an `InterruptionFrame`. */
  interrupt(): Promise<void> {
    return this.queueFrame(new InterruptionFrame());
  }

  /**
   * Ends the pipeline at once. Resolves when it has stopped, at the latest after `cancelTimeoutMs`. A processor must not
   * await it in `processFrame`, since it waits for that.
   */
  cancel(reason?: unknown): Promise<void> {
    return this.#stop({ kind: "cancelled", reason });
  }

  /** Cancels the task unless it has stopped. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.cancel("disposed of");
  }

  #stop(outcome: PipelineTaskOutcome): Promise<void> {
    if (this.#outcome === undefined) {
      this.#outcome = outcome;
      void this.#windDown(outcome.kind !== "ended");
    }
    return this.#stopped.promise;
  }

  async #windDown(cancelling: boolean): Promise<void> {
    if (cancelling) void this.#source.send(new CancelFrame());
    this.#release();
    await this.#shutdown.complete(cancelling);
    if (this.#outcome !== undefined) this.#events.emit("finished", this.#outcome);
    this.#stopped.resolve();
  }

  #release(): void {
    const held = this.#held;
    for (let entry = held.shift(); entry !== undefined; entry = held.shift()) void this.#source.send(entry.frame);
    // Only now, so that frames which a listener queued meanwhile keep their place.
    if (this.#state === "starting") this.#state = "started";
  }

  #reachedDownstream(frame: Frame): void {
    this.#events.emit("frameReachedDownstream", frame);
    if (frame instanceof StartFrame) this.#release();
    else if (frame instanceof EndFrame) void this.#stop({ kind: "ended" });
    else if (frame instanceof ErrorFrame) this.#reachedError(frame);
    else if (frame instanceof CancelFrame) {
      this.#shutdown.cancelPassed();
      void this.cancel();
    }
  }

  #reachedUpstream(frame: Frame): void {
    this.#events.emit("frameReachedUpstream", frame);
    if (frame instanceof ErrorFrame) this.#reachedError(frame);
    else if (frame instanceof EndFrame) void this.stopWhenDone();
    else if (frame instanceof CancelFrame) void this.cancel();
    else if (frame instanceof InterruptionFrame) this.#held.purge((entry) => !(entry.frame instanceof SystemFrame));
  }

  #reachedError(frame: ErrorFrame): void {
    const { error, fatal } = frame;
    const { code, cause } = error;
    this.#logger.warn(error.message, {
      code,
      fatal,
      ...(cause instanceof Error ? { cause: withoutKeys(cause.message) } : {}),
    });
    this.#events.emit("error", error, frame);
    if (!fatal) return;
    if (this.#outcome?.kind === "ended") this.#outcome = { kind: "failed", error };
    else void this.#stop({ kind: "failed", error });
  }
}
