import { defaultLogger, Emitter, type EventMap, type Listener, type Logger } from "../async/index.ts";
import { checkFields, type Checks, checkValue, is } from "../checks/index.ts";
import { InvalidArgumentError, kindOf, PipelineError, TurnwireError } from "../errors.ts";
import { checkFrame, ErrorFrame, type Frame, InterruptionFrame } from "../frames/index.ts";
import type { DirectedFrame, FrameDirection } from "./frame-queue.ts";
import { FrameScheduler } from "./frame-scheduler.ts";
import { type Job, mustArrive } from "./job.ts";

/** Options of every processor. */
export interface FrameProcessorOptions {
  /** The processor's name in logs and errors. Default: the class name and a number, such as `TTSService#2`. */
  name?: string;
  /** How many data and control frames are queued before a processor that pushes more has to wait. Default 64. */
  capacity?: number;
  /** Logs the errors of listeners and other problems. Default: warnings to standard error. */
  logger?: Logger;
}

/** For subclasses that check all of their options. */
export const frameProcessorChecks = {
  name: is.text,
  capacity: is.number({ min: 1, integer: true }),
  logger: is.logger,
} satisfies Checks<FrameProcessorOptions>;

/** The neighbours of a processor and its place in a pipeline, for `Pipeline` and `PipelineTask`. Not public. */
export interface ProcessorInternals {
  readonly scheduler: FrameScheduler;
  next: FrameProcessor | undefined;
  previous: FrameProcessor | undefined;
  /** The processor that downstream frames enter by: this one, or the first of a pipeline. */
  first: FrameProcessor;
  /** The processor that upstream frames enter by. */
  last: FrameProcessor;
  /** The pipeline or task that it is a part of. */
  owner: string | undefined;
  onPush: ((source: FrameProcessor, destination: FrameProcessor, entry: DirectedFrame) => void) | undefined;
}

/** Tells a processor of another copy of this package from anything else, for the error message. */
const marker = Symbol.for("turnwire.processor");
const defaultCapacity = 64;
const instances = new Map<string, number>();

/** Not public: gives `Pipeline` and `PipelineTask` access to what subclasses do not see. */
export let internalsOf: (processor: FrameProcessor) => ProcessorInternals;

/**
 * A processor of a pipeline. A subclass decides in `processFrame` what happens to every frame, and pushes on what it does
 * not consume:
 *
 * ```ts
 * class Shout extends FrameProcessor {
 *   protected async processFrame(frame: Frame, direction: FrameDirection, signal: AbortSignal): Promise<void> {
 *     if (frame instanceof TextFrame) await this.pushFrame(new TextFrame(frame.text.toUpperCase()), direction, signal);
 *     else await this.pushFrame(frame, direction);
 *   }
 * }
 * ```
 *
 * **Order.** Data and control frames are handled strictly in order, one at a time, those of both directions in one queue.
 * System frames overtake them: they are handled as they arrive, one after the other, while a data or control frame may be
 * in work; so `processFrame` should be quick with them. Frames that were queued after a `StartFrame` or an
 * `InterruptionFrame` are handled after it.
 *
 * **Interruption.** An `InterruptionFrame` aborts the signal of the current frame and empties the queue before it is
 * passed on; uninterruptible frames, current or queued, are left alone. The interruption does not wait for the aborted
 * work to end; the next queued frame does.
 *
 * **Ending.** A `CancelFrame` aborts every signal, empties the queue and is handled at once. After it, frames are dropped
 * silently; only `ErrorFrame`s and further `CancelFrame`s are passed on, without `processFrame`. After the `processFrame`
 * of an `EndFrame` that travels downstream, data and control frames are dropped; system frames are still handled.
 *
 * **Errors.** An error that `processFrame` throws goes upstream in an `ErrorFrame` that is not fatal: a `TurnwireError` as
 * it is, another one as the cause of a `PipelineError` that names the processor and the frame. It is not reported if it
 * only says that the signal was aborted. The processor passes a system or uninterruptible frame on after the error, unless
 * it had done so before; other frames end there.
 */
