import type { FrameProcessorOptions } from "turnwire";
import {
  type AudioFormat,
  bytesForMs,
  bytesPerFrame,
  type Check,
  type Checks,
  type Clock,
  InvalidArgumentError,
  is,
  kindOf,
} from "turnwire/internal";

/** What only tests need. */
export interface Environment {
  /** The time; default: the real one. */
  clock?: Clock;
}

export const loggerCheck: Check = is.having(["debug", "warn"], "a logger with debug() and warn()");

export const environmentCheck: Check = is.group<Environment>({ clock: is.having(["now", "schedule"]) });

/** Of the options that every processor takes. */
export const processorChecks = {
  name: is.text,
  capacity: is.number({ min: 1, integer: true }),
  logger: loggerCheck,
} satisfies Checks<FrameProcessorOptions>;

export const sampleRateCheck: Check = is.number({ min: 1, max: 768_000, integer: true });
export const channelsCheck: Check = is.number({ min: 1, max: 64, integer: true });

/** Of audio with a format of its own. */
export const formatChecks = { sampleRate: sampleRateCheck, channels: channelsCheck } satisfies Checks<AudioFormat>;

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
