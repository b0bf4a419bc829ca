import type { FrameProcessorOptions } from "turnwire";
import {
  type AudioFormat,
  bytesForMs,
  bytesPerFrame,
  type Check,
  type Checks,
  checkFields,
  checkOptions,
  type Clock,
  InvalidArgumentError,
  is,
  kindOf,
  type Hints,
  systemClock,
} from "turnwire/internal";
import { type Environment, environmentCheck } from "turnwire/provider";

/** The options that every processor takes. */
export interface ProcessorOptions extends FrameProcessorOptions {
  environment?: Pick<Environment, "clock">;
}

export const processorChecks = {
  name: is.text,
  capacity: is.number({ min: 1, integer: true }),
  logger: is.logger,
  environment: environmentCheck,
} satisfies Checks<ProcessorOptions>;

export function clockOf({ environment }: Pick<ProcessorOptions, "environment">): Clock {
  return environment?.clock ?? systemClock;
}

/** Of audio with a format of its own. */
export const formatChecks = {
  sampleRate: is.number({ min: 1, max: 768_000, integer: true }),
  channels: is.number({ min: 1, max: 64, integer: true }),
} satisfies Checks<AudioFormat>;

/** How audio is paced: in real time, or as fast as it goes. */
export const paceCheck: Check = is.oneOf(["realtime", "none"]);

/**
 * The bytes of `chunkMs` of audio.
 * @throws InvalidArgumentError if that is less than a sample.
 */
export function chunkBytes(chunkMs: number, format: AudioFormat): number {
  const bytes = bytesForMs(chunkMs, format);
  if (bytes >= bytesPerFrame(format)) return bytes;
  throw new InvalidArgumentError("chunkMs", `expected at least the length of a sample, got ${kindOf(chunkMs)}`);
}

/** An object of which only these fields are checked: the rest is checked elsewhere. */
export function partOf<Fields extends object>(checks: Checks<Fields>, expected = "an object"): Check {
  return { ...is.object, expected, within: (value, field) => checkFields(value as object, checks, `${field}.`) };
}

/** A group of options, as `is.group`, with hints for names that callers are likely to try. */
export function groupOf<Options extends object>(checks: Checks<Options>, hints: Hints): Check {
  return {
    ...is.group(checks),
    within: (value, field) => void checkOptions(`\`${field}\``, value, checks, hints, `${field}.`),
  };
}

/** Of the options that lead to a provider. */
export const accessChecks = { apiKey: is.anyOf(is.string, is.func), baseURL: is.text };

const inTimeouts = "it belongs to the option `timeouts`";
const inEnvironment = "it belongs to the option `environment`";

/** For names that callers are likely to try with a transport. */
export const transportHints: Hints = {
  vadAnalyzer: "a VADProcessor takes it, as `analyzer`; its place is after the input",
};

/** For names that callers are likely to try with a speech service. */
export const serviceHints: Hints = {
  settings: "the settings are options of their own, such as `model`",
  key: "it is called `apiKey`",
  lang: "it is called `language`",
  clock: inEnvironment,
  random: inEnvironment,
  socketFactory: inEnvironment,
  connectMs: inTimeouts,
  closeMs: inTimeouts,
  stopMs: inTimeouts,
  responseMs: inTimeouts,
};
