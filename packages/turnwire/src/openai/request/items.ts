import type { InputPart, ResponseInputItem, ResponseOutputItem } from "../../protocol/index.ts";

/** Two items with equal keys are the same part of a conversation. */
export type ItemKey =
  | { kind: "text"; text: string }
  | { kind: "call"; callId: string; name: string; arguments: string }
  | { kind: "output"; callId: string }
  | { kind: "reasoning"; id: string }
  | { kind: "other" };

/** One item of a conversation, as the Responses API takes it. */
export interface Item {
  /** Absent for an item that cannot be sent again: only the connection it came from knows it. */
  readonly wire: ResponseInputItem | undefined;
  readonly key: ItemKey;
  /** The item's size as JSON, in bytes. */
  readonly bytes: number;
}

export function makeItem(wire: ResponseInputItem | undefined, key: ItemKey): Item {
  return { wire, key, bytes: wire === undefined ? 0 : Buffer.byteLength(JSON.stringify(wire)) };
}

/** The output of a call. */
export function outputItem(callId: string, output: string | InputPart[]): Item {
  return makeItem({ type: "function_call_output", call_id: callId, output }, { kind: "output", callId });
}

/** The key of an item that a model gave. An item that a context cannot hold is `other`. */
export function keyOf(item: ResponseOutputItem): ItemKey {
  switch (item.type) {
    case "message":
      return { kind: "text", text: outputText(item.content) };
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
