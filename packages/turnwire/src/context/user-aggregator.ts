import {
  ControlFrame,
  type Frame,
  TranscriptionFrame,
  UserStartedSpeakingFrame,
  UserStoppedSpeakingFrame,
  UserTurnEndFrame,
  UserTurnStartFrame,
} from "../frames/index.ts";
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

/** Where in the aggregator's own queue the user stopped speaking. */
class SpeechEnd extends ControlFrame {
  override get uninterruptible(): boolean {
    return true;
  }
}

/**
 * Writes what the user says into the conversation and sends the context down for the model to answer: at the end of
 * the user's speech, or at once for a transcription outside of speech (typed text) and for frames that ask for an answer. All of them interrupt.
 *
 * The speaking frames overtake the words: so the end of speech takes its place in the queue, behind the words that wait
 * there; and a turn between `UserTurnStartFrame` and `UserTurnEndFrame` is over when both its end and its
 * `UserStoppedSpeakingFrame` have come, whichever is first. Words of a turn that is over when the user speaks again
 * already go with the next.
 */
export class LLMUserAggregator extends FrameProcessor {
  readonly #context: LLMContext;
  readonly #assistant: AssistantSide;
  /** How many `UserStartedSpeakingFrame`s have come that have not been handled. */
  #starting = 0;
  #speaking = false;
  /** How many `SpeechEnd`s wait in the queue. */
  #ending = 0;
  #inTurn = false;
  /** The newest `UserStoppedSpeakingFrame` that has come, and the one whose turn's words are complete. */
  #stoppedId = 0;
  #completeId = 0;
  #heard: string[] = [];

  constructor(context: LLMContext, assistant: AssistantSide, options: FrameProcessorOptions = {}) {
    super(options);
    this.#context = context;
    this.#assistant = assistant;
  }

  override queueFrame(frame: Frame, direction?: FrameDirection, signal?: AbortSignal): Promise<void> {
    // It may wait for another system frame, beside which the words behind it are handled.
    if (frame instanceof UserStartedSpeakingFrame) this.#starting += 1;
    return super.queueFrame(frame, direction, signal);
  }

  protected override async processFrame(frame: Frame, direction: FrameDirection): Promise<void> {
    if (frame instanceof TranscriptionFrame) {
      if (frame.text.trim() !== "") this.#heard.push(frame.text.trim());
      await this.#askIfOver();
    } else if (frame instanceof LLMMessagesAppendFrame) {
      if (frame.runLLM) await this.#ask(frame.messages);
      else this.#assistant.append(frame.messages);
    } else if (frame instanceof LLMRunFrame) {
      await this.#ask([]);
    } else if (frame instanceof UserTurnStartFrame) {
      this.#inTurn = true;
    } else if (frame instanceof UserTurnEndFrame) {
      this.#inTurn = false;
      this.#completeId = frame.stopped.id;
      await this.#askIfOver();
    } else if (frame instanceof SpeechEnd) {
      this.#ending -= 1;
      await this.#askIfOver();
    } else {
      // At once: transcriptions are handled beside these frames.
      if (frame instanceof UserStartedSpeakingFrame) this.#startSpeaking();
      else if (frame instanceof UserStoppedSpeakingFrame) this.#stopSpeaking(frame);
      const passed = this.pushFrame(frame, direction);
      if (frame instanceof UserStartedSpeakingFrame) await this.broadcastInterruption();
      else if (frame instanceof UserStoppedSpeakingFrame) void this.queueFrame(new SpeechEnd());
      await passed;
    }
  }

  #startSpeaking(): void {
    this.#starting -= 1;
    this.#speaking = true;
  }

  #stopSpeaking(frame: UserStoppedSpeakingFrame): void {
    this.#speaking = false;
    this.#stoppedId = frame.id;
    this.#ending += 1;
  }

  async #askIfOver(): Promise<void> {
    const speaking = this.#starting > 0 || this.#speaking || this.#ending > 0;
    if (speaking || this.#inTurn || this.#completeId > this.#stoppedId) return;
    const content = this.#heard.join(" ");
    this.#heard = [];
    if (content !== "") await this.#ask([{ role: "user", content }]);
  }

  async #ask(messages: readonly LLMMessage[]): Promise<void> {
    // Not awaited yet: were the user to speak again in between, the context would follow that interruption.
    const interrupted = this.broadcastInterruption();
    this.#assistant.interrupt();
    this.#context.addMessages(messages);
    const asked = this.pushFrame(new LLMContextFrame(this.#context), "downstream");
    await Promise.all([interrupted, asked]);
  }
}
