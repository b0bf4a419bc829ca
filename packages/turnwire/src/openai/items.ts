import type { ResponseInputItem, ResponseOutputItem } from "../protocol/index.ts";

/** What an item is, reduced to what tells whether two items are the same part of a conversation. */
export type Essence =
  | { kind: "said"; text: string }
  | { kind: "call"; callId: string; name: string; arguments: string }
  | { kind: "output"; callId: string }
  | { kind: "reasoning"; id: string }
  | { kind: "other" };

/** One item of a conversation, as the Responses API takes it. */
export interface Item {
  /** Absent for an item that only the connection it came from knows: it cannot be sent again. */
  readonly wire: ResponseInputItem | undefined;
  readonly essence: Essence;
  /** The item's size as JSON, in bytes. */
  readonly bytes: number;
}

export function makeItem(wire: ResponseInputItem | undefined, essence: Essence): Item {
  return { wire, essence, bytes: wire === undefined ? 0 : Buffer.byteLength(JSON.stringify(wire)) };
}

/** What a model's output item is. An item it cannot have said in a conversation of ours is `other`. */
export function essenceOf(item: ResponseOutputItem): Essence {
  switch (item.type) {
    case "message":
      return { kind: "said", text: outputText(item.content) };
    case "function_call":
      return { kind: "call", callId: item.call_id, name: item.name, arguments: item.arguments };
    case "reasoning":
      return { kind: "reasoning", id: item.id };
    default:
      return { kind: "other" };
  }
}

function outputText(content: Extract<ResponseOutputItem, { type: "message" }>["content"] | undefined): string {
  return (content ?? []).map((part) => (part.type === "refusal" ? part.refusal : part.text)).join("");
}
