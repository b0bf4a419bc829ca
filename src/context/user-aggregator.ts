import { type Frame, TranscriptionFrame, UserStartedSpeakingFrame, UserStoppedSpeakingFrame } from "../frames/index.ts";
import { type FrameDirection, FrameProcessor, type FrameProcessorOptions } from "../pipeline/index.ts";
import { LLMContextFrame, LLMMessagesAppendFrame, LLMRunFrame } from "./frames.ts";
import type { LLMContext } from "./llm-context.ts";
import type { LLMMessage } from "./messages.ts";

/** Who writes the assistant's part of the same conversation: the assistant aggregator. */
export interface AssistantSide {
  /** Writes what has been delivered of an unfinished turn, so that it stands before what follows. */
  interrupt(): void;
  /** Appends messages where they come between nothing that belongs together. */
  append(messages: readonly LLMMessage[]): void;
}

/**
 * Writes what the user says into the conversation and sends the context down for the model to answer: at the end of
 * the user's speech, or at once for a transcription outside of speech (typed text) and for frames that ask for an answer. All of them interrupt.
 */
export class LLMUserAggregator extends FrameProcessor {
  readonly #context: LLMContext;
  readonly #assistant: AssistantSide;
  #speaking = false;
  #heard: string[] = [];

  constructor(context: LLMContext, assistant: AssistantSide, options: FrameProcessorOptions = {}) {
    super(options);
    this.#context = context;
    this.#assistant = assistant;
  }

  protected override async processFrame(frame: Frame, direction: FrameDirection): Promise<void> {
    if (frame instanceof TranscriptionFrame) {
      if (frame.text.trim() !== "") this.#heard.push(frame.text.trim());
      if (!this.#speaking) await this.#endOfUserTurn();
    } else if (frame instanceof LLMMessagesAppendFrame) {
      if (frame.runLLM) await this.#ask(frame.messages);
      else this.#assistant.append(frame.messages);
    } else if (frame instanceof LLMRunFrame) {
      await this.#ask([]);
    } else {
      // At once: transcriptions are handled beside these frames.
      if (frame instanceof UserStartedSpeakingFrame) this.#speaking = true;
      else if (frame instanceof UserStoppedSpeakingFrame) this.#speaking = false;
      await this.pushFrame(frame, direction);
      if (frame instanceof UserStartedSpeakingFrame) await this.broadcastInterruption();
      else if (frame instanceof UserStoppedSpeakingFrame) await this.#endOfUserTurn();
    }
  }

  async #endOfUserTurn(): Promise<void> {
    const content = this.#heard.join(" ");
    this.#heard = [];
    if (content !== "") await this.#ask([{ role: "user", content }]);
  }

  async #ask(messages: readonly LLMMessage[]): Promise<void> {
    await this.broadcastInterruption();
    this.#assistant.interrupt();
    this.#context.addMessages(messages);
    await this.pushFrame(new LLMContextFrame(this.#context), "downstream");
  }
}