export abstract class FrameProcessor<Events extends EventMap<Events> = object> {
  /** The processor's name in logs and errors. */
  readonly name: string;
  protected readonly logger: Logger;
  /** Emits the events that `on` listens to. A listener that throws is logged. */
  protected readonly events: Emitter<Events>;
  readonly #internals: ProcessorInternals;

  static {
    internalsOf = (processor) => processor.#internals;
    Object.defineProperty(this.prototype, marker, { value: true });
  }

  constructor(options: FrameProcessorOptions = {}) {
    checkFields(options, frameProcessorChecks);
    this.name = options.name ?? defaultName(new.target.name || "FrameProcessor");
    this.logger = options.logger ?? defaultLogger;
    const onListenerError = (event: string, error: unknown): void =>
      this.logger.warn(`a listener of "${event}" on ${this.name} failed`, { error });
    this.events = new Emitter(onListenerError, this.name);
    const scheduler = new FrameScheduler(options.capacity ?? defaultCapacity, {
      process: (job) => this.processFrame(job.frame, job.direction, job.signal),
      failed: (job, error) => this.#failed(job, error),
      forward: (entry) => this.pushFrame(entry.frame, entry.direction),
    });
    this.#internals = {
      scheduler,
      next: undefined,
      previous: undefined,
      first: this,
      last: this,
      owner: undefined,
      onPush: undefined,
    };
  }

  /**
   * Adds a listener. The function returned removes it.
   * @throws InvalidArgumentError when there is no such event, or the listener is not a function.
   */
  on<K extends keyof Events>(event: K, listener: Listener<Events[K]>): () => void {
    return this.events.on(event, listener);
  }

  /** Removes a listener. */
  off<K extends keyof Events>(event: K, listener: Listener<Events[K]>): void {
    this.events.off(event, listener);
  }

  /**
   * Puts `next` after this processor: frames that this one pushes downstream go there, and frames that `next` pushes
   * upstream come here.
   * @throws PipelineError when either is linked on that side already.
   */
  link(next: FrameProcessor): void {
    checkProcessor(next, "next");
    const from = this.#internals.last;
    const to = next.#internals.first;
    if (from.#internals.next !== undefined || to.#internals.previous !== undefined) {
      const taken = from.#internals.next === undefined ? to : from;
      throw new PipelineError(
        `${from.name} cannot be linked to ${to.name}: ${taken.name} is linked already; make a new processor for each pipeline`,
      );
    }
    from.#internals.next = to;
    to.#internals.previous = from;
  }

  /**
   * Queues a frame for this processor. The frame takes its place in the order at once. Never rejects.
   * @param signal Ends the wait for room when it fires. An interruptible frame that still waits is dropped then.
   * @returns Resolves when the frame is accepted: data and control frames that travel downstream wait for room.
   */
  queueFrame(frame: Frame, direction: FrameDirection = "downstream", signal?: AbortSignal): Promise<void> {
    return this.#internals.scheduler.accept(frame, direction, signal);
  }

  /**
   * Decides what happens to a frame. An error that it throws becomes an `ErrorFrame`; see the class.
   * @param signal Fires when the work on the frame is to end: for data and control frames at an interruption (unless the
   * frame is uninterruptible) or a cancel; for system frames at a cancel; for a `CancelFrame` when the task gives up
   * waiting. The work should end soon after, because the next queued frame waits for it.
   */
  protected abstract processFrame(frame: Frame, direction: FrameDirection, signal: AbortSignal): void | Promise<void>;

  /**
   * Passes a frame to the neighbour, or drops it if there is none.
   *
   * Push the frames that you make in `processFrame` with its `signal`. After that has fired, only system and
   * uninterruptible frames pass, so that nothing of aborted work follows the interruption; a wait for room ends, too. The
   * frame that `processFrame` was given is bound to that signal anyway.
   * @returns Resolves when the neighbour has accepted the frame. Never rejects.
   * @throws InvalidArgumentError at once, for something that is not a frame or a direction.
   */
  protected pushFrame(frame: Frame, direction: FrameDirection = "downstream", signal?: AbortSignal): Promise<void> {
    checkFrame(frame);
    if (direction !== "downstream") checkValue(direction, "direction", directionCheck);
    const job = this.#internals.scheduler.jobOf(frame);
    if (job !== undefined) job.isPassedOn = true;
    const guard = signal ?? job?.signal;
    const { next, previous, onPush, scheduler } = this.#internals;
    const neighbour = direction === "downstream" ? next : previous;
    if (neighbour === undefined || (guard?.aborted === true && !mustArrive(frame))) return Promise.resolve();
    onPush?.(this, neighbour, { frame, direction });
    const accepted = neighbour.queueFrame(frame, direction, guard);
    // The neighbour pushed these frames before it learned of the interruption.
    if (frame instanceof InterruptionFrame) scheduler.purgeAgainst(direction);
    return accepted;
  }

  /** Sends an `ErrorFrame` upstream. If it is fatal, the task cancels the pipeline, and its `run` rejects. */
  protected pushError(error: TurnwireError, options: { fatal?: boolean } = {}): Promise<void> {
    return this.pushFrame(new ErrorFrame(error, options), "upstream");
  }

  /**
   * Interrupts the pipeline from here: this processor as if an `InterruptionFrame` had arrived, but without a call of
   * `processFrame`, and its neighbours with one such frame in each direction.
   * @param signal The signal of the work that calls this, which then goes on.
   */
  protected async broadcastInterruption(signal?: AbortSignal): Promise<void> {
    this.#internals.scheduler.interrupt(signal);
    void this.pushFrame(new InterruptionFrame(), "upstream");
    await this.pushFrame(new InterruptionFrame(), "downstream");
  }

  async #failed(job: Job, error: unknown): Promise<void> {
    if (job.isAbort(error)) return;
    const reported = TurnwireError.isInstance(error)
      ? error
      : new PipelineError(`${this.name} failed at ${job.frame.toString()}`, { cause: error });
    void this.pushError(reported);
    if (!job.isPassedOn && mustArrive(job.frame)) await this.pushFrame(job.frame, job.direction);
  }
}

