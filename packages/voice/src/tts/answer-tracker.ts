import { type Frame, FunctionCallsStartedFrame, LLMFullResponseEndFrame, LLMFullResponseStartFrame } from "turnwire";

/** Tracks the model's answer: whether one is coming in, and whether the one that is pushed could be spoken. */
export class AnswerTracker {
  /** `interrupted`: the rest of the answer is not spoken. */
  #state: "none" | "open" | "interrupted" = "none";
  #hasFailed = false;
  /** The id of the last interruption's frame. */
  #interruptedAt = 0;

  get state(): "none" | "open" | "interrupted" {
    return this.#state;
  }

  /** Takes a frame that comes in. Returns whether it ends the utterance before it. */
  take(frame: Frame): boolean {
    const [begins, ends] = [frame instanceof LLMFullResponseStartFrame, frame instanceof LLMFullResponseEndFrame];
    if (begins) this.#state = frame.id > this.#interruptedAt ? "open" : "interrupted";
    else if (ends) this.#state = "none";
    return begins || ends || frame instanceof FunctionCallsStartedFrame;
  }

  /** @param frameId The id of the interruption's frame: answers whose start is older are interrupted, too. */
  interrupt(frameId: number = this.#interruptedAt): void {
    this.#interruptedAt = frameId;
    if (this.#state === "open") this.#state = "interrupted";
    this.#hasFailed = false;
  }

  /** Records that a part of the answer that is being pushed could not be spoken. */
  fail(): void {
    this.#hasFailed = true;
  }

  /** Returns a frame as it is to be pushed: marks the end of an answer if not all of it was spoken. */
  marked(frame: Frame): Frame {
    if (!(frame instanceof LLMFullResponseEndFrame)) return frame;
    const hasFailed = this.#hasFailed;
    this.#hasFailed = false;
    if (!hasFailed || frame.interrupted || frame.incompleteReason !== undefined) return frame;
    return new LLMFullResponseEndFrame({ incompleteReason: "speech_failed" });
  }
}
