import { checkOptions, checkValue, is } from "../checks/index.ts";
import { ControlFrame, DataFrame } from "../frames/index.ts";
import { checkMessage } from "./check-message.ts";
import { checkContext, type LLMContext } from "./llm-context.ts";
import type { LLMMessage } from "./messages.ts";

/** Asks the LLM service for the next answer in a conversation. */
export class LLMContextFrame extends DataFrame {
  readonly context: LLMContext;

  /** @throws InvalidArgumentError */
  constructor(context: LLMContext) {
    super();
    checkContext(context);
    this.context = context;
  }
}

/** Appends messages to the conversation. No interruption drops it. */
export class LLMMessagesAppendFrame extends DataFrame {
  readonly messages: readonly LLMMessage[];
  /** Whether the model is asked for an answer afterwards; default false. */
  readonly runLLM: boolean;

  /** @throws InvalidArgumentError */
  constructor(messages: readonly LLMMessage[], options: { runLLM?: boolean } = {}) {
    super();
    checkValue(
      messages,
      "messages",
      is.custom("an array of messages", (value) => Array.isArray(value)),
    );
    for (const [index, message] of messages.entries()) checkMessage(message, `messages[${index}]`);
    checkOptions("LLMMessagesAppendFrame", options, { runLLM: is.flag });
    this.messages = messages;
    this.runLLM = options.runLLM ?? false;
  }

  override get uninterruptible(): boolean {
    return true;
  }
}

/** Asks for an answer to the conversation as it is. No interruption drops it. */
export class LLMRunFrame extends ControlFrame {
  override get uninterruptible(): boolean {
    return true;
  }
}
