import { defaultLogger, Emitter, type EventMap, type Listener, type Logger } from "../async/index.ts";
import { InvalidArgumentError, kindOf, PipelineError, TurnwireError } from "../errors.ts";
import { ErrorFrame, type Frame, InterruptionFrame } from "../frames/index.ts";
import type { DirectedFrame, FrameDirection } from "./frame-queue.ts";
import { FrameScheduler } from "./frame-scheduler.ts";
import { mustArrive, type Job } from "./job.ts";

/** Options every processor takes. */
export interface FrameProcessorOptions {
  /** What logs and errors call it. Default: the class name and a number, such as `TTSService#2`. */
  name?: string;
  /** How many data and control frames wait in front of it before who pushes more has to wait. Default 64. */
  capacity?: number;
  /** Where errors are reported that are nobody else's, such as those of failing listeners. Default: warnings to standard error. */
  logger?: Logger;
}

/** What a processor is told about its place, by those who build a pipeline. Not public. */
export interface ProcessorInternals {
  readonly scheduler: FrameScheduler;
  next: FrameProcessor | undefined;
  previous: FrameProcessor | undefined;
  /** Where frames enter that come from the processor before, and from the one behind. Itself, unless it is made of others. */
  first: FrameProcessor;
  last: FrameProcessor;
  /** What it is a part of. */
  owner: string | undefined;
  onPush: ((source: FrameProcessor, destination: FrameProcessor, entry: DirectedFrame) => void) | undefined;
}

const defaultCapacity = 64;
const made = new Map<string, number>();

/** Not public: how `Pipeline` and `PipelineTask` get at what a subclass need not see. */
export let internalsOf: (processor: FrameProcessor) => ProcessorInternals;

/**
 * A link of a pipeline. A subclass decides in `processFrame` what to do with every frame, and pushes on what it does
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
 * **Order.** Data and control frames are handled strictly in order, one at a time, both directions in one queue. System
 * frames overtake them: they are handled at once, one after the other, beside the frame in work; so their handlers
 * should be quick. What is queued behind a `StartFrame` or an `InterruptionFrame` starts when that one has been handled.
 *
 * **Interruption.** When an `InterruptionFrame` arrives, and before it is handed on, the signal of the frame in work
 * fires and the queue is emptied; uninterruptible frames, in work or queued, are left alone. The interruption does not
 * wait for the aborted work to end; the next queued frame does.
 *
 * **Ending.** A `CancelFrame` fires every signal, drops what is queued and is handled at once; from then on frames are
 * dropped silently, only `ErrorFrame`s and further `CancelFrame`s are passed on unseen. After the `processFrame` of an
 * `EndFrame` that travels downstream, data and control frames are dropped; system frames are still handled.
 *
 * **Errors.** What `processFrame` throws goes upstream as a (not fatal) `ErrorFrame`: a `TurnwireError` as it is,
 * anything else as the cause of a `PipelineError` that names the processor and the frame. Nothing is reported when the
 * frame's signal had fired and the throw only says so. The frame itself: system and uninterruptible frames are handed
 * on all the same, unless the processor had done so already; other frames end there.
 */
export abstract class FrameProcessor<Events extends EventMap<Events> = object> {
  /** What logs and errors call it. */
  readonly name: string;
  protected readonly logger: Logger;
  /** Emits the events that `on` listens to. A listener that throws is logged. */
  protected readonly events: Emitter<Events>;
  readonly #internals: ProcessorInternals;

  static {
    internalsOf = (processor) => processor.#internals;
  }

