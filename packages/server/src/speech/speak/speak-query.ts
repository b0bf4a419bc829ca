import { onlyLinear16, type Query } from "../query.ts";
import { SpeechApiError } from "../speech-api-error.ts";

/** The parameters of a `/v1/speak` connection. */
export interface SpeakSettings {
  readonly model: string;
  readonly sampleRate: number;
}

/** Those of linear16: https://developers.deepgram.com/docs/tts-media-output-settings, and 44100 of the API reference. */
const sampleRates = [8_000, 16_000, 24_000, 32_000, 44_100, 48_000];

/**
 * Reads the parameters that mean something here; https://developers.deepgram.com/reference/text-to-speech/speak-streaming
 * lists them all, with their defaults. Throws a 400.
 */
export function readSpeakQuery(query: Query): SpeakSettings {
  const encoding = query.text("encoding") ?? "linear16";
  if (encoding !== "linear16") throw onlyLinear16(encoding);
  const sampleRate = query.whole("sample_rate", 1, 1_000_000) ?? 24_000;
  if (!sampleRates.includes(sampleRate)) {
    throw new SpeechApiError(
      400,
      "UNSUPPORTED_AUDIO_FORMAT",
      `sample_rate must be one of ${sampleRates.join(", ")} for linear16.`,
    );
  }
  return { model: query.text("model") ?? "aura-asteria-en", sampleRate };
}
