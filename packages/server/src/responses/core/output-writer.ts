import type {
  ResponseFunctionToolCallItem,
  ResponseOutputMessage,
  ResponseOutputRefusal,
  ResponseOutputText,
  ResponseReasoningItem,
} from "openai/resources/responses/responses";
import type { BrainOutput } from "../brain.ts";
import type { EventBody } from "../events.ts";
import type { CreateRequest } from "./create-request.ts";
import { opaqueContent } from "./ids.ts";
import type { ServerCore } from "./server-core.ts";
import { splitTokens } from "./tokens.ts";

export type OutputItem = ResponseOutputMessage | ResponseFunctionToolCallItem | ResponseReasoningItem;
type ItemStatus = "completed" | "incomplete";
type PartType = "output_text" | "refusal";

interface OpenMessage {
  /** Where its only part is, as events say it. */
  readonly place: { readonly item_id: string; readonly output_index: number; readonly content_index: number };
  readonly part: PartType;
  text: string;
}

/** How many tokens of a call's arguments go into one delta. */
const argumentTokensPerDelta = 4;

/** Turns a brain's output into output items and their events, in the order of the API. */
export class OutputWriter {
  readonly #core: ServerCore;
  readonly #emit: (event: EventBody) => void;
  readonly #includesEncrypted: boolean;
  readonly #maxTokens: number;
  readonly #items: OutputItem[] = [];
  #open: OpenMessage | undefined;
  outputTokens = 0;
  reasoningTokens = 0;

  constructor(core: ServerCore, request: CreateRequest, emit: (event: EventBody) => void) {
    const limit = core.brain.countsTokens === true ? null : request.params.max_output_tokens;
    this.#core = core;
    this.#emit = emit;
    this.#includesEncrypted = request.includeEncryptedReasoning;
    this.#maxTokens = limit ?? Infinity;
  }

  /** Whether there is any output. */
  get started(): boolean {
    return this.#items.length > 0 || this.#open !== undefined;
  }

  /** Whether no message is being written. */
  get betweenItems(): boolean {
    return this.#open === undefined;
  }

  /** Whether a function has been called: the client owes its output. */
  get hasCalls(): boolean {
    return this.#items.some((item) => item.type === "function_call");
  }

  /** Whether the piece would begin a new item. */
  beginsItem(output: BrainOutput): boolean {
    if (output.type === "text") return this.#open?.part !== "output_text";
    return output.type !== "refusal" || this.#open?.part !== "refusal";
  }

  /** Writes one piece. Returns false if it had to be cut off at `max_output_tokens`. */
  write(output: Exclude<BrainOutput, { type: "incomplete" | "usage" }>): boolean {
    switch (output.type) {
      case "text":
        return this.#delta("output_text", output.delta);
      case "refusal":
        return this.#delta("refusal", output.delta);
      case "reasoning":
        return this.#reasoning(output.summary ?? "", output.encryptedContent);
      case "function_call":
        return this.#functionCall(output.name, output.arguments, output.callId);
    }
  }

  /** Ends the message that is being written, if there is one. */
  close(status: ItemStatus): void {
    const open = this.#open;
    if (open === undefined) return;
    this.#open = undefined;
    const { place } = open;
    if (open.part === "refusal") this.#emit({ type: "response.refusal.done", ...place, refusal: open.text });
    else this.#emit({ type: "response.output_text.done", ...place, text: open.text, logprobs: [] });
    this.#emit({ type: "response.content_part.done", ...place, part: partOf(open.part, open.text) });
    this.#done(place.output_index, messageOf(open, status));
  }

