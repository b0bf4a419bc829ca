import type { ResponseInputItem } from "openai/resources/responses/responses";
import { textsIn } from "../input-items.ts";

/** A function call of the current turn. */
export interface ReadCall {
  readonly name: string;
  readonly arguments: string;
  /** Undefined: no output has come yet. */
  readonly output: string | undefined;
}

/** What the rules need to know of a conversation. */
export interface Reading {
  /** The user's last message; empty if there is none. */
  readonly said: string;
  /** The user's messages before that, the oldest first. */
  readonly saidBefore: readonly string[];
  /** The calls made since the user's last message. */
  readonly calls: readonly ReadCall[];
}

/** The rules are for sentences, not for documents: they read only the beginning of a longer message. */
const longestRead = 4_000;

export function readConversation(conversation: readonly ResponseInputItem[]): Reading {
  const start = conversation.findLastIndex(isUserMessage);
  const outputs = new Map<string, string>();
  for (const item of conversation.slice(start + 1)) {
    if (item.type === "function_call_output" && typeof item.call_id === "string")
      outputs.set(item.call_id, textIn(item.output));
  }
  // Steering puts the user's words between a call and its output: such a call belongs to the current turn, too.
  const calls = conversation.flatMap((item, index) =>
    item.type === "function_call" && (index > start || outputs.has(item.call_id))
      ? [{ name: item.name, arguments: item.arguments, output: outputs.get(item.call_id) }]
      : [],
  );
  const said = conversation.filter(isUserMessage).map((item) => ("content" in item ? textIn(item.content) : ""));
  return { said: said.at(-1) ?? "", saidBefore: said.slice(0, -1), calls };
}

function isUserMessage(item: ResponseInputItem): boolean {
  return "role" in item && item.role === "user";
}

function textIn(content: unknown): string {
  return textsIn(content).join(" ").trim().slice(0, longestRead);
}
