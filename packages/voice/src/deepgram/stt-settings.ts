import { InvalidArgumentError } from "turnwire/internal";
import { changedSettings, is, type SettingsTable } from "turnwire/provider";
import type { QueryValue } from "./access.ts";

/**
 * Settings of Deepgram's transcription. They can be changed while running: the connection is then replaced.
 * What they do: https://developers.deepgram.com/reference/speech-to-text/listen-streaming
 */
export interface DeepgramSTTSettings {
  /** Default `nova-3`. */
  model: string;
  /** Such as `en-US`, or `multi`; default: the model's own. */
  language?: string | undefined;
  /** Whether transcriptions come that may still change; default true. */
  interimResults: boolean;
  /** After how much silence, in milliseconds, what was said is final; false for never. Default: Deepgram's own, 10. */
  endpointing?: number | false | undefined;
  /** After how long a gap between words, in milliseconds, speech counts as ended, whatever the noise. At least 1000; needs interim results. */
  utteranceEndMs?: number | undefined;
  /** Whether numbers, dates and the like are written as such. */
  smartFormat?: boolean | undefined;
  /** Default true. */
  punctuate: boolean;
  /** Whether Deepgram says that speech begins: the event `speechStarted`. */
  vadEvents?: boolean | undefined;
  /** Words to expect. */
  keyterm?: string | readonly string[] | undefined;
  /** Further query parameters, as Deepgram names them; they go before what turnwire sets. */
  extra?: Readonly<Record<string, QueryValue>> | undefined;
}

const table: SettingsTable<DeepgramSTTSettings> = {
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
};

/** @throws InvalidArgumentError naming the field. */
export function initialSTTSettings(settings: Partial<DeepgramSTTSettings> = {}): DeepgramSTTSettings {
  return changedSTTSettings(table.defaults, { ...settings });
}

/** @throws InvalidArgumentError naming the field. */
export function changedSTTSettings(
  settings: DeepgramSTTSettings,
  changes: Readonly<Record<string, unknown>>,
): DeepgramSTTSettings {
  const changed = changedSettings(table, settings, changes);
  if (changed.utteranceEndMs !== undefined && !changed.interimResults) {
    throw new InvalidArgumentError(
      "settings.utteranceEndMs",
      "needs interimResults, which is off; leave one of them out",
    );
  }
  return changed;
}

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
