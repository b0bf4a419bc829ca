import { onlyLinear16, type Query } from "../query.ts";
import { invalidQuery } from "../speech-api-error.ts";

/** The parameters of a `/v1/listen` connection. */
export interface ListenSettings {
  readonly model: string;
  /** The format of the audio; undefined if its header says it. */
  readonly format: { readonly sampleRate: number; readonly channels: number } | undefined;
  /** Results for each channel. */
  readonly multichannel: boolean;
  /** Whether words keep their punctuation and capitals. */
  readonly punctuate: boolean;
  readonly interimResults: boolean;
  readonly endpointingMs: number | false;
  readonly utteranceEndMs: number | undefined;
  readonly vadEvents: boolean;
}

/** Default of `endpointing`: https://developers.deepgram.com/docs/endpointing. */
const defaultEndpointingMs = 10;
const longestMs = 60_000;

/**
 * Reads the parameters that mean something here; https://developers.deepgram.com/reference/speech-to-text/listen-streaming
 * lists them all. Throws a 400.
 */
export function readListenQuery(query: Query): ListenSettings {
  const interimResults = query.flag("interim_results");
  const utteranceEndMs = query.whole("utterance_end_ms", 1, longestMs);
  // https://developers.deepgram.com/docs/utterance-end
  if (utteranceEndMs !== undefined && !interimResults) {
    throw invalidQuery("utterance_end_ms needs interim_results=true.");
  }
  return {
    model: query.text("model") ?? "general",
    format: readFormat(query),
    multichannel: query.flag("multichannel"),
    punctuate: query.flag("punctuate") || query.flag("smart_format"),
    interimResults,
    endpointingMs: readEndpointing(query),
    utteranceEndMs,
    vadEvents: query.flag("vad_events"),
  };
}

/** `encoding` is for raw audio, and needs `sample_rate`: https://developers.deepgram.com/docs/encoding. */
function readFormat(query: Query): ListenSettings["format"] {
  const encoding = query.text("encoding");
  if (encoding === undefined) return undefined;
  if (encoding !== "linear16") throw onlyLinear16(encoding);
  const sampleRate = query.whole("sample_rate", 1_000, 768_000);
  if (sampleRate === undefined) throw invalidQuery("sample_rate is needed where encoding is given.");
  return { sampleRate, channels: query.whole("channels", 1, 20) ?? 1 };
}

function readEndpointing(query: Query): number | false {
  const text = query.text("endpointing");
  if (text === "false") return false;
  if (text === undefined || text === "true") return defaultEndpointingMs;
  return query.whole("endpointing", 0, longestMs) ?? defaultEndpointingMs;
}
