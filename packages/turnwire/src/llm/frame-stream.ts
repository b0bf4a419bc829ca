import { BoundedQueue, onAbort } from "../async/index.ts";
import { type Frame, LLMFullResponseEndFrame } from "../frames/index.ts";
import type { FrameSink } from "./inference.ts";

const capacity = 256;
const endOfStream = Symbol("end of stream");

/** @param askedForMore Resolves once all frames have been taken and another one is asked for, or the stream is cut short. */
type Produce = (sink: FrameSink, signal: AbortSignal, askedForMore: () => Promise<void>) => Promise<void>;
type Next = IteratorResult<Frame, void>;

export interface FrameStreamHooks {
  /** A frame is being given to who iterates. */
  onTaken?(frame: Frame): void;
  /** An uninterruptible frame was not taken by who left the loop. */
  onLeft?(frame: Frame): void;
  /** The producer has ended, and nothing more is given. */
  onEnd?(): void;
}

/**
 * Runs a producer of frames and gives them one by one to who iterates. A slow consumer slows the producer. When the
 * signal fires, what has not been taken yet is dropped, except uninterruptible frames; leaving the loop fires it for the
 * producer. The stream ends when the producer has ended, with its error if it failed.
 */
export function frameStream(
  produce: Produce,
  signal: AbortSignal | undefined,
  hooks: FrameStreamHooks = {},
): AsyncGenerator<Frame, void, undefined> {
  return new FrameStream(produce, signal, hooks);
}

/** No generator function: that would wait three times for every frame, also for those that are there. */
class FrameStream implements AsyncGenerator<Frame, void, undefined> {
  readonly #produce: Produce;
  readonly #signal: AbortSignal | undefined;
  readonly #hooks: FrameStreamHooks;
  readonly #controller = new AbortController();
  readonly #queue = new BoundedQueue<Frame>({ capacity });
  /** The producer at work, once somebody has asked for a frame. */
  #producer: Promise<void> | undefined;
  #removeListener: () => void = () => undefined;
  #ended: Promise<void> | undefined;
  #cutShort = false;
  /** Whether a frame is asked for and none is there, and who waits for that. */
  #isAsked = false;
  #onAsked: () => void = () => undefined;
  /** How many frames are asked for and not there yet, and the last of them: they are answered in that order. */
  #waitingCount = 0;
  #lastWaiting: Promise<Next> | undefined;

  constructor(produce: Produce, signal: AbortSignal | undefined, hooks: FrameStreamHooks) {
    this.#produce = produce;
    this.#signal = signal;
    this.#hooks = hooks;
  }

  next(): Promise<Next> {
    const frame = this.#waitingCount === 0 && this.#ended === undefined ? this.#queue.poll() : undefined;
    return frame === undefined ? this.#wait() : Promise.resolve({ value: this.#give(frame), done: false });
  }

  async return(): Promise<Next> {
    await this.#end();
    return { value: undefined, done: true };
  }

  async throw(error: unknown): Promise<Next> {
    await this.#end();
    throw error;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #wait(): Promise<Next> {
    // At once, so that it is a turn under way from here on.
    if (this.#ended === undefined) this.#producer ??= this.#start();
    this.#lastWaiting = this.#pull(this.#waitingCount === 0 ? undefined : this.#lastWaiting);
    return this.#lastWaiting;
  }

  async #pull(before: Promise<Next> | undefined): Promise<Next> {
    this.#waitingCount += 1;
    try {
      if (before !== undefined) await before.catch(() => undefined);
      if (this.#ended !== undefined) return { value: undefined, done: true };
      if (this.#queue.size === 0) this.#ask();
      return { value: this.#give(await this.#queue.pull()), done: false };
    } catch (error) {
      await this.#end();
      if (error !== endOfStream) throw error;
      return { value: undefined, done: true };
    } finally {
      this.#waitingCount -= 1;
    }
  }

  #start(): Promise<void> {
    this.#removeListener = onAbort(this.#signal, (reason) => this.#interrupt(reason));
    const { signal } = this.#controller;
    const sink: FrameSink = (frame) => {
      this.#isAsked = false;
      this.#queue.push(frame);
      if (!this.#queue.isFull || signal.aborted) return undefined;
      return this.#queue.space(signal).catch(() => undefined);
    };
    const askedForMore = (): Promise<void> =>
      this.#isAsked || signal.aborted ? Promise.resolve() : new Promise((resolve) => (this.#onAsked = resolve));
    return this.#produce(sink, signal, askedForMore).then(
      () => this.#queue.close(endOfStream),
      (error: unknown) => this.#queue.close(error),
    );
  }

  #end(): Promise<void> {
    this.#ended ??= this.#leave();
    return this.#ended;
  }

  async #leave(): Promise<void> {
    this.#removeListener();
    // A producer that has ended has nothing left to be told.
    if (this.#queue.closed) this.#dropUntaken();
    else this.#interrupt(new DOMException("the consumer stopped", "AbortError"));
    await this.#producer;
    for (let frame = this.#queue.poll(); frame !== undefined; frame = this.#queue.poll()) {
      this.#hooks.onLeft?.(this.#marked(frame));
    }
    if (this.#producer !== undefined) this.#hooks.onEnd?.();
  }

  #ask(): void {
    this.#isAsked = true;
    this.#onAsked();
  }

  #give(frame: Frame): Frame {
    const given = this.#marked(frame);
    this.#hooks.onTaken?.(given);
    return given;
  }

  #interrupt(reason: unknown): void {
    this.#dropUntaken();
    this.#controller.abort(reason);
    this.#onAsked();
  }

  #dropUntaken(): void {
    if (this.#queue.purge((frame) => frame.uninterruptible) > 0) this.#cutShort = true;
  }

  /** The model may have finished what its consumer was not given the whole of. */
  #marked(frame: Frame): Frame {
    if (!this.#cutShort || !(frame instanceof LLMFullResponseEndFrame)) return frame;
    const { incompleteReason } = frame;
    return new LLMFullResponseEndFrame({
      interrupted: true,
      ...(incompleteReason === undefined ? {} : { incompleteReason }),
    });
  }
}