  constructor(options: FrameProcessorOptions = {}) {
    this.name = options.name ?? defaultName(new.target.name || "FrameProcessor");
    this.logger = options.logger ?? defaultLogger;
    this.events = new Emitter((event, error) =>
      this.logger.warn(`a listener of "${event}" on ${this.name} failed`, { error }),
    );
    const scheduler = new FrameScheduler(checkCapacity(options.capacity ?? defaultCapacity), {
      process: (work) => this.processFrame(work.frame, work.direction, work.signal),
      failed: (work, error) => this.#failed(work, error),
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

  /** Adds a listener. The function returned removes it. */
  on<K extends keyof Events>(event: K, listener: Listener<Events[K]>): () => void {
    return this.events.on(event, listener);
  }

  /** Removes a listener. */
  off<K extends keyof Events>(event: K, listener: Listener<Events[K]>): void {
    this.events.off(event, listener);
  }

  /**
   * Puts `next` behind this processor: what this one pushes downstream goes there, what that one pushes upstream comes
   * here.
   *
   * @throws PipelineError when either is linked on that side already.
   */
  link(next: FrameProcessor): void {
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
   * Gives the processor a frame. The frame takes its place in the order at once. Never rejects.
   *
   * @param signal - Ends the wait for space when it fires; an interruptible frame that still waited is dropped then.
   * @returns Resolves once the frame is accepted: only data and control frames that travel downstream wait for space.
   */
  queueFrame(frame: Frame, direction: FrameDirection = "downstream", signal?: AbortSignal): Promise<void> {
    return this.#internals.scheduler.accept(frame, direction, signal);
  }

  /**
   * Decides what to do with a frame. What it throws becomes an `ErrorFrame`; see the class.
   *
   * @param signal - For data and control frames it fires when an interruption or a cancel aborts this work (when the
   * frame is uninterruptible: a cancel only); for system frames when the processor is cancelled; for a `CancelFrame`
   * when the task gives up waiting. Job should end soon after: the next queued frame waits for that.
   */
  protected abstract processFrame(frame: Frame, direction: FrameDirection, signal: AbortSignal): void | Promise<void>;

  /**
   * Gives a frame to the neighbour; without one it is dropped. Never rejects.
   *
   * Frames made in `processFrame` are pushed with its `signal`: once that has fired, system and uninterruptible frames
   * still pass, others are dropped, so that nothing of aborted work follows the interruption; a wait for space ends too. The
   * very frame that `processFrame` was given is bound to its signal without it being passed.
   *
   * @returns Resolves once the neighbour has accepted the frame.
   */
  protected pushFrame(frame: Frame, direction: FrameDirection = "downstream", signal?: AbortSignal): Promise<void> {
    const work = this.#internals.scheduler.jobOf(frame);
    if (work !== undefined) work.handedOn = true;
    const guard = signal ?? work?.signal;
    const { next, previous, onPush, scheduler } = this.#internals;
    const neighbour = direction === "downstream" ? next : previous;
    if (neighbour === undefined || (guard?.aborted === true && !mustArrive(frame))) return Promise.resolve();
    onPush?.(this, neighbour, { frame, direction });
    const accepted = neighbour.queueFrame(frame, direction, guard);
    // What the neighbour pushed here until now is from before the interruption.
    if (frame instanceof InterruptionFrame) scheduler.purgeAgainst(direction);
    return accepted;
  }

  /** Sends an `ErrorFrame` upstream. A fatal one makes the task cancel the pipeline and reject. */
  protected pushError(error: TurnwireError, options: { fatal?: boolean } = {}): Promise<void> {
    return this.pushFrame(new ErrorFrame(error, options), "upstream");
  }

  /**
   * Interrupts the pipeline from here: this processor as if an `InterruptionFrame` had arrived (without a call of
   * `processFrame`), and one such frame both ways.
   *
   * @param signal - The signal of the work that calls this: that work goes on.
   */
  protected async broadcastInterruption(signal?: AbortSignal): Promise<void> {
    this.#internals.scheduler.interrupt(signal);
    void this.pushFrame(new InterruptionFrame(), "upstream");
    await this.pushFrame(new InterruptionFrame(), "downstream");
  }

  async #failed(work: Job, error: unknown): Promise<void> {
    if (work.isAbort(error)) return;
    const reported = TurnwireError.isInstance(error)
      ? error
      : new PipelineError(`${this.name} failed at ${work.frame.toString()}`, { cause: error });
    void this.pushError(reported);
    if (!work.handedOn && mustArrive(work.frame)) await this.pushFrame(work.frame, work.direction);
  }
}

/** Not public: makes processors parts of a pipeline or task: all of them, each once, or none. */
export function claim(processors: readonly FrameProcessor[], owner: string): void {
  for (const [index, processor] of processors.entries()) {
    const taken = processors.indexOf(processor) < index ? owner : internalsOf(processor).owner;
    if (taken === undefined) continue;
    throw new PipelineError(
      `${processor.name} cannot become a part of ${owner}: it is one of ${taken} already; make a new processor for each pipeline`,
    );
  }
  for (const processor of processors) internalsOf(processor).owner = owner;
}

function defaultName(className: string): string {
  const number = (made.get(className) ?? 0) + 1;
  made.set(className, number);
  return `${className}#${number}`;
}

function checkCapacity(capacity: number): number {
  if (Number.isInteger(capacity) && capacity >= 1) return capacity;
  throw new InvalidArgumentError("capacity", `must be a whole number of at least 1, not ${kindOf(capacity)}`);
}
