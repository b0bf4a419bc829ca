import { InvalidArgumentError, kindOf } from "../errors.ts";
import { checkMessage } from "./check-message.ts";
import type { ChatMessage, UserMessage } from "./message-types.ts";

/**
 * An item of the conversation in one provider's own form, such as a reasoning item. Only that provider's services send
 * it; others leave it out.
 */
export interface LLMSpecificMessage {
  /** The provider whose form it has: `openai` for the Responses services. */
  llm: string;
  message: unknown;
}

/** One message of a conversation: in Chat Completions shape, or in a provider's own. */
export type LLMMessage = ChatMessage | LLMSpecificMessage;

/** The words of a user: text, or parts such as text and images. */
export type UserContent = string | readonly Exclude<UserMessage["content"], string>[number][];

/** Whether the message is in a provider's own form. */
export function isSpecificMessage(message: LLMMessage): message is LLMSpecificMessage {
  return "llm" in message;
}

const frozenMessages = new WeakSet<object>();

/** The message, deeply frozen. A message that is one of these already is returned, others are copied. */
function freezeMessage(message: LLMMessage, field: string): LLMMessage {
  if (frozenMessages.has(message)) return message;
  checkMessage(message, field);
  const frozen = deepFreeze(copyOf(message, field));
  frozenMessages.add(frozen);
  return frozen;
}

/**
 * Freezes all messages, or none.
 * @param offset The index in the history that the first one gets.
 * @throws InvalidArgumentError which names the message and its field that cannot be used.
 */
export function freezeMessages(messages: readonly LLMMessage[], offset = 0): LLMMessage[] {
  if (!Array.isArray(messages)) {
    throw new InvalidArgumentError("messages", `expected an array of messages, got ${kindOf(messages)}`);
  }
  return messages.map((message: LLMMessage, index) => freezeMessage(message, `messages[${offset + index}]`));
}

function copyOf(message: LLMMessage, field: string): LLMMessage {
  // Most messages hold only strings, for which a flat copy is enough.
  if (Object.values(message).every((value) => typeof value === "string")) return { ...message };
  try {
    return structuredClone(message);
  } catch (error) {
    throw new InvalidArgumentError(field, "it holds a value that cannot be copied, such as a function", {
      cause: error,
    });
  }
}

function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value) && !ArrayBuffer.isView(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) deepFreeze(inner);
  }
  return value;
}
