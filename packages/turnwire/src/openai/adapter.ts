import type { Logger } from "../async/index.ts";
import { isSpecificMessage, type LLMContext, type LLMMessage, missingOutput } from "../context/index.ts";
import { InvalidArgumentError, kindOf } from "../errors.ts";
import { isObject, type ResponseInputItem } from "../protocol/index.ts";
import { assistantText, toInputContent } from "./content.ts";
import { Conversation, ItemLog } from "./conversation.ts";
import { type Item, makeItem } from "./items.ts";

/** Whose `LLMSpecificMessage`s these services send, and make of reasoning items. */
export const providerName = "openai";

/** How far a message array has been converted. */
interface Progress {
  log: ItemLog;
  /** Messages whose items are in the log for good. */
  messages: number;
}

/**
 * Turns a context's messages into items. A message is converted once: a context that only grows costs what is new.
 *
 * What cannot be sent as it stands is mended, since the API refuses the whole conversation otherwise: a call without an
 * output gets one that says so; an output without a call, and a thought without what belongs to it, is left out.
 */
export class ContextAdapter {
  readonly #progress = new WeakMap<readonly LLMMessage[], Progress>();
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** @throws InvalidArgumentError naming the message that cannot be sent. */
  toConversation(context: Pick<LLMContext, "messages">): Conversation {
    const { messages } = context;
    let progress = this.#progress.get(messages);
    if (progress === undefined) this.#progress.set(messages, (progress = { log: new ItemLog(), messages: 0 }));
    const mender = new Mender(this.#logger);
    for (let index = progress.messages; index < messages.length; index += 1) {
      for (const item of toItems(messages[index]!, `messages[${index}]`)) mender.add(item);
      if (!mender.isSettled) continue;
      for (const item of mender.take()) progress.log.push(item);
      progress.messages = index + 1;
    }
    return new Conversation(progress.log, mender.close());
  }
}

/** Keeps calls with their outputs, and thoughts with what follows them. */
class Mender {
  readonly #logger: Logger;
  #items: Item[] = [];
  #thoughts: Item[] = [];
  #openCalls = new Set<string>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Whether what has been added is whole: nothing that follows can change it. */
  get isSettled(): boolean {
    return this.#thoughts.length === 0 && this.#openCalls.size === 0;
  }

  add(item: Item): void {
    const { essence } = item;
    if (essence.kind === "reasoning") {
      this.#thoughts.push(item);
    } else if (essence.kind === "output") {
      if (this.#openCalls.delete(essence.callId)) this.#items.push(item);
      else this.#logger.warn("a function output without its call was left out of the conversation");
    } else {
      this.#addOther(item);
    }
  }

  /** What has been added since the last time. */
  take(): Item[] {
    const items = this.#items;
    this.#items = [];
    return items;
  }

  /** The same, with what is open closed. */
  close(): Item[] {
    this.#closeCalls();
    this.#thoughts = [];
    return this.take();
  }

  #addOther(item: Item): void {
    const { essence } = item;
    // Parallel calls come one behind the other; anything else is out of place before their outputs.
    if (essence.kind !== "call") this.#closeCalls();
    if (essence.kind === "call" || essence.kind === "said") this.#items.push(...this.#thoughts);
    this.#thoughts = [];
    this.#items.push(item);
    if (essence.kind === "call") this.#openCalls.add(essence.callId);
  }

  #closeCalls(): void {
    for (const callId of this.#openCalls) this.#items.push(outputItem(callId, missingOutput));
    this.#openCalls.clear();
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
  const text = assistantText(message.content, message.refusal, `${field}.content`);
  const said: Item[] =
    text === "" ? [] : [makeItem({ type: "message", role: "assistant", content: text }, { kind: "said", text })];
  const calls = (message.tool_calls ?? []).map((call, index) => {
    if (call.type !== "function") {
      throw new InvalidArgumentError(
        `${field}.tool_calls[${index}].type`,
        `expected function, got ${kindOf(call.type)}`,
      );
    }
    return callItem(call.id, call.function.name, call.function.arguments);
  });
  return [...said, ...calls];
}

function callItem(callId: string, name: string, args: string): Item {
  const wire: ResponseInputItem = { type: "function_call", call_id: callId, name, arguments: args };
  return makeItem(wire, { kind: "call", callId, name, arguments: args });
}

function outputItem(callId: string, output: ReturnType<typeof toInputContent>): Item {
  return makeItem({ type: "function_call_output", call_id: callId, output }, { kind: "output", callId });
}

/**
 * A reasoning item goes without its id, which a server that stores nothing does not find, and only with its encrypted
 * content, which alone says to another connection what was thought. Other items go as they are.
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
