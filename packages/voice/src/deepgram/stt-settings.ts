import { InvalidArgumentError, kindOf } from "turnwire/internal";
import { changedSettings, expectFlag, expectText, type SettingCheck, type SettingsTable } from "turnwire/provider";
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

const must =
  (what: string, holds: (value: unknown) => boolean): SettingCheck =>
  (value) =>
    holds(value) ? undefined : `must be ${what}, not ${kindOf(value)}`;

const isText = (value: unknown): boolean => expectText(value) === undefined;
const isWhole = (value: unknown, least: number): boolean => Number.isInteger(value) && Number(value) >= least;

const table: SettingsTable<DeepgramSTTSettings> = {
  checks: {
    model: expectText,
    language: expectText,
    interimResults: expectFlag,
    endpointing: must("false or a whole number", (value) => value === false || isWhole(value, 0)),
    utteranceEndMs: must("a whole number of at least 1000", (value) => isWhole(value, 1000)),
    smartFormat: expectFlag,
    punctuate: expectFlag,
    vadEvents: expectFlag,
    keyterm: must(
      "a text or an array of texts",
      (value) => isText(value) || (Array.isArray(value) && value.every(isText)),
    ),
    extra: must("an object", (value) => typeof value === "object" && value !== null && !Array.isArray(value)),
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
