import { ProviderError } from "../../errors.ts";
import {
  type Frame,
  type FunctionCall,
  LLMTextFrame,
  LLMThoughtEndFrame,
  LLMThoughtStartFrame,
  LLMThoughtTextFrame,
  type LLMTokenUsage,
} from "../../frames/index.ts";
import {
  isObject,
  normalizeError,
  providerError,
  type RawEvent,
  type ResponseOutputItem,
} from "../../protocol/index.ts";
import { providerName } from "../request/index.ts";
import { keyOf } from "../request/index.ts";
import { type OutputItem, OutputItems } from "./output-items.ts";
import { readUsage } from "./usage.ts";

/** How a response ended. */
export interface ReadResponse {
  responseId: string | undefined;
  /** Whether it is complete, so that it can be continued. */
  completed: boolean;
  incompleteReason: string | undefined;
  output: readonly ResponseOutputItem[];
  functionCalls: readonly FunctionCall[];
  usage: LLMTokenUsage | undefined;
}

/**
 * Reads one response's events into frames. Text is delivered once and whole, from the deltas, the finished items or the last
 * event, whichever of them the server sends. Events of unknown types are skipped.
 */
export class ResponseReader {
  responseId: string | undefined;
  model: string | undefined;
  /** Set by the event that ends the response. */
  result: ReadResponse | undefined;
  /** Whether nothing of the response can follow. */
  ended = false;
  readonly #items = new OutputItems();
  #frames: Frame[] | undefined;
  #lastSequence = Number.NEGATIVE_INFINITY;
  #rises = 0;

  /**
   * Returns the frames of an event, usually none or one.
   * @throws ProviderError for an `error` event or a failed response.
   */
  read(event: RawEvent): readonly Frame[] {
    const { kind } = event;
    if (kind === "text") {
      const frame = this.readText(event);
      return frame === undefined ? none : [frame];
    }
    if (kind === "error" || kind === "unclear") {
      // An error within a response is followed by the event that ends it; an unclear one may not be about the response.
      this.ended = this.responseId === undefined && kind === "error";
      throw providerError(normalizeError(event), this.responseId);
    }
    this.ended = false;
    if (this.#isRepeated(event)) return none;
    this.#frames = undefined;
    handlers.get(event.type)?.(this, event);
    return this.#frames ?? none;
  }

  /** Returns the frame of an event of the kind `text`, without a list around it: nearly all events are of that kind. */
  readText(event: RawEvent): Frame | undefined {
    this.ended = false;
    const text = event["delta"];
    if (this.#isRepeated(event) || typeof text !== "string") return undefined;
    const item = this.#items.at("message", event["item_id"], event["output_index"]);
    item.pieces.push(text);
    return text === "" ? undefined : new LLMTextFrame(text);
  }

  /** @internal */
  onResponse(event: RawEvent): Record<string, unknown> {
    const response = isObject(event["response"]) ? event["response"] : {};
    if (typeof response["id"] === "string") this.responseId = response["id"];
    if (typeof response["model"] === "string") this.model = response["model"];
    return response;
  }

  /** @internal */
  onThought(event: RawEvent): void {
    const item = this.#items.at("reasoning", event["item_id"], event["output_index"]);
    const part = event["summary_index"] ?? event["content_index"] ?? item.part;
    this.#think(item);
    if (item.part !== undefined && item.part !== part) this.#add(new LLMThoughtTextFrame("\n\n"));
    item.part = part;
    if (typeof event["delta"] === "string") this.#add(new LLMThoughtTextFrame(event["delta"]));
  }

  /** @internal */
  onArguments(event: RawEvent): void {
    if (typeof event["arguments"] !== "string") return;
    this.#items.at("function_call", event["item_id"], event["output_index"]).arguments = event["arguments"];
  }

  /** @internal */
  onItemDone(event: RawEvent): void {
    const { item, item_id: itemId, output_index: index } = event;
    if (isOutputItem(item)) this.#finish(this.#items.at(item.type, item.id ?? itemId, index), item);
  }

  /** @internal */
  onFailed(event: RawEvent): never {
    this.ended = true;
    const wire = normalizeError({ error: this.onResponse(event)["error"] ?? {} });
    throw providerError({ code: "response_failed", ...wire }, this.responseId);
  }

  /** @internal */
  onEnd(event: RawEvent): void {
    this.ended = true;
    const response = this.onResponse(event);
    const given = Array.isArray(response["output"]) ? response["output"].filter(isOutputItem) : [];
    for (const [at, item] of this.#items.pair(given).entries()) this.#finish(item, given[at]!);
    const output = given.length > 0 ? given : [...this.#items].flatMap(({ done }) => done ?? []);
    const completed = event.type === "response.completed";
    this.result = {
      responseId: this.responseId,
      completed,
      incompleteReason: completed ? undefined : incompleteReason(event.type, response),
      output,
      functionCalls: this.#functionCalls(),
      usage: readUsage(response["usage"]),
    };
  }

  #add(frame: Frame): void {
    // An event nearly always gives one frame, and a list of one takes less memory than one that may grow.
    if (this.#frames === undefined) this.#frames = [frame];
    else this.#frames.push(frame);
  }

  /** Whether the server or a proxy sent a delta again. The numbers only tell that if the server lets them rise. */
  #isRepeated(event: RawEvent): boolean {
    const sequence = event["sequence_number"];
    if (typeof sequence !== "number") return false;
    const isRising = this.#rises >= 2;
    if (sequence > this.#lastSequence) {
      this.#rises += 1;
      this.#lastSequence = sequence;
      return false;
    }
    return isRising && event.type.endsWith(".delta");
  }

  #say(item: OutputItem, text: string): void {
    if (text === "") return;
    item.pieces.push(text);
    this.#add(new LLMTextFrame(text));
  }

  #think(item: OutputItem): void {
    if (item.thinking) return;
    item.thinking = true;
    this.#add(new LLMThoughtStartFrame());
  }

  #finish(state: OutputItem, item: ResponseOutputItem): void {
    if (state.done !== undefined) return;
    state.done = item;
    if (item.type === "reasoning") this.#finishThought(state, item);
    if (item.type !== "message") return;
    const key = keyOf(item);
    const text = key.kind === "text" ? key.text : "";
    const said = state.pieces.join("");
    if (text.startsWith(said)) this.#say(state, text.slice(said.length));
    else if (text !== "") {
      throw new ProviderError("invalid_response", "the finished text of the server differs from the text it streamed", {
        ...(this.responseId === undefined ? {} : { responseId: this.responseId }),
      });
    }
  }

