import { isRecord, kindOf, ProviderError, withoutKeys } from "turnwire/internal";
import { parseMessage } from "turnwire/provider";
import type { SpokenWord } from "../tts/index.ts";

/** A message of Cartesia, as far as turnwire needs it. */
export type CartesiaMessage = { contextId: string | undefined } & (
  | { type: "chunk"; audio: Uint8Array }
  | { type: "timestamps"; words: SpokenWord[] }
  | { type: "done" }
  | { type: "error"; error: ProviderError }
  | { type: "other" }
);

type Fields = Readonly<Record<string, unknown>>;

/**
 * Reads a message: https://docs.cartesia.ai/api-reference/tts/websocket. Unknown types are `other`.
 * @throws ProviderError for an unreadable message.
 */
export function readMessage(text: string): CartesiaMessage {
  const message = parseMessage("Cartesia", text);
  const contextId = typeof message["context_id"] === "string" ? message["context_id"] : undefined;
  switch (message["type"]) {
    case "chunk":
      return { contextId, type: "chunk", audio: readAudio(message["data"]) };
    case "timestamps":
      return { contextId, type: "timestamps", words: readWords(message["word_timestamps"]) };
    case "done":
      return { contextId, type: "done" };
    default:
      // Older versions of the API use another type for errors; all have the field.
      if (message["type"] !== "error" && typeof message["error"] !== "string") return { contextId, type: "other" };
      return { contextId, type: "error", error: readError(message) };
  }
}

function readAudio(data: unknown): Uint8Array {
  if (typeof data === "string") return Buffer.from(data, "base64");
  throw new ProviderError("unreadable_message", `Cartesia sent a chunk whose data is ${kindOf(data)}`);
}

function readWords(timestamps: unknown): SpokenWord[] {
  const { words, end }: Fields = isRecord(timestamps) ? timestamps : {};
  if (!Array.isArray(words) || !Array.isArray(end) || words.length !== end.length) {
    throw new ProviderError("unreadable_message", "Cartesia sent timestamps without words and their ends");
  }
  // Seconds since the beginning of the context's audio.
  return words.map((word, index) => ({ text: String(word), endMs: Number(end[index]) * 1000 }));
}

function readError(message: Fields): ProviderError {
  const { error_code: code, status_code: status } = message;
  const said = [message["title"], message["message"], message["error"]].filter((one) => typeof one === "string");
  return new ProviderError(
    typeof code === "string" && code !== "" ? code : "provider_error",
    `Cartesia: ${withoutKeys(said.join(": ")) || "an error without a description"}`,
    typeof status === "number" ? { status } : {},
  );
}
