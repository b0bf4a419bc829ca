import type { Logger } from "../../async/index.ts";
import { historyOf, isSpecificMessage, type LLMContext, type LLMMessage } from "../../context/index.ts";
import { InvalidArgumentError, kindOf } from "../../errors.ts";
import type { ResponseInputItem } from "../../protocol/index.ts";
import { assistantText, toInputContent } from "./content.ts";
import { Conversation, ItemLog } from "./conversation.ts";
import { type Item, makeItem, outputItem } from "./items.ts";
import { pairCalls } from "./pair-calls.ts";
import { specificItem } from "./specific-item.ts";

/** The `llm` of the `LLMSpecificMessage`s that these services send, and make of reasoning items. */
export const providerName = "openai";

/** How far a message array has been converted. */
interface Progress {
  log: ItemLog;
  /** How many messages have all their items in the log. */
  messages: number;
}

/**
 * Turns a context's messages into items. Each message is converted once, so that a growing context costs only what is new.
 *
 * The API refuses a whole conversation for one call without an output, so calls and outputs are paired: see `pairCalls`.
 */
export class ContextAdapter {
  readonly #progress = new WeakMap<readonly LLMMessage[], Progress>();
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** @throws InvalidArgumentError which names the message that cannot be sent. */
  toConversation(context: Pick<LLMContext, "messages">): Conversation {
    const messages = historyOf(context);
    let progress = this.#progress.get(messages);
    if (progress === undefined) this.#progress.set(messages, (progress = { log: new ItemLog(), messages: 0 }));
    const first = progress.messages;
    const added = messages.slice(first).map((message, index) => toItems(message, `messages[${first + index}]`));
    const { items, settled } = pairCalls(added, () => {
      this.#logger.warn("a function output without its call was left out of the conversation");
    });
    for (const item of items.slice(0, settled.items)) progress.log.push(item);
    progress.messages += settled.messages;
    return new Conversation(progress.log, items.slice(settled.items));
  }
}

type RoleMessage<R> = Extract<LLMMessage, { role: R }>;

function toItems(message: LLMMessage, field: string): Item[] {
  if (isSpecificMessage(message)) return message.llm === providerName ? [specificItem(message.message, field)] : [];
  switch (message.role) {
    case "system":
    case "developer":
    case "user":
      return [inputItem(message, field)];
    case "assistant":
      return assistantItems(message, field);
    case "tool":
      return [outputItem(message.tool_call_id, toInputContent(message.content, `${field}.content`))];
    default:
      throw new InvalidArgumentError(`${field}.role`, `messages of the role ${message.role} cannot be sent; use tool`);
  }
}

function inputItem(message: RoleMessage<"system" | "developer" | "user">, field: string): Item {
  const content = toInputContent(message.content, `${field}.content`);
  return makeItem({ type: "message", role: message.role, content }, { kind: "other" });
}

function assistantItems(message: RoleMessage<"assistant">, field: string): Item[] {
  if (message.audio !== undefined && message.audio !== null) {
    throw new InvalidArgumentError(
      `${field}.audio`,
      "the Responses API takes no audio of the assistant; give its text",
    );
  }
  if (message.function_call !== undefined && message.function_call !== null) {
    throw new InvalidArgumentError(
      `${field}.function_call`,
      "a call goes into tool_calls, its output into a message of the role tool",
    );
  }
  const text = assistantText(message.content, message.refusal, `${field}.content`);
  const spoken: Item[] =
    text === "" ? [] : [makeItem({ type: "message", role: "assistant", content: text }, { kind: "text", text })];
  const calls = (message.tool_calls ?? []).map((call, index) => {
    if (call.type !== "function") {
      throw new InvalidArgumentError(
        `${field}.tool_calls[${index}].type`,
        `expected function, got ${kindOf(call.type)}`,
      );
    }
    return callItem(call.id, call.function.name, call.function.arguments);
  });
  return [...spoken, ...calls];
}

function callItem(callId: string, name: string, args: string): Item {
  const wire: ResponseInputItem = { type: "function_call", call_id: callId, name, arguments: args };
  return makeItem(wire, { kind: "call", callId, name, arguments: args });
}
