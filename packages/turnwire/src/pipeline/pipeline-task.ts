import {
  type Clock,
  defaultLogger,
  Emitter,
  type Listener,
  type Logger,
  systemClock,
  onAbort,
} from "../async/index.ts";
import { InvalidArgumentError, kindOf, PipelineError, type TurnwireError } from "../errors.ts";
import {
  CancelFrame,
  EndFrame,
  ErrorFrame,
  Frame,
  InterruptionFrame,
  StartFrame,
  SystemFrame,
} from "../frames/index.ts";
import { FrameQueue } from "./frame-queue.ts";
import { claim, FrameProcessor, internalsOf } from "./frame-processor.ts";
import { notifyObservers, type PipelineObserver } from "./observer.ts";
import { flatten, Pipeline } from "./pipeline.ts";
import { Shutdown } from "./shutdown.ts";
import { PipelineEdge } from "./pipeline-edge.ts";

/** How many frames wait for the StartFrame before who queues more has to wait. */
const heldCapacity = 64;

/** Options of a {@link PipelineTask}. */
export interface PipelineTaskOptions {
  observers?: readonly PipelineObserver[];
  /** Where errors that reach the task, failing listeners and hanging processors are reported. Default: warnings to standard error. */
  logger?: Logger;
  clock?: Clock;
  /** How long the processors may take to stop, in milliseconds. Default 2000. */
  cancelTimeoutMs?: number;
}

/** How a task came to its end. */
export type PipelineTaskOutcome =
  | { readonly kind: "ended" }
  | { readonly kind: "cancelled"; readonly reason: unknown }
  | { readonly kind: "failed"; readonly error: TurnwireError };

/** The events of a {@link PipelineTask}. */
export interface PipelineTaskEvents {
  /** A frame came out of the end of the pipeline. */
  frameReachedDownstream: [frame: Frame];
  /** A frame came back to the start of the pipeline. */
  frameReachedUpstream: [frame: Frame];
  /** An ErrorFrame reached the task. */
  error: [error: TurnwireError, frame: ErrorFrame];
  /** The pipeline has stopped. Once per task. */
  finished: [outcome: PipelineTaskOutcome];
}

/**
 * Runs a pipeline once: sends its frames in, watches what comes out, ends it.
 *
 * ```ts
 * await using task = new PipelineTask([stt, user, llm, tts]);
 * await task.queueFrame(new TextFrame("Hello"));
 * await task.stopWhenDone();
 * await task.run();
 * ```
 *
 * A processor ends the whole by pushing upstream: an `EndFrame` asks for `stopWhenDone()`, a `CancelFrame` for `cancel()`.
 */
export class PipelineTask implements AsyncDisposable {
  readonly #source: PipelineEdge;
  readonly #shutdown: Shutdown;
  readonly #events: Emitter<PipelineTaskEvents>;
  readonly #logger: Logger;
  readonly #stopped = Promise.withResolvers<void>();
  /** What waits for the StartFrame to come out of the end; absent once it has. */
  #held: FrameQueue | undefined = new FrameQueue(heldCapacity);
  #outcome: PipelineTaskOutcome | undefined;
  #hasRun = false;

  /** @throws InvalidArgumentError for an option out of range, PipelineError when the pipeline is part of another. */
  constructor(pipeline: FrameProcessor | readonly FrameProcessor[], options: PipelineTaskOptions = {}) {
    const { logger = defaultLogger, clock = systemClock, cancelTimeoutMs = 2000, observers = [] } = options;
    if (!(cancelTimeoutMs >= 0)) {
      throw new InvalidArgumentError(
        "cancelTimeoutMs",
        `must be a number of at least 0, not ${kindOf(cancelTimeoutMs)}`,
      );
    }
    this.#logger = logger;
    this.#events = new Emitter((event, error) => logger.warn(`a listener for "${event}" failed`, { error }));
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

  /** Adds a listener; the answer takes it away again. One that throws is logged. */
  on<K extends keyof PipelineTaskEvents>(event: K, listener: Listener<PipelineTaskEvents[K]>): () => void {
    return this.#events.on(event, listener);
  }

  /** Takes a listener away. */
  off<K extends keyof PipelineTaskEvents>(event: K, listener: Listener<PipelineTaskEvents[K]>): void {
    this.#events.off(event, listener);
  }

  /**
   * Starts the pipeline and resolves when it has ended (an `EndFrame` came out of the end) or was cancelled, and every
   * processor has stopped or had `cancelTimeoutMs` to do so.
   *
   * @param options - `signal` cancels the task when it fires.
   * @throws the error of a fatal `ErrorFrame`; PipelineError when called twice.
   */
  async run(options: { signal?: AbortSignal } = {}): Promise<void> {
    if (this.#hasRun) throw new PipelineError("run() was called before: a task runs once; make a new PipelineTask");
    this.#hasRun = true;
    if (this.#outcome === undefined && options.signal?.aborted !== true) void this.#source.send(new StartFrame());
    const removeListener = onAbort(options.signal, (reason) => void this.cancel(reason));
    await this.#stopped.promise;
    removeListener();
    if (this.#outcome?.kind === "failed") throw this.#outcome.error;
  }

  /**
   * Gives the pipeline a frame. Frames wait in order until the `StartFrame` has come out of the end; a task that has
   * stopped drops them.
   *
   * @returns Resolves once the frame is accepted: data and control frames wait for room; before `run()` none does.
   */
  async queueFrame(frame: Frame): Promise<void> {
    if (!(frame instanceof Frame)) throw new InvalidArgumentError("frame", `must be a Frame, not ${kindOf(frame)}`);
    if (this.#outcome !== undefined) return;
    if (this.#held === undefined) return this.#source.send(frame);
    const admitted = this.#held.push(frame, "downstream");
    // Before run() nothing makes room: who awaits this first and calls run() then must not wait for ever.
    if (this.#hasRun && !(frame instanceof SystemFrame)) await admitted;
  }

  /** Gives the pipeline frames, nothing in between; see `queueFrame`. */
  async queueFrames(frames: Iterable<Frame>): Promise<void> {
    await Promise.all(Array.from(frames, (frame) => this.queueFrame(frame)));
  }

  /** Queues an `EndFrame`: the pipeline ends when everything queued before has been handled. */
  stopWhenDone(): Promise<void> {
    return this.queueFrame(new EndFrame());
  }

  /** Queues an `InterruptionFrame`. */
  interrupt(): Promise<void> {
    return this.queueFrame(new InterruptionFrame());
  }

  /**
   * Ends the pipeline at once. Resolves when it has stopped, at the latest after `cancelTimeoutMs`: not to be awaited by
   * a processor's work, which it waits for.
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
    for (let entry = held?.shift(); entry !== undefined; entry = held?.shift()) void this.#source.send(entry.frame);
    // Only now: what a listener queued meanwhile comes behind.
    this.#held = undefined;
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
    else if (frame instanceof InterruptionFrame) this.#held?.purge((entry) => !(entry.frame instanceof SystemFrame));
  }

  #reachedError(frame: ErrorFrame): void {
    const { error, fatal } = frame;
    this.#logger.warn(error.message, { code: error.code, fatal });
    this.#events.emit("error", error, frame);
    if (!fatal) return;
    if (this.#outcome?.kind === "ended") this.#outcome = { kind: "failed", error };
    else void this.#stop({ kind: "failed", error });
  }
}
