import type { FunctionCall } from "../frames/index.ts";
import type { AssistantMessage } from "./message-types.ts";
import type { LLMMessage } from "./messages.ts";

type Entry =
  | { kind: "text"; pieces: string[] }
  | { kind: "thought"; llm: string; item: unknown }
  | { kind: "calls"; calls: readonly FunctionCall[] };

/** Gathers the output of a model's response, in order, as messages. */
export class AssistantMessages {
  #entries: Entry[] = [];

  addText(text: string): void {
    const last = this.#entries.at(-1);
    if (last?.kind === "text") last.pieces.push(text);
    else this.#entries.push({ kind: "text", pieces: [text] });
  }

  /** Adds a thought in the provider's form. It is kept only together with the output that follows it. */
  addThought(llm: string, item: unknown): void {
    this.#entries.push({ kind: "thought", llm, item });
  }

  addFunctionCalls(calls: readonly FunctionCall[]): void {
    this.#entries.push({ kind: "calls", calls });
  }

  /**
   * Takes the messages so far, and starts empty again.
   * @param cutShort Whether the last text is incomplete: then the thought before it is left out.
   */
  take(cutShort: boolean): LLMMessage[] {
    const entries = this.#entries.filter(
      (entry) => entry.kind !== "text" || entry.pieces.some((piece) => piece !== ""),
    );
    this.#entries = [];
    return toMessages(
      entries.filter((entry, index) => entry.kind !== "thought" || belongsToWhole(entries, index, cutShort)),
    );
  }
}

/** Whether a thought's output, which is the next entry that is no thought, is there and complete. */
function belongsToWhole(entries: readonly Entry[], index: number, cutShort: boolean): boolean {
  const follower = entries.findIndex((entry, at) => at > index && entry.kind !== "thought");
  if (follower === -1) return false;
  return !(cutShort && follower === entries.length - 1 && entries[follower]?.kind === "text");
}

function toMessages(entries: readonly Entry[]): LLMMessage[] {
  const messages: LLMMessage[] = [];
  let open: AssistantMessage | undefined;
  for (const entry of entries) {
    if (entry.kind === "thought") {
      messages.push({ llm: entry.llm, message: entry.item });
      open = undefined;
    } else if (entry.kind === "text") {
      messages.push((open = { role: "assistant", content: entry.pieces.join("") }));
    } else {
      if (open === undefined) messages.push((open = { role: "assistant", content: null }));
      open.tool_calls = entry.calls.map((call) => ({
        id: call.toolCallId,
        type: "function",
        function: { name: call.functionName, arguments: call.arguments },
      }));
      open = undefined;
    }
  }
  return messages;
}
