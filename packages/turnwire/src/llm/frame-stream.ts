import { BoundedQueue, Condition, onAbort } from "../async/index.ts";
import { type Frame, LLMFullResponseEndFrame } from "../frames/index.ts";
import type { FrameSink } from "./inference.ts";

const capacity = 256;
const endOfStream = Symbol("end of stream");

/** @param askedForMore Resolves once all frames are taken and the reader waits for another, or the stream is cut short. */
export type Produce = (sink: FrameSink, signal: AbortSignal, askedForMore: () => Promise<void>) => Promise<void>;

/** How a stream ended. */
export interface StreamEnd {
  /** Whether the producer was started. */
  started: boolean;
  /** Whether an interruption came before the reader had all frames. */
  cutShort: boolean;
  /** The error that the producer failed with. */
  failure?: { error: unknown };
}

export interface FrameStreamHooks {
  /** A frame is being given to the reader. */
  onTaken(frame: Frame): void;
  /** The reader left, and did not take this uninterruptible frame. */
  onLeft(frame: Frame): void;
  /** The producer has ended, and the reader gets nothing more. */
  onEnd(end: StreamEnd): void;
}

/**
 * Runs a producer of frames and gives them one by one to one reader. A slow reader slows the producer. When the signal
 * fires, frames that were not taken are dropped, except uninterruptible ones; leaving does the same. The stream ends when
 * the producer has ended, with its error if it failed.
 */
export class FrameStream {
  readonly #produce: Produce;
  readonly #signal: AbortSignal | undefined;
  readonly #hooks: FrameStreamHooks;
  readonly #controller = new AbortController();
  readonly #queue = new BoundedQueue<Frame>({ capacity });
  readonly #demand = new Condition();
  /** Whether the reader waits for a frame that is not there yet. */
  #isAwaited = false;
  /** The calls of `next` that wait, in the order in which they get their frames. */
  readonly #unanswered: Array<Promise<unknown>> = [];
  /** The producer at work, once the reader has asked for a frame. */
  #producer: Promise<void> | undefined;
  #failure: { error: unknown } | undefined;
  #removeListener: () => void = () => undefined;
  #cutShort = false;
  /** The end, once it has begun. */
  #end: Promise<void> | undefined;

  constructor(produce: Produce, signal: AbortSignal | undefined, hooks: FrameStreamHooks) {
    this.#produce = produce;
    this.#signal = signal;
    this.#hooks = hooks;
  }

  /**
   * The next frame that the reader picks something of; done at the end. The first call starts the producer.
   * @param pick What the reader wants of a frame; undefined for nothing: the frame counts as taken then.
   * @throws The producer's error or that of a hook, once.
   */
  next<T>(pick: (frame: Frame) => T | undefined): Promise<IteratorResult<T, void>> {
    // Frames that are there cost no wait.
    try {
      const picked = this.#unanswered.length === 0 ? this.#poll(pick) : undefined;
      if (picked !== undefined) return Promise.resolve({ value: picked, done: false });
    } catch (error) {
      return this.#fail(error);
    }
    const answer = this.#wait(pick, this.#unanswered.at(-1));
    this.#unanswered.push(answer);
    return answer;
  }

  /** Drops the frames that were not taken, and has the producer end. */
  interrupt(reason: unknown): void {
    this.#dropUntaken();
    this.#controller.abort(reason);
    this.#demand.notify();
  }

  /** Ends the stream for its reader, and waits for the producer's end. */
  leave(): Promise<void> {
    this.#end ??= this.#close();
    return this.#end;
  }

  #poll<T>(pick: (frame: Frame) => T | undefined): T | undefined {
    while (this.#end === undefined) {
      const frame = this.#queue.poll();
      if (frame === undefined) return undefined;
      const picked = pick(this.#give(frame));
      if (picked !== undefined) return picked;
    }
    return undefined;
  }

  async #wait<T>(
    pick: (frame: Frame) => T | undefined,
    before: Promise<unknown> | undefined,
  ): Promise<IteratorResult<T, void>> {
    // At once, so that the turn is under way from here on.
    if (this.#end === undefined) this.#producer ??= this.#start();
    try {
      if (before !== undefined) await before.catch(() => undefined);
      while (this.#end === undefined) {
        if (this.#queue.size === 0) this.#await();
        const picked = pick(this.#give(await this.#queue.pull())) ?? this.#poll(pick);
        if (picked !== undefined) return { value: picked, done: false };
      }
      await this.#end;
      return { value: undefined, done: true };
    } catch (error) {
      if (error !== endOfStream) return await this.#fail(error);
      await this.leave();
      return { value: undefined, done: true };
    } finally {
      void this.#unanswered.shift();
    }
  }

  async #fail(error: unknown): Promise<never> {
    this.#failure ??= { error };
    await this.leave();
    throw error;
  }

  #await(): void {
    this.#isAwaited = true;
    this.#demand.notify();
  }

  #start(): Promise<void> {
    this.#removeListener = onAbort(this.#signal, (reason) => this.interrupt(reason));
    const { signal } = this.#controller;
    const sink: FrameSink = (frame) => {
      this.#isAwaited = false;
      this.#queue.push(frame);
      if (!this.#queue.isFull || signal.aborted) return undefined;
      return this.#queue.space(signal).catch(() => undefined);
    };
    const askedForMore = (): Promise<void> => this.#demand.wait(() => this.#isAwaited || signal.aborted);
    return this.#produce(sink, signal, askedForMore).then(
      () => this.#queue.close(endOfStream),
      (error: unknown) => {
        this.#failure ??= { error };
        this.#queue.close(error);
      },
    );
  }

  async #close(): Promise<void> {
    this.#removeListener();
    // A producer that has ended needs no interruption.
    if (this.#queue.closed) this.#dropUntaken();
    else this.interrupt(new DOMException("the reader left", "AbortError"));
    await this.#producer;
    for (let frame = this.#queue.poll(); frame !== undefined; frame = this.#queue.poll()) {
      try {
        this.#hooks.onLeft(this.#marked(frame));
      } catch (error) {
        this.#failure ??= { error };
      }
    }
    const started = this.#producer !== undefined;
    const failure = this.#failure === undefined ? {} : { failure: this.#failure };
    this.#hooks.onEnd({ started, cutShort: this.#cutShort || !started, ...failure });
  }

  #give(frame: Frame): Frame {
    const given = this.#marked(frame);
    this.#hooks.onTaken(given);
    return given;
  }

  #dropUntaken(): void {
    if (this.#queue.purge((frame) => frame.uninterruptible) > 0) this.#cutShort = true;
  }

  /** The model may have finished an answer of which the reader did not get all. */
  #marked(frame: Frame): Frame {
    if (!this.#cutShort || !(frame instanceof LLMFullResponseEndFrame)) return frame;
    const { incompleteReason } = frame;
    return new LLMFullResponseEndFrame({
      interrupted: true,
      ...(incompleteReason === undefined ? {} : { incompleteReason }),
    });
  }
}