const directionCheck = is.oneOf(["downstream", "upstream"]);

/**
 * Not public.
 * @throws InvalidArgumentError for a value that is not a processor of this copy of the package.
 */
export function checkProcessor(value: unknown, field: string): asserts value is FrameProcessor {
  if (value instanceof FrameProcessor) {
    if (typeof Reflect.get(value, "processFrame") === "function") return;
    throw new InvalidArgumentError(
      field,
      `expected a FrameProcessor, got ${value.name}, whose class has no processFrame`,
    );
  }
  throw new InvalidArgumentError(field, `expected a FrameProcessor, got ${describe(value)}`);
}

function describe(value: unknown): string {
  const isClass = typeof value === "function" && value.prototype instanceof FrameProcessor;
  if (isClass) return `the class ${value.name}; pass an instance of it`;
  const isObject = typeof value === "object" && value !== null;
  if (isObject && Reflect.get(value, marker) === true) {
    return "a FrameProcessor of another copy of turnwire; install one version of it";
  }
  if (isObject && Reflect.get(value, "user") instanceof FrameProcessor) {
    return `${kindOf(value)}; its processors are \`user\` and \`assistant\`, each at its place`;
  }
  const wayOut =
    isObject || typeof value === "function" ? "; extend FrameProcessor and handle frames in processFrame" : "";
  return `${kindOf(value)}${wayOut}`;
}

function defaultName(className: string): string {
  const number = (instances.get(className) ?? 0) + 1;
  instances.set(className, number);
  return `${className}#${number}`;
}
