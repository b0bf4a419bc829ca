import type { Logger } from "../../async/index.ts";
import { historyOf, isSpecificMessage, type LLMContext, type LLMMessage, missingOutput } from "../../context/index.ts";
import { InvalidArgumentError, kindOf } from "../../errors.ts";
import { isObject, type ResponseInputItem } from "../../protocol/index.ts";
import { assistantText, toInputContent } from "./content.ts";
import { Conversation, ItemLog } from "./conversation.ts";
import { type Item, makeItem } from "./items.ts";

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

interface Paired {
  items: readonly Item[];
  /** How many messages, and items of the result, no later message can change. */
  settled: { messages: number; items: number };
}

/**
 * Pairs calls with their outputs, and reasoning with what follows it. A call without an output gets one that says so. An
 * output without a call is left out, and so is reasoning that nothing of the model's follows.
 * @param messages The items of each message.
 */
function pairCalls(messages: ReadonlyArray<readonly Item[]>, onOrphan: () => void): Paired {
  const items: Item[] = [];
  let settled = { messages: 0, items: 0 };
  let reasoning: Item[] = [];
  const openCalls = new Set<string>();
  const closeCalls = (): void => {
    for (const callId of openCalls) items.push(outputItem(callId, missingOutput));
    openCalls.clear();
  };
  const add = (item: Item): void => {
    const { key } = item;
    if (key.kind === "reasoning") return void reasoning.push(item);
    if (key.kind === "output") {
      if (openCalls.delete(key.callId)) items.push(item);
      else onOrphan();
      return;
    }
    // Parallel calls stand side by side. Anything else must not stand before their outputs.
    if (key.kind !== "call") closeCalls();
    if (key.kind === "call" || key.kind === "text") items.push(...reasoning);
    reasoning = [];
    items.push(item);
    if (key.kind === "call") openCalls.add(key.callId);
  };
  for (const [index, message] of messages.entries()) {
    for (const item of message) add(item);
    if (reasoning.length === 0 && openCalls.size === 0) settled = { messages: index + 1, items: items.length };
  }
  closeCalls();
  return { items, settled };
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

function outputItem(callId: string, output: ReturnType<typeof toInputContent>): Item {
  return makeItem({ type: "function_call_output", call_id: callId, output }, { kind: "output", callId });
}

/**
 * A reasoning item is sent without its id, which a server that stores nothing cannot find, and only if it has encrypted
 * content, which alone tells another connection what the model thought. Other items are sent as they are.
 */
function specificItem(item: unknown, field: string): Item {
  if (!isObject(item) || typeof item["type"] !== "string") {
    throw new InvalidArgumentError(`${field}.message`, "expected an input item of the Responses API, with its type");
  }
  if (item["type"] !== "reasoning") return makeItem(item as unknown as ResponseInputItem, { kind: "other" });
  const { id, encrypted_content: encrypted, summary } = item;
  const wire = { type: "reasoning", summary: summary ?? [], encrypted_content: encrypted };
  return makeItem(typeof encrypted === "string" ? (wire as unknown as ResponseInputItem) : undefined, {
    kind: "reasoning",
    id: String(id),
  });
}
