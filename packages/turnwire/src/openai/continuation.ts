import { isDeepStrictEqual } from "node:util";
import type { RequestReason } from "../llm/index.ts";
import type { ResponseInputItem, ResponseOutputItem } from "../protocol/index.ts";
import type { Conversation } from "./conversation.ts";
import { type Essence, essenceOf } from "./items.ts";

/** What came after the conversation a response began with: what the model said, or what was given to it on the way. */
export type KnownPart =
  | { kind: "output"; items: readonly ResponseOutputItem[] }
  | { kind: "input"; items: readonly ResponseInputItem[] };

/** A completed response a server can continue: what it answered, and what it said. */
export interface Known {
  readonly responseId: string;
  readonly conversation: Conversation;
  readonly parts: readonly KnownPart[];
}

/** What to send of a conversation, and why. */
export interface Plan<Holder> {
  mode: "incremental" | "full";
  /** Items before this one are known to the server. */
  from: number;
  /** The response to continue, and who holds it. */
  parent: { holder: Holder; responseId: string } | undefined;
  reason: RequestReason;
}

/** Who holds a response that can be continued: a lane. */
export interface KnownHolder {
  latest: Known | undefined;
  /** Rises with every use. */
  usedAt: number;
}

/**
 * Plans what has to be sent of a conversation: what follows the deepest known response whose input and output it
 * continues to the letter; else all of it. No I/O.
 *
 * The law: what the server puts together from the chain and the input sent is exactly the conversation.
 */
export function plan<Holder extends KnownHolder>(
  conversation: Conversation,
  holders: readonly Holder[],
  reasonWithout: RequestReason,
): Plan<Holder> {
  let best: { holder: Holder; responseId: string; from: number } | undefined;
  let newest: { usedAt: number; reason: RequestReason } | undefined;
  for (const holder of holders) {
    const known = holder.latest;
    if (known === undefined) continue;
    const from = matchKnown(conversation, known);
    if (typeof from === "number") {
      if (best === undefined || from > best.from) best = { holder, responseId: known.responseId, from };
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

/** The index behind the known part of the conversation, or why it is not known. */
function matchKnown(conversation: Conversation, known: Known): number | RequestReason {
  let index = known.conversation.length;
  if (!conversation.sharesBeginning(known.conversation, index)) return "history-changed";
  for (const part of joinOutputs(known.parts)) {
    const next =
      part.kind === "input"
        ? matchInput(conversation, index, part.items)
        : matchOutput(conversation, index, part.items);
    if (typeof next === "string") return next;
    index = next;
  }
  return index >= conversation.length ? "nothing-new" : index;
}

/** What the model said before and after an input that was never given reads as one. */
function joinOutputs(parts: readonly KnownPart[]): KnownPart[] {
  const joined: KnownPart[] = [];
  for (const part of parts) {
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
  for (const essence of joinTexts(output.map(essenceOf))) {
    const next =
      essence.kind === "said" ? matchText(conversation, index, essence.text) : matchOne(conversation, index, essence);
    if (next === undefined) return missing[essence.kind];
    index = next;
  }
  return index;
}

const missing: Record<Essence["kind"], RequestReason> = {
  said: "text-missing",
  call: "calls-missing",
  output: "output-missing",
  reasoning: "reasoning-missing",
  other: "output-missing",
};

/** Neighbouring messages read as one text: the context does not know where one ended. */
function joinTexts(essences: readonly Essence[]): Essence[] {
  const joined: Essence[] = [];
  for (const essence of essences) {
    const last = joined.at(-1);
    if (essence.kind === "said" && last?.kind === "said") {
      joined[joined.length - 1] = { kind: "said", text: last.text + essence.text };
    } else joined.push(essence);
  }
  return joined.filter((essence) => essence.kind !== "said" || essence.text !== "");
}

function matchText(conversation: Conversation, from: number, text: string): number | undefined {
  let rest = text;
  let index = from;
  while (rest !== "") {
    const essence = conversation.at(index)?.essence;
    if (essence?.kind !== "said" || !rest.startsWith(essence.text)) return undefined;
    rest = rest.slice(essence.text.length);
    index += 1;
  }
  return index;
}

function matchOne(conversation: Conversation, index: number, essence: Essence): number | undefined {
  const held = conversation.at(index)?.essence;
  if (held === undefined || essence.kind === "other") return undefined;
  return sameEssence(held, essence) ? index + 1 : undefined;
}

function sameEssence(one: Essence, other: Essence): boolean {
  if (one.kind === "reasoning" && other.kind === "reasoning") return one.id === other.id;
  if (one.kind !== "call" || other.kind !== "call") return false;
  return one.callId === other.callId && one.name === other.name && one.arguments === other.arguments;
}