  /** The items so far. A message that is still open is incomplete. */
  items(): OutputItem[] {
    if (this.#open === undefined) return [...this.#items];
    return [...this.#items, messageOf(this.#open, "incomplete")];
  }

  #delta(part: PartType, delta: string): boolean {
    if (delta === "") return true;
    const { text, fits } = this.#spend(delta);
    if (text === "") return fits;
    if (this.#open?.part !== part) this.#openMessage(part);
    const open = this.#open as OpenMessage;
    open.text += text;
    const { place } = open;
    if (part === "refusal") this.#emit({ type: "response.refusal.delta", ...place, delta: text });
    else this.#emit({ type: "response.output_text.delta", ...place, delta: text, logprobs: [] });
    return fits;
  }

  #openMessage(part: PartType): void {
    this.close("completed");
    const place = { item_id: this.#core.newId("msg"), output_index: this.#items.length, content_index: 0 };
    this.#open = { place, part, text: "" };
    const item: ResponseOutputMessage = { ...messageOf(this.#open, "in_progress"), content: [] };
    this.#emit({ type: "response.output_item.added", output_index: place.output_index, item });
    this.#emit({ type: "response.content_part.added", ...place, part: partOf(part, "") });
  }

  #functionCall(name: string, args: string, callId: string | undefined): boolean {
    this.close("completed");
    this.outputTokens += this.#core.tokens.count(name);
    const { text, fits } = this.#spend(args);
    const index = this.#items.length;
    const item: ResponseFunctionToolCallItem = {
      id: this.#core.newId("fc"),
      type: "function_call",
      status: "in_progress",
      call_id: callId ?? this.#core.newId("call"),
      name,
      arguments: "",
    };
    const place = { item_id: item.id, output_index: index };
    this.#emit({ type: "response.output_item.added", output_index: index, item });
    const tokens = splitTokens(text);
    for (let start = 0; start < tokens.length; start += argumentTokensPerDelta) {
      const delta = tokens.slice(start, start + argumentTokensPerDelta).join("");
      this.#emit({ type: "response.function_call_arguments.delta", ...place, delta });
    }
    this.#emit({ type: "response.function_call_arguments.done", ...place, arguments: text });
    this.#done(index, { ...item, status: fits ? "completed" : "incomplete", arguments: text });
    return fits;
  }

  #reasoning(summary: string, encryptedContent: string | undefined): boolean {
    this.close("completed");
    const before = this.outputTokens;
    const { text, fits } = this.#spend(summary);
    this.reasoningTokens += this.outputTokens - before;
    const index = this.#items.length;
    const item: ResponseReasoningItem = { id: this.#core.newId("rs"), type: "reasoning", summary: [] };
    this.#emit({ type: "response.output_item.added", output_index: index, item });
    if (text !== "") this.#summary(item.id, index, text);
    const encrypted = this.#includesEncrypted
      ? { encrypted_content: encryptedContent ?? opaqueContent(this.#core.random) }
      : {};
    this.#done(index, { ...item, ...encrypted, summary: text === "" ? [] : [{ type: "summary_text", text }] });
    return fits;
  }

  #summary(itemId: string, index: number, text: string): void {
    const place = { item_id: itemId, output_index: index, summary_index: 0 };
    this.#emit({ type: "response.reasoning_summary_part.added", ...place, part: { type: "summary_text", text: "" } });
    this.#emit({ type: "response.reasoning_summary_text.delta", ...place, delta: text });
    this.#emit({ type: "response.reasoning_summary_text.done", ...place, text });
    this.#emit({ type: "response.reasoning_summary_part.done", ...place, part: { type: "summary_text", text } });
  }

  #done(index: number, item: OutputItem): void {
    this.#items.push(item);
    this.#emit({ type: "response.output_item.done", output_index: index, item });
  }

  /** The part of the text that there are tokens left for. */
  #spend(text: string): { text: string; fits: boolean } {
    const { tokens } = this.#core;
    const left = Math.max(0, this.#maxTokens - this.outputTokens);
    const size = tokens.count(text);
    this.outputTokens += Math.min(left, size);
    if (size <= left) return { text, fits: true };
    return { text: tokens.split(text).slice(0, left).join(""), fits: false };
  }
}

function partOf(part: PartType, text: string): ResponseOutputText | ResponseOutputRefusal {
  if (part === "refusal") return { type: "refusal", refusal: text };
  return { type: "output_text", text, annotations: [], logprobs: [] };
}

function messageOf(open: OpenMessage, status: ResponseOutputMessage["status"]): ResponseOutputMessage {
  return {
    id: open.place.item_id,
    type: "message",
    role: "assistant",
    status,
    content: [partOf(open.part, open.text)],
  };
}
