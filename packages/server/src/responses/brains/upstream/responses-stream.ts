import type { Response, ResponseOutputItem, ResponseStreamEvent } from "openai/resources/responses/responses";
import type { BrainOutput } from "../../brain.ts";
import { fromBody, type Scrub, upstreamFault } from "./errors.ts";
import { noEncryptedContent } from "./responses-request.ts";

/** Turns the events of a response into a brain's output: text at once, calls and reasoning when they are complete. */
export async function* readResponsesStream(
  events: AsyncIterable<ResponseStreamEvent>,
  scrub: Scrub,
): AsyncGenerator<BrainOutput, void> {
  const reader = new ResponsesReader(scrub);
  for await (const event of events) {
    yield* reader.read(event);
    if (reader.ended) return;
  }
  throw upstreamFault("its stream ended before its answer did.");
}

class ResponsesReader {
  readonly #scrub: Scrub;
  /** The output indexes of the items that were yielded. */
  readonly #said = new Set<number>();
  /** Whether the response is over. Anything that a server sends after that is ignored. */
  ended = false;

  constructor(scrub: Scrub) {
    this.#scrub = scrub;
  }

  read(event: ResponseStreamEvent): Iterable<BrainOutput> {
    switch (event.type) {
      case "response.output_text.delta":
        return this.#delta("text", event.delta, event.output_index);
      case "response.refusal.delta":
        return this.#delta("refusal", event.delta, event.output_index);
      case "response.output_item.done":
        return this.#item(event.item, event.output_index);
      case "response.completed":
      case "response.incomplete":
        return this.#end(event.response);
      case "response.failed":
        return this.#fail(event.response.error);
      case "error": {
        const { type: _type, sequence_number: _number, ...error } = event;
        return this.#fail(error);
      }
      default:
        return [];
    }
  }

  *#delta(type: "text" | "refusal", delta: string, place: number): Iterable<BrainOutput> {
    this.#said.add(place);
    yield { type, delta };
  }

  *#item(item: ResponseOutputItem, place: number): Iterable<BrainOutput> {
    if (this.#said.has(place)) return;
    this.#said.add(place);
    if (item.type === "function_call") {
      yield { type: "function_call", name: item.name, arguments: item.arguments, callId: item.call_id };
    } else if (item.type === "reasoning") {
      const texts = [...item.summary, ...(item.summary.length === 0 ? (item.content ?? []) : [])];
      const summary = texts.map(({ text }) => text).join("\n\n");
      yield { type: "reasoning", summary, encryptedContent: item.encrypted_content ?? noEncryptedContent };
    } else if (item.type === "message") {
      yield* item.content.map((part): BrainOutput =>
        part.type === "refusal" ? { type: "refusal", delta: part.refusal } : { type: "text", delta: part.text },
      );
    }
  }

  /** Some servers send no events for items that they list in the final response. */
  *#end(response: Response): Iterable<BrainOutput> {
    this.ended = true;
    for (const [place, item] of (response.output ?? []).entries()) yield* this.#item(item, place);
    const { usage, incomplete_details: details } = response;
    // Some servers send zeros for what they do not count.
    if (usage && usage.input_tokens + usage.output_tokens > 0) {
      yield {
        type: "usage",
        inputTokens: usage.input_tokens,
        outputTokens: usage.output_tokens,
        cachedTokens: usage.input_tokens_details?.cached_tokens ?? 0,
        reasoningTokens: usage.output_tokens_details?.reasoning_tokens ?? 0,
      };
    }
    if (response.status === "incomplete") yield { type: "incomplete", reason: details?.reason ?? "max_output_tokens" };
  }

  #fail(error: unknown): never {
    throw fromBody(error, undefined, undefined, this.#scrub);
  }
}
