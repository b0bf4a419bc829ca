import type { Brain } from "../../src/server/index.ts";
import { monotonicMs, type PreciseTimers } from "./time.ts";

export interface ModelTimes {
  firstTokenMs: number;
  tokenMs: number;
}

/** How many words a reply has. */
export const lengths = { short: 5, long: 300 } as const;

export interface Question {
  /** What the user says: of always the same size, and never the same twice. */
  text: string;
  /** What the model answers again and again, and to no other question. */
  word: string;
  words: number;
}

let asked = 0;

/** A question nobody has asked before. */
export function newQuestion(length: keyof typeof lengths): Question {
  const tag = (++asked).toString(36).padStart(4, "0");
  return { text: `${length} ${tag}`, word: ` ${tag}`, words: lengths[length] };
}

/** The model: its first word after a time, the others at intervals, to the microsecond. */
export function modelOf({ firstTokenMs, tokenMs }: ModelTimes, timers: PreciseTimers, onAsked: () => void): Brain {
  return async function* ({ conversation, signal }) {
    const firstAt = monotonicMs() + firstTokenMs;
    onAsked();
    const [length, tag] = textOf(conversation.at(-1)).split(" ") as [keyof typeof lengths, string];
    for (let word = 0; word < lengths[length] && !signal.aborted; word += 1) {
      await timers.until(firstAt + word * tokenMs);
      yield { type: "text", delta: ` ${tag}` };
    }
  };
}

export function textOf(item: unknown): string {
  const { content } = item as { content: string | ReadonlyArray<{ text: string }> };
  return typeof content === "string" ? content : content.map(({ text }) => text).join("");
}
