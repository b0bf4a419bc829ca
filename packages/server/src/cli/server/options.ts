import { type CancelMode, type DialectName, dialects, type Timing } from "../../responses/index.ts";
import { readArgs, readListening, refuseEmpty, UsageError } from "../shared/read-args.ts";
import { readTiming, timingPresets } from "./timing.ts";

/** Spells TURN on the keys of a telephone. */
export const defaultPort = 8876;

/** The brain of the server. */
export type BrainChoice =
  | { readonly kind: "rules"; readonly pace: boolean }
  | { readonly kind: "script"; readonly file: string }
  | {
      readonly kind: "upstream";
      readonly url: string;
      readonly api: "chat" | "responses";
      readonly key: string | undefined;
      readonly model: string | undefined;
    };

const helpCommand = "turnwire server --help";

const known = {
  port: { type: "string" },
  host: { type: "string" },
  "allow-host": { type: "string", multiple: true },
  "api-key": { type: "string", multiple: true },
  brain: { type: "string" },
  pace: { type: "boolean" },
  script: { type: "string" },
  upstream: { type: "string" },
  "upstream-api": { type: "string" },
  "upstream-model": { type: "string" },
  "upstream-key": { type: "string" },
  record: { type: "string" },
  dialect: { type: "string" },
  cancel: { type: "string" },
  "no-lanes": { type: "boolean" },
  timing: { type: "string" },
  tokenizer: { type: "string" },
  store: { type: "string" },
  faults: { type: "boolean" },
  log: { type: "string" },
  json: { type: "boolean" },
  help: { type: "boolean", short: "h" },
  version: { type: "boolean", short: "v" },
} as const;

const cancelModes: readonly CancelMode[] = ["honour", "refuse", "ignore"];

type Values = ReturnType<typeof readArgs<typeof known>>;

export type ServerCommandOptions = Readonly<ReturnType<typeof optionsOf>>;

/**
 * Reads the options of `turnwire server`.
 * @throws UsageError, which never repeats what may be a key.
 */
export function readServerOptions(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): ServerCommandOptions {
  const values = readArgs(args, known, { helpCommand, secrets: true });
  refuseEmpty(values, helpCommand);
  const options = optionsOf(values, env);
  refuseTogether(options);
  return options;
}

function optionsOf(values: Values, env: Readonly<Record<string, string | undefined>>) {
  const { record, store, log, faults = false, json = false, help = false, version = false } = values;
  return {
    ...readListening(values, defaultPort, helpCommand),
    allowedHosts: values["allow-host"] ?? [],
    brain: brainOf(values, env),
    record,
    dialect: oneOf("dialect", values.dialect ?? "openai", Object.keys(dialects) as DialectName[]),
    cancel: values.cancel === undefined ? undefined : oneOf("cancel", values.cancel, cancelModes),
    lanes: values["no-lanes"] !== true,
    store,
    log,
    timing: timingOf(values.timing),
    faults,
    tokenizer: oneOf("tokenizer", values.tokenizer ?? "estimate", ["estimate", "exact"]),
    json,
    help,
    version,
  };
}

function brainOf(values: Values, env: Readonly<Record<string, string | undefined>>): BrainChoice {
  const { upstream } = values;
  const script = values.script ?? /^script:(.+)$/s.exec(values.brain ?? "")?.[1];
  const kinds = [values.brain, values.script, upstream].filter((value) => value !== undefined);
  if (kinds.length > 1) throw mistake("--brain, --script and --upstream each say who answers: give one of them");
  if (values.brain !== undefined && values.brain !== "rules" && script === undefined) {
    throw mistake("--brain is rules or script:FILE; for a model server there is --upstream");
  }
  const pace = values.pace ?? false;
  if (pace && kinds.length > 0 && values.brain !== "rules") {
    throw mistake("--pace is for the rules; any other brain can be slowed down with --timing");
  }
  if (upstream !== undefined) {
    return {
      kind: "upstream",
      url: upstream,
      api: oneOf("upstream-api", values["upstream-api"] ?? "chat", ["chat", "responses"]),
      key: values["upstream-key"]?.trim() ?? (env["TURNWIRE_UPSTREAM_KEY"]?.trim() || undefined),
      model: values["upstream-model"],
    };
  }
  for (const name of ["upstream-api", "upstream-model", "upstream-key"] as const) {
    if (values[name] !== undefined) throw mistake(`--${name} is nothing without --upstream`);
  }
  return script === undefined ? { kind: "rules", pace } : { kind: "script", file: script };
}

function refuseTogether({ brain, record, json, log, timing }: ServerCommandOptions): void {
  if (brain.kind === "script" && brain.file === record) throw mistake("--record would replace the script itself");
  if (brain.kind === "rules" && brain.pace && timing !== undefined) {
    throw mistake("--pace and --timing both slow the rules down: give one of them");
  }
  if (json && log === "-") throw mistake("--json and --log - both print JSON lines: give one of them");
}

function timingOf(text: string | undefined): Timing | undefined {
  if (text === undefined) return undefined;
  const timing = readTiming(text);
  if (timing !== undefined) return timing;
  throw mistake(
    `--timing is ${Object.keys(timingPresets).join(", ")}, or fields such as firstTokenMs=300,perTokenMs=20`,
  );
}

function oneOf<const T extends string>(name: keyof typeof known, value: string, names: readonly T[]): T {
  const found = names.find((candidate) => candidate === value);
  if (found === undefined) throw mistake(`--${name} is one of ${names.join(", ")}`);
  return found;
}

function mistake(problem: string): UsageError {
  return new UsageError(problem, helpCommand);
}
