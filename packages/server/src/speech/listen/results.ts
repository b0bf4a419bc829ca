import type { Heard, HeardResult } from "./recogniser.ts";
import type { ScriptedWord } from "../script.ts";

/** What all results of a connection have in common. */
export interface ResultsContext {
  readonly requestId: string;
  readonly model: string;
  readonly modelUuid: string;
  readonly channel: number;
  /** How many channels there are results for. */
  readonly channels: number;
  readonly punctuate: boolean;
}

const defaultConfidence = 0.99;

/** A message in the shape of https://developers.deepgram.com/reference/speech-to-text/listen-streaming. */
export function messageOf(heard: Heard, context: ResultsContext): object {
  const channel = [context.channel, context.channels];
  switch (heard.type) {
    case "speechStarted":
      return { type: "SpeechStarted", channel, timestamp: seconds(heard.atMs) };
    case "utteranceEnd":
      return { type: "UtteranceEnd", channel, last_word_end: seconds(heard.lastWordEndMs) };
    case "result":
      return resultsOf(heard, context, channel);
  }
}

function resultsOf(heard: HeardResult, context: ResultsContext, channel_index: number[]): object {
  const words = heard.words.map((word) => wordOf(word, context.punctuate));
  return {
    type: "Results",
    channel_index,
    duration: seconds(heard.endMs - heard.startMs),
    start: seconds(heard.startMs),
    is_final: heard.isFinal,
    speech_final: heard.speechFinal,
    channel: {
      alternatives: [
        {
          transcript: words.map((word) => word.punctuated_word ?? word.word).join(" "),
          confidence: words.length === 0 ? 0 : Math.min(...words.map((word) => word.confidence)),
          words,
        },
      ],
    },
    metadata: {
      request_id: context.requestId,
      // Names this server, whatever model the client wants.
      model_info: { name: context.model, version: "turnwire-script", arch: "script" },
      model_uuid: context.modelUuid,
    },
    from_finalize: heard.fromFinalize,
  };
}

interface WireWord {
  word: string;
  start: number;
  end: number;
  confidence: number;
  punctuated_word?: string;
}

function wordOf({ word, startMs, endMs, confidence = defaultConfidence }: ScriptedWord, punctuate: boolean): WireWord {
  return {
    word: bare(word),
    start: seconds(startMs),
    end: seconds(endMs),
    confidence,
    ...(punctuate ? { punctuated_word: word } : {}),
  };
}

/** The word in small letters, without punctuation around it. */
function bare(word: string): string {
  const stripped = word.toLowerCase().replaceAll(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, "");
  return stripped === "" ? word : stripped;
}

/** Rounds to a microsecond, to hide binary fractions. */
function seconds(ms: number): number {
  return Math.round(ms * 1_000) / 1_000_000;
}