  #finishThought(state: OutputItem, item: Extract<ResponseOutputItem, { type: "reasoning" }>): void {
    if (!state.thinking) {
      this.#think(state);
      const summary = (item.summary ?? []).map(({ text }) => text).join("\n\n");
      if (summary !== "") this.#add(new LLMThoughtTextFrame(summary));
    }
    this.#add(new LLMThoughtEndFrame(providerName, item));
  }

  /** Returns the finished calls, each once. An unfinished one must not run. */
  #functionCalls(): FunctionCall[] {
    const calls = new Map<string, FunctionCall>();
    for (const { done, arguments: streamed } of this.#items) {
      if (done?.type !== "function_call" || done.status === "incomplete") continue;
      const args = done.arguments || streamed || "";
      calls.set(done.call_id, { functionName: done.name, toolCallId: done.call_id, arguments: args });
    }
    return [...calls.values()];
  }
}

const none: readonly Frame[] = [];

type Handler = (reader: ResponseReader, event: RawEvent) => void;

const handlers: ReadonlyMap<string, Handler> = new Map<string, Handler>([
  ["response.created", (reader, event) => void reader.onResponse(event)],
  ["response.reasoning_summary_text.delta", (reader, event) => reader.onThought(event)],
  ["response.reasoning_text.delta", (reader, event) => reader.onThought(event)],
  ["response.function_call_arguments.done", (reader, event) => reader.onArguments(event)],
  ["response.output_item.done", (reader, event) => reader.onItemDone(event)],
  ["response.completed", (reader, event) => reader.onEnd(event)],
  ["response.incomplete", (reader, event) => reader.onEnd(event)],
  ["response.cancelled", (reader, event) => reader.onEnd(event)],
  ["response.failed", (reader, event) => reader.onFailed(event)],
]);

function isOutputItem(item: unknown): item is ResponseOutputItem {
  return isObject(item) && typeof item["type"] === "string";
}

function incompleteReason(type: string, response: Record<string, unknown>): string {
  const details = response["incomplete_details"];
  if (isObject(details) && typeof details["reason"] === "string") return details["reason"];
  return type === "response.cancelled" ? "cancelled" : "unknown";
}
