import { checkFrame, type Frame, LLMTextFrame } from "../frames/index.ts";
import type { InferenceTrace } from "./inference-trace.ts";

/** Takes a frame of the answer; the promise, if any, resolves when there is room for the next, and never rejects. */
export type FrameSink = (frame: Frame) => void | Promise<void>;

/** A running inference, as its provider sees it: where its frames go, what ends it, and the trace its record is made of. */
export class Inference {
  /** Fires when the turn is interrupted. */
  readonly signal: AbortSignal;
  readonly trace: InferenceTrace;
  readonly #sink: FrameSink;
  /** The pieces of text delivered. */
  readonly #pieces: string[] = [];
  #characters = 0;
  #hasOutput = false;

  constructor(sink: FrameSink, signal: AbortSignal, trace: InferenceTrace) {
    this.#sink = sink;
    this.signal = signal;
    this.trace = trace;
  }

  /** Whether a part of the answer has been delivered. */
  get hasOutput(): boolean {
    return this.#hasOutput;
  }

  /** The text delivered. */
  get text(): string {
    return this.#pieces.join("");
  }

  /** Characters of text delivered. */
  get characters(): number {
    return this.#characters;
  }

  /**
   * Delivers a frame of the answer. After an interruption it drops the frame.
   * @throws InvalidArgumentError for something that is not a frame.
   */
  emit(frame: Frame): void | Promise<void> {
    checkFrame(frame);
    if (this.signal.aborted) return;
    if (!this.#hasOutput) {
      this.#hasOutput = true;
      this.trace.enter("restMs");
    }
    if (frame instanceof LLMTextFrame) {
      this.#pieces.push(frame.text);
      this.#characters += frame.text.length;
    }
    return this.#sink(frame);
  }
}
