import { missingOutput } from "../../context/index.ts";
import { type Item, outputItem } from "./items.ts";

interface Paired {
  items: readonly Item[];
  /** How many messages, and items of the result, no later message can change. */
  settled: { messages: number; items: number };
}

/**
 * Pairs calls with their outputs, and reasoning with what follows it. A call without an output gets one that says so. An
 * output without a call is left out, and so is reasoning that nothing of the model's follows.
 * @param messages The items of each message.
 */
export function pairCalls(messages: ReadonlyArray<readonly Item[]>, onOrphan: () => void): Paired {
  const items: Item[] = [];
  let settled = { messages: 0, items: 0 };
  let reasoning: Item[] = [];
  const openCalls = new Set<string>();
  const closeCalls = (): void => {
    for (const callId of openCalls) items.push(outputItem(callId, missingOutput));
    openCalls.clear();
  };
  const add = (item: Item): void => {
    const { key } = item;
    if (key.kind === "reasoning") return void reasoning.push(item);
    if (key.kind === "output") {
      if (openCalls.delete(key.callId)) items.push(item);
      else onOrphan();
      return;
    }
    // Parallel calls stand side by side. Anything else must not stand before their outputs.
    if (key.kind !== "call") closeCalls();
    if (key.kind === "call" || key.kind === "text") items.push(...reasoning);
    reasoning = [];
    items.push(item);
    if (key.kind === "call") openCalls.add(key.callId);
  };
  for (const [index, message] of messages.entries()) {
    for (const item of message) add(item);
    if (reasoning.length === 0 && openCalls.size === 0) settled = { messages: index + 1, items: items.length };
  }
  closeCalls();
  return { items, settled };
}
