import type { ResponseInputItem } from "openai/resources/responses/responses";
import type {
  ChatCompletionMessageFunctionToolCall,
  ChatCompletionMessageParam,
} from "openai/resources/chat/completions/completions";
import { isObject } from "turnwire/internal";
import type { BrainRequest } from "../../brain.ts";
import { type ItemContent, type Message, splitOutput, toText, toUserContent } from "./content.ts";
import { compactedText } from "./compacted.ts";
import { notForUpstream } from "./errors.ts";

type Item<Type extends NonNullable<ResponseInputItem["type"]>> = Extract<ResponseInputItem, { type: Type }>;

/** Consecutive items of the assistant, which are one message of Chat Completions. */
interface AssistantTurn {
  readonly texts: string[];
  readonly calls: ChatCompletionMessageFunctionToolCall[];
  readonly thought: string;
}

/** The whole conversation as messages of Chat Completions. */
export function toMessages(
  { instructions, conversation }: Pick<BrainRequest, "instructions" | "conversation">,
  sendReasoning: boolean,
): ChatCompletionMessageParam[] {
  const writer = new MessageWriter(conversation, sendReasoning);
  if (instructions !== undefined && instructions !== "") writer.system(instructions);
  for (const [index, item] of conversation.entries()) writer.add(item, index);
  return writer.end();
}

class MessageWriter {
  readonly #messages: ChatCompletionMessageParam[] = [];
  /** The outputs not yet paired with a call, by call id. Some servers reuse ids, so there can be several. */
  readonly #outputs = new Map<string, ItemContent[]>();
  readonly #thoughtsFrom: number;
  #turn: AssistantTurn | undefined;
  #thought = "";

  constructor(conversation: BrainRequest["conversation"], sendReasoning: boolean) {
    for (const item of conversation) {
      if (item.type !== "function_call_output") continue;
      const callId = item.call_id ?? "";
      this.#outputs.set(callId, [...(this.#outputs.get(callId) ?? []), item.output]);
    }
    const isUsers = (item: ResponseInputItem): boolean => "role" in item && item.role === "user";
    this.#thoughtsFrom = sendReasoning ? conversation.findLastIndex(isUsers) : conversation.length;
  }

  add(item: ResponseInputItem, index: number): void {
    if ("role" in item && "content" in item) return this.#message(item);
    switch (item.type) {
      case "function_call":
        return this.#call(item);
      // An output goes right after its call, wherever the client put it.
      case "function_call_output":
        return this.#closeTurn();
      case "reasoning":
        return this.#think(item, index);
      case "compaction":
        return this.#compacted(item);
      default: {
        const wayOut = 'leave them out, or use an upstream with api: "responses"';
        throw notForUpstream("input", `Items of the type '${item.type}'`, wayOut);
      }
    }
  }

  /** Leading system messages become one, since the templates of many models allow no second. */
  system(text: string): void {
    const [first] = this.#messages;
    if (this.#messages.length === 1 && first?.role === "system" && typeof first.content === "string") {
      this.#messages[0] = { role: "system", content: `${first.content}\n\n${text}` };
    } else {
      this.#messages.push({ role: "system", content: text });
    }
  }

  end(): ChatCompletionMessageParam[] {
    this.#closeTurn();
    return this.#messages;
  }

  #message(item: Message): void {
    if (item.role === "assistant") {
      if ((this.#turn?.calls.length ?? 0) > 0) this.#closeTurn();
      this.#open().texts.push(toText(item.content, "an assistant message"));
      return;
    }
    this.#closeTurn();
    this.#thought = "";
    // Only OpenAI knows `developer`; the templates of other models know `system`.
    if (item.role === "user") this.#messages.push({ role: "user", content: toUserContent(item.content) });
    else this.system(toText(item.content, `a ${item.role} message`));
  }

  #call({ call_id, name, arguments: args }: Item<"function_call">): void {
    this.#open().calls.push({ id: call_id, type: "function", function: { name, arguments: validArguments(args) } });
  }

  #think({ summary, content }: Item<"reasoning">, index: number): void {
    this.#closeTurn();
    if (index < this.#thoughtsFrom) return;
    const texts = [...(content ?? []), ...(content === undefined || content.length === 0 ? summary : [])];
    this.#thought += texts.map(({ text }) => text).join("\n\n");
  }

  #compacted({ encrypted_content }: Item<"compaction">): void {
    const text = compactedText(encrypted_content);
    if (text === undefined)
      throw notForUpstream("input", "The compaction of another server", "send what it stands for");
    this.#closeTurn();
    this.system(text);
  }

  #open(): AssistantTurn {
    this.#turn ??= { texts: [], calls: [], thought: this.#thought };
    this.#thought = "";
    return this.#turn;
  }

  #closeTurn(): void {
    const turn = this.#turn;
    if (turn === undefined) return;
    this.#turn = undefined;
    const content = turn.texts.join("\n");
    if (turn.calls.length === 0) {
      if (content !== "") this.#messages.push({ role: "assistant", content });
      return;
    }
    // Reasoning goes only with its calls: some servers refuse it anywhere else, others refuse a call without it.
    const thought = turn.thought === "" ? {} : { reasoning_content: turn.thought };
    this.#messages.push({ role: "assistant", content, tool_calls: turn.calls, ...thought });
    this.#answer(turn.calls);
  }

  #answer(calls: readonly ChatCompletionMessageFunctionToolCall[]): void {
    const outputs = calls.map(({ id }) => ({ id, ...splitOutput(this.#outputs.get(id)?.shift() ?? "") }));
    for (const { id, text } of outputs) this.#messages.push({ role: "tool", tool_call_id: id, content: text });
    const media = outputs.flatMap((output) => output.media);
    if (media.length > 0) this.#messages.push({ role: "user", content: media });
  }
}

/** Model servers parse the arguments of earlier calls: invalid ones would make every later request fail. */
function validArguments(text: string): string {
  try {
    return isObject(JSON.parse(text)) ? text : "{}";
  } catch {
    return "{}";
  }
}
