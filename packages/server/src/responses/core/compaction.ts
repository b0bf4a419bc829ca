import type { CompactedResponse, ResponseInputItem } from "openai/resources/responses/responses";
import { textsIn } from "../input-items.ts";
import type { IdSource } from "./ids.ts";
import { unixSeconds } from "./response-object.ts";
import { countValueTokens, type TokenCounter } from "./tokens.ts";

/** How many characters are kept of everything but the user's messages. */
const summaryLength = 4_000;
const mark = "gAAAAAtw";

/**
 * Shortens a conversation to the user's messages and one item that holds the gist of the rest.
 * The item is opaque to clients, as in the API. A brain reads its text with `readCompaction`.
 */
export function compact(
  conversation: readonly ResponseInputItem[],
  newId: IdSource,
  tokens: TokenCounter,
): CompactedResponse {
  const users = conversation.filter((item) => "role" in item && item.role === "user");
  const summary = conversation
    .filter((item) => !users.includes(item))
    .map(gist)
    .filter((text) => text !== "");
  const text = summary.join("\n").slice(-summaryLength);
  const item = {
    id: newId("cmp"),
    type: "compaction",
    encrypted_content: mark + Buffer.from(text).toString("base64url"),
  };
  const inputTokens = countValueTokens(conversation, tokens);
  const outputTokens = tokens.count(text);
  return {
    id: newId("resp"),
    object: "response.compaction",
    created_at: unixSeconds(),
    output: [...users.map((user) => asOutput(user, newId)), item] as CompactedResponse["output"],
    usage: {
      input_tokens: inputTokens,
      input_tokens_details: { cached_tokens: 0, cache_write_tokens: 0 },
      output_tokens: outputTokens,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: inputTokens + outputTokens,
    },
  };
}

/** The text that an item of this server's compaction holds; undefined for one of another server. */
export function readCompaction(encryptedContent: string): string | undefined {
  if (!encryptedContent.startsWith(mark)) return undefined;
  return Buffer.from(encryptedContent.slice(mark.length), "base64url").toString("utf8");
}

/** An item as the API returns it: with an id, and its content as parts. */
export function asOutput(item: ResponseInputItem, newId: IdSource): Record<string, unknown> {
  const fields: Record<string, unknown> = { ...item };
  if (!("role" in item) || !("content" in item))
    return { id: newId(item.type === "function_call_output" ? "fc" : "msg"), status: "completed", ...fields };
  const type = item.role === "assistant" ? "output_text" : "input_text";
  const content = typeof item.content === "string" ? [{ type, text: item.content }] : item.content;
  return { id: newId("msg"), status: "completed", ...fields, type: "message", content };
}

function gist(item: ResponseInputItem): string {
  if (item.type === "compaction") return readCompaction(item.encrypted_content) ?? "";
  if (item.type === "function_call") return `${item.name}(${item.arguments})`;
  if (item.type === "function_call_output") return `result: ${textsIn(item.output).join(" ")}`;
  return "role" in item && "content" in item ? `${item.role}: ${textsIn(item.content).join(" ")}` : "";
}
