import { toTurnwireError, TurnwireError } from "../errors.ts";
import { type Frame, LLMTextFrame, type LLMTokenUsage } from "../frames/index.ts";
import { FrameStream, type Produce, type StreamEnd } from "./frame-stream.ts";
import type { InferenceRecord } from "./inference-record.ts";
import { addUsage, type TurnRecord } from "./turn-record.ts";

/** The reader of a turn: a loop over its frames, a loop over its text, or the turn itself for its record. */
type Reader = "frames" | "text" | "record";

/** The notes about a turn while it runs; its record is made from them. */
export interface TurnNotes {
  /** An inference is over. */
  inferred(record: InferenceRecord): void;
  /** The turn ends before the model was done. */
  interrupted(): void;
}

export interface TurnHooks {
  /** A frame is being given to the reader. */
  onTaken?(frame: Frame): void;
  /** The reader left, and did not take this uninterruptible frame. */
  onLeft?(frame: Frame): void;
  /** A turn that was begun is over. */
  onEnd?(): void;
}

/**
 * A turn, as `respond` and `stream` return it. Nothing happens until it is read: as frames, as text, or for its record.
 *
 * ```ts
 * for await (const frame of llm.respond(context)) …        // all frames
 * for await (const text of llm.respond(context).text) …    // the reply's text alone
 * const { text, usage } = await llm.respond(context).record; // no loop: runs the turn to its end
 * ```
 *
 * A turn has one reader: a second loop is refused. Leaving the loop interrupts the turn. When the turn fails, the loop
 * throws the error.
 */
export class TurnStream implements AsyncIterable<Frame>, AsyncDisposable {
  /** The reply's text, piece by piece: the same turn, read as text. */
  readonly text: AsyncIterable<string>;
  /**
   * The record of the turn, after its end. If it is awaited while nothing reads the turn, it runs the turn to its end, and
   * rejects with the turn's error if there is one. If there is a loop, the loop throws the error and the record holds it
   * as `error`.
   *
   * Await it after the loop. Inside of the loop it never resolves: the turn waits there for the loop to take the next frame.
   */
  readonly record: Promise<TurnRecord>;
  readonly #frames: FrameStream;
  readonly #outcome = Promise.withResolvers<TurnRecord>();
  readonly #hooks: TurnHooks;
  readonly #pieces: string[] = [];
  readonly #inferences: InferenceRecord[] = [];
  #reader: Reader | undefined;
  #interrupted = false;

  constructor(produce: (notes: TurnNotes) => Produce, signal: AbortSignal | undefined, hooks: TurnHooks = {}) {
    this.#hooks = hooks;
    const notes: TurnNotes = {
      inferred: (record) => void this.#inferences.push(record),
      interrupted: () => void (this.#interrupted = true),
    };
    this.#frames = new FrameStream(produce(notes), signal, {
      onTaken: (frame) => this.#onTaken(frame),
      onLeft: (frame) => hooks.onLeft?.(frame),
      onEnd: (end) => this.#onEnd(end),
    });
    this.text = { [Symbol.asyncIterator]: () => this.#read("text", (frame) => textOf(frame)) };
    // A failed turn is no unhandled rejection when nothing awaits its record.
    this.#outcome.promise.catch(() => undefined);
    this.record = new LazyPromise(this.#outcome.promise, () => this.#onRecordAwaited());
  }

  /** Ends the turn: what was taken is kept, the rest is dropped, and the loop ends after the end frame. */
  interrupt(reason: unknown = new DOMException("the turn was interrupted", "AbortError")): void {
    this.#frames.interrupt(reason);
  }

  /** @throws TurnwireError `turn_already_read` when the turn has a reader. */
  [Symbol.asyncIterator](): AsyncIterableIterator<Frame, void, undefined> {
    return this.#read("frames", (frame) => frame);
  }

  /** Interrupts the turn if it is not over, and waits for its end. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#frames.leave();
  }

  #read<T>(reader: Reader, pick: (frame: Frame) => T | undefined): AsyncIterableIterator<T, void, undefined> {
    if (this.#reader !== undefined) throw new TurnwireError("turn_already_read", alreadyRead[this.#reader]);
    this.#reader = reader;
    const frames = this.#frames;
    return {
      next: () => frames.next(pick),
      return: async () => {
        await frames.leave();
        return { value: undefined, done: true };
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }

  /** If a loop begins in the same synchronous code that asks for the record, the loop is the reader. */
  #onRecordAwaited(): void {
    queueMicrotask(() => {
      if (this.#reader === undefined) void this.#drain();
    });
  }

  async #drain(): Promise<void> {
    try {
      for await (const _ of this.#read("record", () => true)) continue;
    } catch {
      // The record rejects with it.
    }
  }

  #onTaken(frame: Frame): void {
    if (frame instanceof LLMTextFrame) this.#pieces.push(frame.text);
    this.#hooks.onTaken?.(frame);
  }

  #onEnd({ started, cutShort, failure: failureBefore }: StreamEnd): void {
    // After a failure, too: what goes on past the turn waits for its end.
    const failureAtEnd = started ? failureOf(() => this.#hooks.onEnd?.()) : undefined;
    const failure = failureBefore ?? failureAtEnd;
    if (failure !== undefined && this.#reader === "record") {
      this.#outcome.reject(failure.error);
      return;
    }
    const usage = this.#inferences.reduce<LLMTokenUsage | undefined>((sum, one) => addUsage(sum, one.usage), undefined);
    this.#outcome.resolve({
      text: this.#pieces.join(""),
      inferences: this.#inferences,
      interrupted: cutShort || this.#interrupted || this.#inferences.some(({ interrupted }) => interrupted),
      ...(usage === undefined ? {} : { usage }),
      ...(failure === undefined
        ? {}
        : { error: toTurnwireError(failure.error, "inference_failed", "the turn failed") }),
    });
  }
}

function failureOf(act: () => void): { error: unknown } | undefined {
  try {
    act();
  } catch (error) {
    return { error };
  }
  return undefined;
}

const oneReader = "a turn has one reader; call respond() again for another turn";

const alreadyRead: Readonly<Record<Reader, string>> = {
  frames: `a loop reads this turn's frames already, and ${oneReader}`,
  text: `a loop reads this turn's text already, and ${oneReader}`,
  record: "the turn runs without a loop already, since its record was awaited first; begin the loop before that",
};

function textOf(frame: Frame): string | undefined {
  return frame instanceof LLMTextFrame ? frame.text : undefined;
}

/** A promise that tells when it is awaited. */
class LazyPromise<T> implements Promise<T> {
  readonly [Symbol.toStringTag] = "Promise";
  readonly #promise: Promise<T>;
  readonly #onAwaited: () => void;

  constructor(promise: Promise<T>, onAwaited: () => void) {
    this.#promise = promise;
    this.#onAwaited = onAwaited;
  }

  // oxlint-disable-next-line unicorn/no-thenable -- it is a promise
  then<A = T, B = never>(
    onResolved?: ((value: T) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.#onAwaited();
    return this.#promise.then(onResolved, onRejected);
  }

  catch<B = never>(onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null): Promise<T | B> {
    return this.then(undefined, onRejected);
  }

  finally(onSettled?: (() => void) | null): Promise<T> {
    this.#onAwaited();
    return this.#promise.finally(onSettled);
  }
}
