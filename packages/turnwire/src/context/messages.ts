import type {
  ChatCompletionAssistantMessageParam,
  ChatCompletionMessageParam,
} from "openai/resources/chat/completions";
import { InvalidArgumentError, kindOf } from "../errors.ts";

/**
 * A part of the conversation in one provider's own form, such as a reasoning item. Only that provider's services send
 * it; the others leave it out.
 */
export interface LLMSpecificMessage {
  /** Whose form it is: `openai` for the Responses services. */
  llm: string;
  message: unknown;
}

/** One message of a conversation: in Chat Completions shape, or in a provider's own. */
export type LLMMessage = ChatCompletionMessageParam | LLMSpecificMessage;

export type AssistantMessage = ChatCompletionAssistantMessageParam;

/** Whether the message is in a provider's own form. */
export function isSpecificMessage(message: LLMMessage): message is LLMSpecificMessage {
  return "llm" in message;
}

const roles: ReadonlySet<unknown> = new Set(["system", "developer", "user", "assistant", "tool"]);

const frozenMessages = new WeakSet<object>();

/** The message, deeply frozen: itself when it is one of ours already, else a copy, so that the caller's stays as it is. */
function freezeMessage(message: LLMMessage, field: string): LLMMessage {
  if (frozenMessages.has(message)) return message;
  checkMessage(message, field);
  const frozen = deepFreeze(copyOf(message, field));
  frozenMessages.add(frozen);
  return frozen;
}

/** Every one of them, or none. `offset` is where in the history the first one goes. */
export function freezeMessages(messages: readonly LLMMessage[], offset = 0): LLMMessage[] {
  return messages.map((message, index) => freezeMessage(message, `messages[${offset + index}]`));
}

function copyOf(message: LLMMessage, field: string): LLMMessage {
  // What is said in words alone, as most is, holds nothing that would have to be copied in depth.
  if (Object.values(message).every((value) => typeof value === "string")) return { ...message };
  try {
    return structuredClone(message);
  } catch (error) {
    throw new InvalidArgumentError(field, "it holds what cannot be copied, such as a function", { cause: error });
  }
}

function checkMessage(message: unknown, field: string): void {
  if (typeof message !== "object" || message === null || Array.isArray(message)) {
    throw new InvalidArgumentError(field, `expected a message object, got ${kindOf(message)}`);
  }
  const fields = message as Record<string, unknown>;
  if ("llm" in fields) {
    if (typeof fields["llm"] === "string" && fields["message"] !== undefined) return;
    throw new InvalidArgumentError(field, "a provider-specific message is { llm: string, message }");
  }
  if (!roles.has(fields["role"])) {
    throw new InvalidArgumentError(
      `${field}.role`,
      `expected system, developer, user, assistant or tool, got ${kindOf(fields["role"])}`,
    );
  }
  checkContent(fields, field);
  checkCalls(fields, field);
}

function checkContent(fields: Record<string, unknown>, field: string): void {
  const content = fields["content"];
  const isAssistant = fields["role"] === "assistant";
  if (typeof content === "string" || (isAssistant && (content === null || content === undefined))) return;
  if (!Array.isArray(content)) {
    throw new InvalidArgumentError(
      `${field}.content`,
      `expected a string or an array of parts, got ${kindOf(content)}`,
    );
  }
  for (const [index, part] of content.entries()) {
    const type: unknown = typeof part === "object" && part !== null ? (part as { type?: unknown }).type : undefined;
    expectString(type, `${field}.content[${index}].type`);
  }
}

function checkCalls(fields: Record<string, unknown>, field: string): void {
  if (fields["role"] === "tool") expectString(fields["tool_call_id"], `${field}.tool_call_id`);
  const calls = fields["tool_calls"];
  if (calls === undefined || calls === null) return;
  if (!Array.isArray(calls)) {
    throw new InvalidArgumentError(`${field}.tool_calls`, `expected an array, got ${kindOf(calls)}`);
  }
  for (const [index, call] of calls.entries()) checkCall(call, `${field}.tool_calls[${index}]`);
}

function checkCall(call: unknown, field: string): void {
  const { id, type, function: called } = (call ?? {}) as Record<string, unknown>;
  expectString(id, `${field}.id`);
  if (type !== "function") return;
  const { name, arguments: args } = (called ?? {}) as Record<string, unknown>;
  expectString(name, `${field}.function.name`);
  expectString(args, `${field}.function.arguments`);
}

function expectString(value: unknown, field: string): void {
  if (typeof value !== "string") throw new InvalidArgumentError(field, `expected a string, got ${kindOf(value)}`);
}

function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value) && !ArrayBuffer.isView(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) deepFreeze(inner);
  }
  return value;
}
