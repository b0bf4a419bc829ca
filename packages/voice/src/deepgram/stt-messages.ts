import { isRecord, kindOf, ProviderError } from "turnwire/internal";
import { parseMessage } from "turnwire/provider";
import type { Transcript } from "../stt/index.ts";
import { type Fields, readError } from "./messages.ts";

/** A message of Deepgram's transcription, as far as turnwire needs it. */
export type STTMessage = { type: "transcript"; transcript: Transcript } | { type: "speechStarted" } | { type: "other" };

/**
 * Reads a message (https://developers.deepgram.com/reference/speech-to-text/listen-streaming, "Receive"); unknown types are
 * `other`.
 * @throws ProviderError for an error message and an unreadable one.
 */
export function readSTTMessage(text: string): STTMessage {
  const message = parseMessage("Deepgram", text);
  switch (message["type"]) {
    case "Results":
      return { type: "transcript", transcript: readResults(message) };
    case "UtteranceEnd":
      return { type: "transcript", transcript: { text: "", final: true, endOfSpeech: true } };
    case "SpeechStarted":
      return { type: "speechStarted" };
    case "Error":
      throw readError(message);
    default:
      return { type: "other" };
  }
}

function readResults(message: Fields): Transcript {
  const { start, duration, is_final: isFinal, speech_final: speechFinal, channel } = message;
  const [best] = listOf(isRecord(channel) ? channel["alternatives"] : undefined);
  if (best === undefined || typeof best["transcript"] !== "string") {
    const what = isRecord(channel) ? kindOf(best?.["transcript"]) : kindOf(channel);
    throw new ProviderError("unreadable_message", `Deepgram sent Results without a transcript: ${what}`);
  }
  const timed = typeof start === "number" && typeof duration === "number";
  return {
    text: best["transcript"],
    final: isFinal === true,
    endOfSpeech: isFinal === true && speechFinal === true,
    // Seconds since the connection's first audio.
    ...(timed ? { startMs: msOf(start), endMs: msOf(start + duration) } : {}),
    words: listOf(best["words"]).map((word) => ({
      text: String(word["punctuated_word"] ?? word["word"]),
      startMs: msOf(Number(word["start"])),
      endMs: msOf(Number(word["end"])),
    })),
  };
}

/** Rounded, to remove the noise of single-precision seconds. */
function msOf(seconds: number): number {
  return Math.round(seconds * 1e6) / 1000;
}

function listOf(value: unknown): Fields[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}
