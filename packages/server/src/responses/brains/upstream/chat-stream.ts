import type { ChatCompletionChunk } from "openai/resources/chat/completions/completions";
import type { CompletionUsage } from "openai/resources/completions";
import { isObject } from "turnwire/internal";
import type { BrainOutput, BrainRequest, BrainUsage } from "../../brain.ts";
import { upstreamFault } from "./errors.ts";

/** A call whose deltas are still coming. */
interface PartialCall {
  id: string;
  name: string;
  arguments: string;
}

/** Model servers add fields to the deltas and leave out required ones. */
interface Delta {
  content?: string | null;
  refusal?: string | null;
  reasoning_content?: string | null;
  reasoning?: string | null;
  tool_calls?: readonly ToolCallDelta[] | null;
}

interface ToolCallDelta {
  index?: number | null;
  id?: string | null;
  function?: { name?: string | null; arguments?: unknown } | null;
}

const incompleteReasons: Readonly<Record<string, string>> = {
  length: "max_output_tokens",
  content_filter: "content_filter",
};

/** Turns chunks into a brain's output: text at once, calls and reasoning when they are complete. */
export async function* readChatStream(
  chunks: AsyncIterable<ChatCompletionChunk>,
  conversation: BrainRequest["conversation"],
): AsyncGenerator<BrainOutput, void> {
  const reader = new ChatReader(conversation);
  for await (const chunk of chunks) yield* reader.read(chunk);
  yield* reader.end();
}

class ChatReader {
  readonly #calls: PartialCall[] = [];
  readonly #callsByIndex = new Map<number, PartialCall>();
  readonly #usedIds: Set<string>;
  #thought = "";
  #finish: string | undefined;
  #usage: CompletionUsage | undefined;

  constructor(conversation: BrainRequest["conversation"]) {
    const ids = conversation.map((item) => (item.type === "function_call" ? item.call_id : ""));
    this.#usedIds = new Set(ids);
  }

  *read(chunk: ChatCompletionChunk): Iterable<BrainOutput> {
    // Some servers send zeros for what they do not count, or have not counted yet.
    if (isObject(chunk.usage) && (chunk.usage.total_tokens ?? 0) > 0) this.#usage = chunk.usage;
    const choice = chunk.choices?.[0];
    if (choice === undefined) return;
    if (typeof choice.finish_reason === "string") this.#finish = choice.finish_reason;
    const delta = (choice.delta ?? {}) as Delta;
    this.#thought += delta.reasoning_content ?? delta.reasoning ?? "";
    const { content, refusal } = delta;
    if (content || refusal) yield* this.#thoughtOut();
    if (content) yield { type: "text", delta: content };
    if (refusal) yield { type: "refusal", delta: refusal };
    for (const call of delta.tool_calls ?? []) this.#addCall(call);
  }

  *end(): Iterable<BrainOutput> {
    if (this.#finish === undefined) throw upstreamFault("its stream ended before its answer did.");
    yield* this.#thoughtOut();
    const reason = incompleteReasons[this.#finish];
    yield* this.#callsOut(reason !== undefined);
    if (this.#usage !== undefined) yield toUsage(this.#usage);
    if (reason !== undefined) yield { type: "incomplete", reason };
  }

  *#thoughtOut(): Iterable<BrainOutput> {
    if (this.#thought === "") return;
    yield { type: "reasoning", summary: this.#thought };
    this.#thought = "";
  }

  #addCall(delta: ToolCallDelta): void {
    const index = delta.index ?? Math.max(0, this.#calls.length - 1);
    let call = this.#callsByIndex.get(index);
    // Some servers give every call the index 0: a new id with a new name is another call.
    const isOther = call !== undefined && delta.id && call.id !== "" && delta.id !== call.id && delta.function?.name;
    if (call === undefined || isOther) {
      call = { id: "", name: "", arguments: "" };
      this.#calls.push(call);
      this.#callsByIndex.set(index, call);
    }
    if (delta.id) call.id = delta.id;
    if (delta.function?.name) call.name = delta.function.name;
    call.arguments += argumentsText(delta.function?.arguments);
  }

  /** If the answer was cut short, the last call is incomplete and left out. */
  *#callsOut(cutShort: boolean): Iterable<BrainOutput> {
    for (const { id, name, arguments: args } of this.#calls) {
      if (cutShort && !isWhole(args)) continue;
      if (name === "") throw upstreamFault("it called a function without a name.");
      const callId = id === "" || this.#usedIds.has(id) ? {} : { callId: id };
      this.#usedIds.add(id);
      yield { type: "function_call", name, arguments: args.trim() === "" ? "{}" : args, ...callId };
    }
  }
}

/** Some servers send the arguments as an object instead of JSON text. */
function argumentsText(value: unknown): string {
  if (typeof value === "string") return value;
  return value === undefined || value === null ? "" : JSON.stringify(value);
}

function isWhole(args: string): boolean {
  try {
    return isObject(JSON.parse(args));
  } catch {
    return false;
  }
}

function toUsage(usage: CompletionUsage): BrainUsage {
  const cached = usage.prompt_tokens_details?.cached_tokens;
  const reasoning = usage.completion_tokens_details?.reasoning_tokens;
  return {
    type: "usage",
    inputTokens: usage.prompt_tokens ?? 0,
    outputTokens: usage.completion_tokens ?? 0,
    ...(typeof cached === "number" ? { cachedTokens: cached } : {}),
    ...(typeof reasoning === "number" ? { reasoningTokens: reasoning } : {}),
  };
}
