import type { ResponseOutputItem } from "../protocol/index.ts";
import type { Conversation } from "./conversation.ts";
import { type Essence, essenceOf } from "./items.ts";

/** What to send of a conversation, and why. */
export interface Plan {
  mode: "incremental" | "full";
  /** Items before this one are known to the server. */
  from: number;
  previousResponseId: string | undefined;
  reason: string;
}

/** A completed response: what it answered, and what it said. */
interface Known {
  responseId: string;
  conversation: Conversation;
  output: readonly ResponseOutputItem[];
}

/**
 * Knows what a server's connection holds, and plans what has to be sent: only what the server does not know, if the
 * conversation continues the last response's input and output to the letter; else all of it. No I/O.
 *
 * The law: what the server puts together from the chain and the input sent is exactly the conversation.
 */
export class Continuation {
  #known: Known | undefined;
  #whyNone = "the first request of the connection";

  plan(conversation: Conversation): Plan {
    const known = this.#known;
    if (known === undefined) return full(this.#whyNone);
    const answered = known.conversation.length;
    if (!conversation.sharesBeginning(known.conversation, answered)) return full("the history was changed");
    const matched = matchOutput(conversation, answered, known.output);
    if (typeof matched === "string") return full(matched);
    if (matched >= conversation.length) return full("nothing follows the last response");
    return {
      mode: "incremental",
      from: matched,
      previousResponseId: known.responseId,
      reason: "continues the last response",
    };
  }

  /** A response has completed: from now on it is the one to continue. */
  commit(responseId: string, conversation: Conversation, output: readonly ResponseOutputItem[]): void {
    this.#known = { responseId, conversation, output };
  }

  /** The server does not know the last response any more. */
  forget(why: string): void {
    this.#known = undefined;
    this.#whyNone = why;
  }
}

function full(reason: string): Plan {
  return { mode: "full", from: 0, previousResponseId: undefined, reason };
}

/** The index behind the items that are the output, or why there are none. */
function matchOutput(conversation: Conversation, from: number, output: readonly ResponseOutputItem[]): number | string {
  let index = from;
  for (const essence of joinTexts(output.map(essenceOf))) {
    const next =
      essence.kind === "said" ? matchText(conversation, index, essence.text) : matchOne(conversation, index, essence);
    if (next === undefined) return `the context does not hold the last response's ${label[essence.kind]}`;
    index = next;
  }
  return index;
}

const label: Record<Essence["kind"], string> = {
  said: "text",
  call: "function calls",
  output: "function outputs",
  reasoning: "reasoning",
  other: "output",
};

/** Neighbouring messages read as one text: the context does not know where one ended. */
function joinTexts(essences: readonly Essence[]): Essence[] {
  const joined: Essence[] = [];
  for (const essence of essences) {
    const last = joined.at(-1);
    if (essence.kind === "said" && last?.kind === "said")
      joined[joined.length - 1] = { kind: "said", text: last.text + essence.text };
    else joined.push(essence);
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
