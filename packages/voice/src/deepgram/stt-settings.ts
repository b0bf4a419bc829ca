import { InvalidArgumentError } from "turnwire/internal";
import { is, type SettingsTable } from "turnwire/provider";
import type { QueryValue } from "./endpoint.ts";

/**
 * Settings of Deepgram's transcription. A change while running replaces the connection.
 * See https://developers.deepgram.com/reference/speech-to-text/listen-streaming
 */
export interface DeepgramSTTSettings {
  /** Default `nova-3`. */
  model: string;
  /** Such as `en-US` or `multi`; default: the model's own. */
  language?: string | undefined;
  /** Whether to send transcriptions that may still change; default true. */
  interimResults: boolean;
  /** After how many milliseconds of silence a transcription is final; false for never. Default: Deepgram's own, 10. */
  endpointing?: number | false | undefined;
  /** After how many milliseconds without a word speech has ended, whatever the noise. At least 1000; needs interim results. */
  utteranceEndMs?: number | undefined;
  /** Whether numbers, dates and the like are formatted. */
  smartFormat?: boolean | undefined;
  /** Default true. */
  punctuate: boolean;
  /** Whether Deepgram reports that speech begins: the event `speechStarted`. */
  vadEvents?: boolean | undefined;
  /** Words that are likely to be said. */
  keyterm?: string | readonly string[] | undefined;
  /** Further query parameters, under Deepgram's names; they override what turnwire sets. */
  extra?: Readonly<Record<string, QueryValue>> | undefined;
}

export const sttSettings: SettingsTable<DeepgramSTTSettings> = {
  checks: {
    model: is.text,
    language: is.text,
    interimResults: is.flag,
    endpointing: is.anyOf(
      is.custom("false", (value) => value === false),
      is.number({ min: 0, integer: true }),
    ),
    utteranceEndMs: is.number({ min: 1000, integer: true }),
    smartFormat: is.flag,
    punctuate: is.flag,
    vadEvents: is.flag,
    keyterm: is.anyOf(is.text, is.listOf(is.text, "an array of them")),
    extra: is.object,
  },
  defaults: { model: "nova-3", interimResults: true, punctuate: true },
  checkAll({ utteranceEndMs, interimResults }) {
    if (utteranceEndMs === undefined || interimResults) return;
    throw new InvalidArgumentError(
      "utteranceEndMs",
      "expected interimResults to be on, got false; leave one of them out",
    );
  },
};

export function sttQuery(settings: DeepgramSTTSettings, sampleRate: number): Record<string, QueryValue | undefined> {
  return {
    model: settings.model,
    language: settings.language,
    encoding: "linear16",
    sample_rate: sampleRate,
    channels: 1,
    interim_results: settings.interimResults,
    endpointing: settings.endpointing,
    utterance_end_ms: settings.utteranceEndMs,
    smart_format: settings.smartFormat,
    punctuate: settings.punctuate,
    vad_events: settings.vadEvents,
    keyterm: settings.keyterm,
    ...settings.extra,
  };
}
