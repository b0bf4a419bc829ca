import { type Clock, defaultLogger, defined, type Logger, type Random, systemClock } from "turnwire/internal";
import type { SpeechServerOptions } from "./options.ts";
import { checkScript, type Script } from "./script.ts";
import type { Voice } from "./voices/index.ts";

const defaults = {
  latencyMs: 0,
  interimMs: 1_000,
  segmentMs: 5_000,
  idleTimeoutMs: 10_000,
  firstByteMs: 0,
  realtimeFactor: Infinity,
  maxSessionMs: 60 * 60_000,
  maxConnections: 1_000,
  keptConnections: 1_000,
  onEvent: () => undefined,
} satisfies SpeechServerOptions;

/** What the sessions of a server share: the options with their defaults. */
export interface SpeechCore extends Readonly<Required<Pick<SpeechServerOptions, keyof typeof defaults>>> {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly voice: Voice;
  readonly script: Script;
  readonly timeline: SpeechServerOptions["timeline"];
}

export function coreOf(options: SpeechServerOptions, voice: Voice): SpeechCore {
  const { script = [], logger = defaultLogger, timeline } = options;
  const { clock = systemClock, random = Math.random } = options.environment ?? {};
  const words = typeof script === "function" ? script : checkScript(script);
  return { ...defaults, ...defined(options), clock, random, logger, voice, script: words, timeline };
}
