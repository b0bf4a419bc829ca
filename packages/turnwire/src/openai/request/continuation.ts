import { isDeepStrictEqual } from "node:util";
import type { RequestReason } from "../../llm/index.ts";
import type { ResponseInputItem, ResponseOutputItem } from "../../protocol/index.ts";
import type { Conversation } from "./conversation.ts";
import { type ItemKey, keyOf } from "./items.ts";

/** A part that a response added to its conversation: the model's output, or input that was steered into it. */
export type ResponsePart =
  | { kind: "output"; items: readonly ResponseOutputItem[] }
  | { kind: "input"; items: readonly ResponseInputItem[] };

/** A completed response that the server still has. */
export interface ContinuableResponse {
  readonly responseId: string;
  /** The conversation it answered. */
  readonly conversation: Conversation;
  readonly parts: readonly ResponsePart[];
}

/** Keeps a response that can be continued: a lane. */
export interface ResponseHolder {
  readonly latest: ContinuableResponse | undefined;
  /** Rises with every use. */
  readonly usedAt: number;
}

/** The part of a conversation to send, and the reason. */
export interface Plan<Holder> {
  mode: "incremental" | "full";
  /** The server has the items before this index. */
  from: number;
  /** The response to continue, and what keeps it. */
  parent: { holder: Holder; responseId: string } | undefined;
  reason: RequestReason;
}

/**
 * Plans what to send of a conversation: the items after the deepest response that it continues exactly, or all items.
 * The law: the parent's chain and the input sent are exactly the conversation.
 * @param reasonWithout The reason to give when no holder has a response.
 */
export function plan<Holder extends ResponseHolder>(
  conversation: Conversation,
  holders: readonly Holder[],
  reasonWithout: RequestReason,
): Plan<Holder> {
  let best: { holder: Holder; responseId: string; from: number } | undefined;
  let newest: { usedAt: number; reason: RequestReason } | undefined;
  for (const holder of holders) {
    const response = holder.latest;
    if (response === undefined) continue;
    const from = matchResponse(conversation, response);
    if (typeof from === "number") {
      if (best === undefined || from > best.from) best = { holder, responseId: response.responseId, from };
    } else if (newest === undefined || holder.usedAt > newest.usedAt) {
      newest = { usedAt: holder.usedAt, reason: from };
    }
  }
  if (best === undefined) return { mode: "full", from: 0, parent: undefined, reason: newest?.reason ?? reasonWithout };
  const isLatest = newest === undefined || best.holder.usedAt > newest.usedAt;
  return {
    mode: "incremental",
    from: best.from,
    parent: { holder: best.holder, responseId: best.responseId },
    reason: isLatest ? "continues-last" : "continues-earlier",
  };
}

/** The index after the part of the conversation that the response covers, or why the two differ. */
function matchResponse(conversation: Conversation, response: ContinuableResponse): number | RequestReason {
  let index = response.conversation.length;
  if (!conversation.sharesBeginning(response.conversation, index)) return "history-changed";
  for (const part of joinOutputs(response.parts)) {
    const next =
      part.kind === "input"
        ? matchInput(conversation, index, part.items)
        : matchOutput(conversation, index, part.items);
    if (typeof next === "string") return next;
    index = next;
  }
  return index >= conversation.length ? "nothing-new" : index;
}

/** Joins neighbouring outputs: the context holds what the model said around an input that was never given as one text. */
function joinOutputs(parts: readonly ResponsePart[]): ResponsePart[] {
  const joined: ResponsePart[] = [];
  for (const part of parts) {
    if (part.items.length === 0) continue;
    const last = joined.at(-1);
    if (part.kind === "output" && last?.kind === "output") {
      joined[joined.length - 1] = { kind: "output", items: [...last.items, ...part.items] };
    } else joined.push(part);
  }
  return joined;
}

function matchInput(
  conversation: Conversation,
  from: number,
  items: readonly ResponseInputItem[],
): number | RequestReason {
  for (const [offset, item] of items.entries()) {
    if (!isDeepStrictEqual(conversation.at(from + offset)?.wire, item)) return "steering-missing";
  }
  return from + items.length;
}

function matchOutput(
  conversation: Conversation,
  from: number,
  output: readonly ResponseOutputItem[],
): number | RequestReason {
  let index = from;
  for (const key of joinTexts(output.map(keyOf))) {
    const next = key.kind === "text" ? matchText(conversation, index, key.text) : matchOne(conversation, index, key);
    if (next === undefined) return missing[key.kind];
    index = next;
  }
  return index;
}

const missing: Record<ItemKey["kind"], RequestReason> = {
  text: "text-missing",
  call: "calls-missing",
  output: "output-missing",
  reasoning: "reasoning-missing",
  other: "output-missing",
};

/** Joins neighbouring texts: the context does not know where one message ended. */
function joinTexts(keys: readonly ItemKey[]): ItemKey[] {
  const joined: ItemKey[] = [];
  for (const key of keys) {
    const last = joined.at(-1);
    if (key.kind === "text" && last?.kind === "text") {
      joined[joined.length - 1] = { kind: "text", text: last.text + key.text };
    } else joined.push(key);
  }
  return joined.filter((key) => key.kind !== "text" || key.text !== "");
}

function matchText(conversation: Conversation, from: number, text: string): number | undefined {
  let rest = text;
  let index = from;
  while (rest !== "") {
    const key = conversation.at(index)?.key;
    if (key?.kind !== "text" || !rest.startsWith(key.text)) return undefined;
    rest = rest.slice(key.text.length);
    index += 1;
  }
  return index;
}

function matchOne(conversation: Conversation, index: number, key: ItemKey): number | undefined {
  const held = conversation.at(index)?.key;
  if (held === undefined || key.kind === "other") return undefined;
  return isSameKey(held, key) ? index + 1 : undefined;
}

function isSameKey(one: ItemKey, other: ItemKey): boolean {
  if (one.kind === "reasoning" && other.kind === "reasoning") return one.id === other.id;
  if (one.kind !== "call" || other.kind !== "call") return false;
  return one.callId === other.callId && one.name === other.name && one.arguments === other.arguments;
}
