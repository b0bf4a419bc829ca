import { readArgs, readListening, refuseEmpty, UsageError } from "../shared/read-args.ts";

/** The port after that of `turnwire server`. */
export const defaultPort = 8877;

/** Roughly what speech services take, for `--pace`. */
export const pace = { firstByteMs: 150, realtimeFactor: 5, latencyMs: 150 } as const;

export type SpeechCommandOptions = Readonly<ReturnType<typeof readSpeechOptions>>;

const helpCommand = "turnwire speech --help";
const voices = ["auto", "espeak", "tones"] as const;

const known = {
  port: { type: "string" },
  host: { type: "string" },
  "api-key": { type: "string", multiple: true },
  script: { type: "string" },
  voice: { type: "string" },
  pace: { type: "boolean" },
  json: { type: "boolean" },
  help: { type: "boolean", short: "h" },
  version: { type: "boolean", short: "v" },
} as const;

/**
 * Reads the options of `turnwire speech`.
 * @throws UsageError, which never repeats what may be a key.
 */
export function readSpeechOptions(args: readonly string[]) {
  const values = readArgs(args, known, { helpCommand, secrets: true });
  refuseEmpty(values, helpCommand);
  const voice = voices.find((name) => name === (values.voice ?? "auto"));
  if (voice === undefined) throw new UsageError(`--voice is one of ${voices.join(", ")}`, helpCommand);
  const { script, pace = false, json = false, help = false, version = false } = values;
  return { ...readListening(values, defaultPort, helpCommand), script, voice, pace, json, help, version };
}
