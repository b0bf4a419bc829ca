import type { ResponseInputItem } from "turnwire/internal";

/** A function call of the current turn, and what came back. */
export interface AnsweredCall {
  readonly name: string;
  readonly arguments: string;
  /** Absent while there is no output yet. */
  readonly output?: string;
}

/** What the brain needs to know of a conversation. */
export interface Reading {
  /** What the user said last; empty when there is no user message. */
  readonly said: string;
  /** What the user said before that, the oldest first. */
  readonly saidBefore: readonly string[];
  /** The calls made since the user spoke. */
  readonly calls: readonly AnsweredCall[];
  /** The last call made before the user spoke. */
  readonly lastCall: AnsweredCall | undefined;
}

/** Of a longer message only the beginning is understood: the rules are for sentences, not for documents. */
const longestRead = 4_000;

export function readConversation(conversation: readonly ResponseInputItem[]): Reading {
  const start = conversation.findLastIndex(isUserMessage);
  const { current, earlier } = splitCalls(conversation, start);
  const said = conversation.filter(isUserMessage).map((item) => textOf(item).slice(0, longestRead));
  return {
    said: said.at(-1) ?? "",
    saidBefore: said.slice(0, -1),
    calls: callsOf(current),
    lastCall: callsOf(earlier).at(-1),
  };
}

/** Calls belong to what the user said last, too, when steering has put those words between them and their outputs. */
function splitCalls(
  conversation: readonly ResponseInputItem[],
  start: number,
): { current: ResponseInputItem[]; earlier: ResponseInputItem[] } {
  const after = conversation.slice(start + 1);
  const answered = new Set(after.flatMap((item) => (item.type === "function_call_output" ? [item.call_id] : [])));
  const before = conversation.slice(0, Math.max(0, start));
  const belongs = (item: ResponseInputItem): boolean => item.type === "function_call" && answered.has(item.call_id);
  return { current: [...before.filter(belongs), ...after], earlier: before.filter((item) => !belongs(item)) };
}

function callsOf(items: readonly ResponseInputItem[]): AnsweredCall[] {
  const outputs = new Map<string, string>();
  for (const item of items) {
    if (item.type === "function_call_output" && typeof item.call_id === "string")
      outputs.set(item.call_id, partsText(item.output));
  }
  const calls: AnsweredCall[] = [];
  for (const item of items) {
    if (item.type !== "function_call") continue;
    const output = outputs.get(item.call_id);
    calls.push({ name: item.name, arguments: item.arguments, ...(output === undefined ? {} : { output }) });
  }
  return calls;
}

function isUserMessage(item: ResponseInputItem): boolean {
  return "role" in item && item.role === "user";
}

function textOf(item: ResponseInputItem): string {
  return "content" in item ? partsText(item.content) : "";
}

function partsText(content: unknown): string {
  if (typeof content === "string") return content.trim();
  if (!Array.isArray(content)) return "";
  const texts = content.map((part: { text?: unknown }) => (typeof part.text === "string" ? part.text : ""));
  return texts.join(" ").trim();
}
