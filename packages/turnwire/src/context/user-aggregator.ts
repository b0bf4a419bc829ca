import { checkValue, is } from "../checks/index.ts";
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
import { checkContext, type LLMContext } from "./llm-context.ts";
import type { LLMMessage } from "./messages.ts";

/** The side of the assistant aggregator that the user aggregator of the same conversation uses. */
export interface AssistantSide {
  /** Writes what has been delivered of an unfinished turn, so that it comes before the user's next message. */
  interrupt(): void;
  /** Appends messages without separating calls from their outputs. */
  append(messages: readonly LLMMessage[]): void;
}

/** Marks the place in the aggregator's queue where the user stopped speaking. */
class SpeechEnd extends ControlFrame {
  override get uninterruptible(): boolean {
    return true;
  }
}

/**
 * Writes what the user says into the conversation, and sends the context downstream for the model to answer: when the user
 * stops speaking, or at once for a transcription outside of speech (typed text) and for frames that ask for an answer. Each
 * of these interrupts.
 *
 * Speaking frames overtake transcriptions. So the end of speech is queued, after the transcriptions that wait there. A turn
 * between `UserTurnStartFrame` and `UserTurnEndFrame` is over when both its end and its `UserStoppedSpeakingFrame` have
 * come, in either order. If the user speaks again before the words of a finished turn were handled, they belong to the next
 * turn.
 */
export class LLMUserAggregator extends FrameProcessor {
  readonly #context: LLMContext;
  readonly #assistant: AssistantSide;
  /** How many `UserStartedSpeakingFrame`s have come and are not handled yet. */
  #starting = 0;
  #speaking = false;
  /** How many `SpeechEnd`s wait in the queue. */
  #ending = 0;
  #inTurn = false;
  /** The newest `UserStoppedSpeakingFrame` that has come, and the one whose turn's words are complete. */
  #stoppedId = 0;
  #completeId = 0;
  #heard: string[] = [];

  /** @throws InvalidArgumentError */
  constructor(context: LLMContext, assistant: AssistantSide, options: FrameProcessorOptions = {}) {
    super(options);
    checkContext(context);
    checkValue(assistant, "assistant", is.having(["interrupt", "append"], "an LLMAssistantAggregator"));
    this.#context = context;
    this.#assistant = assistant;
  }

  override queueFrame(frame: Frame, direction?: FrameDirection, signal?: AbortSignal): Promise<void> {
    // Counted here, since transcriptions after it may be handled while it waits for another system frame.
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
      // Before any wait: transcriptions are handled at the same time as these frames.
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
    // Not awaited here: if the user spoke again meanwhile, the context would come after that interruption.
    const interrupted = this.broadcastInterruption();
    this.#assistant.interrupt();
    this.#context.addMessages(messages);
    const asked = this.pushFrame(new LLMContextFrame(this.#context), "downstream");
    await Promise.all([interrupted, asked]);
  }
}
