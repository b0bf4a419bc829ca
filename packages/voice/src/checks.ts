import type { FrameProcessorOptions } from "turnwire";
import { type Check, type Checks, type Clock, is } from "turnwire/internal";

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
