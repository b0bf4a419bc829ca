import { BoundedQueue, onAbort } from "../async/index.ts";
import { type Frame, LLMFullResponseEndFrame } from "../frames/index.ts";
import type { FrameSink } from "./turn.ts";

const capacity = 256;
const endOfStream = Symbol("end of stream");

type Produce = (sink: FrameSink, signal: AbortSignal) => Promise<void>;
type Next = IteratorResult<Frame, void>;

/**
 * Runs a producer of frames and gives them one by one to who iterates. A slow consumer slows the producer. When the
 * signal fires, what has not been taken yet is dropped, except uninterruptible frames; leaving the loop fires it for the
 * producer. The stream ends when the producer has ended, with its error if it failed.
 *
 * @param onLeft Given the uninterruptible frames that were not taken by who left the loop.
 */
export function frameStream(
  produce: Produce,
  signal: AbortSignal | undefined,
  onLeft: (frame: Frame) => void = () => undefined,
): AsyncGenerator<Frame, void, undefined> {
  return new FrameStream(produce, signal, onLeft);
}

/** No generator function: that would wait three times for every frame, also for those that are there. */
class FrameStream implements AsyncGenerator<Frame, void, undefined> {
  readonly #produce: Produce;
  readonly #signal: AbortSignal | undefined;
  readonly #onLeft: (frame: Frame) => void;
  readonly #controller = new AbortController();
  readonly #queue = new BoundedQueue<Frame>({ capacity });
  /** The producer at work, once somebody has asked for a frame. */
  #producer: Promise<void> | undefined;
  #removeListener: () => void = () => undefined;
  #ended: Promise<void> | undefined;
  #cutShort = false;
  /** Asked for and not there yet: they are answered in the order they were asked for. */
  #waiting: Promise<Next> | undefined;

  constructor(produce: Produce, signal: AbortSignal | undefined, onLeft: (frame: Frame) => void) {
    this.#produce = produce;
    this.#signal = signal;
    this.#onLeft = onLeft;
  }

  next(): Promise<Next> {
    const frame = this.#waiting === undefined && this.#ended === undefined ? this.#queue.poll() : undefined;
    return frame === undefined ? this.#wait() : Promise.resolve({ value: this.#marked(frame), done: false });
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
    const waiting = this.#pull(this.#waiting);
    this.#waiting = waiting;
    const answered = (): void => {
      if (this.#waiting === waiting) this.#waiting = undefined;
    };
    waiting.then(answered, answered);
    return waiting;
  }

  async #pull(before: Promise<Next> | undefined): Promise<Next> {
    await before?.catch(() => undefined);
    if (this.#ended !== undefined) return { value: undefined, done: true };
    try {
      return { value: this.#marked(await this.#queue.pull()), done: false };
    } catch (error) {
      await this.#end();
      if (error !== endOfStream) throw error;
      return { value: undefined, done: true };
    }
  }

  #start(): Promise<void> {
    this.#removeListener = onAbort(this.#signal, (reason) => this.#interrupt(reason));
    const { signal } = this.#controller;
    const sink: FrameSink = (frame) => {
      this.#queue.push(frame);
      if (!this.#queue.isFull || signal.aborted) return undefined;
      return this.#queue.space(signal).catch(() => undefined);
    };
    return this.#produce(sink, signal).then(
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
    this.#interrupt(new DOMException("the consumer stopped", "AbortError"));
    await this.#producer;
    for (let frame = this.#queue.poll(); frame !== undefined; frame = this.#queue.poll()) {
      this.#onLeft(this.#marked(frame));
    }
  }

  #interrupt(reason: unknown): void {
    if (this.#queue.purge((frame) => frame.uninterruptible) > 0) this.#cutShort = true;
    this.#controller.abort(reason);
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
