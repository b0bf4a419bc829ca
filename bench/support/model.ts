import type { Brain } from "@turnwire/server";
import { monotonicMs, type PreciseTimers } from "./time.ts";

export interface ModelTimes {
  firstTokenMs: number;
  tokenMs: number;
}

/** The number of words in a reply. */
export const lengths = { short: 5, long: 300 } as const;

export interface Question {
  /** What the user says. The texts have the same size, and no text occurs twice. */
  text: string;
  /** The word that the model repeats as the answer to this question only. */
  word: string;
  words: number;
}

let asked = 0;

/** Makes a new question: for a reply of usual length, or of this many words; `padding` is the size of additional text. */
export function newQuestion(length: keyof typeof lengths | number, padding = 0): Question {
  const tag = (++asked).toString(36).padStart(4, "0");
  const words = typeof length === "number" ? length : lengths[length];
  const about = padding === 0 ? "" : ` ${"and so on, ".repeat(Math.ceil(padding / 11)).slice(0, padding)}`;
  return { text: `${length} ${tag}${about}`, word: ` ${tag}`, words };
}

/** Makes a question for which the model calls its function this many times, one call after the other, before it answers. */
export function newTask(calls: number): Question {
  const { text, word, words } = newQuestion("short");
  return { text: `${text} ${calls}`, word, words };
}

/** The model: it sends the first output after a time and the others at intervals, exact to the microsecond. */
export function modelOf({ firstTokenMs, tokenMs }: ModelTimes, timers: PreciseTimers, onAsked: () => void): Brain {
  return async function* ({ conversation, tools, signal }) {
    const firstAt = monotonicMs() + firstTokenMs;
    onAsked();
    const at = conversation.findLastIndex((item) => "role" in item && item.role === "user");
    const [length, tag, calls] = textOf(conversation[at]).split(" ", 3) as [string, string, string?];
    // Counting the items would be wrong: a client may send a call again that the server has already.
    const outputs = conversation.slice(at).filter((item) => item.type === "function_call_output");
    const called = new Set(outputs.map(({ call_id }) => call_id)).size;
    const [tool] = tools;
    if (tool?.type === "function" && called < Number(calls)) {
      await timers.until(firstAt);
      yield { type: "function_call", name: tool.name, arguments: JSON.stringify({ query: `${tag} ${called}` }) };
      return;
    }
    const words = length in lengths ? lengths[length as keyof typeof lengths] : Number(length);
    for (let word = 0; word < words && !signal.aborted; word += 1) {
      await timers.until(firstAt + word * tokenMs);
      yield { type: "text", delta: ` ${tag}` };
    }
  };
}

/** The last message of the user. */
export function questionIn(conversation: readonly object[]): string {
  return textOf(conversation.findLast((item) => "role" in item && item.role === "user"));
}

function textOf(item: unknown): string {
  const { content } = item as { content: string | ReadonlyArray<{ text: string }> };
  return typeof content === "string" ? content : content.map(({ text }) => text).join("");
}
