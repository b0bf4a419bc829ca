import { readFileSync } from "node:fs";
import { chatHelp } from "./chat/help.ts";
import { help } from "./help.ts";
import { serverHelp } from "./server/help.ts";
import { errorLine } from "./shared/error-hints.ts";
import { Output } from "./shared/output.ts";
import { UsageError } from "./shared/read-args.ts";
import type { Surroundings } from "./shared/surroundings.ts";
import { speechHelp } from "./speech/help.ts";

type Subcommand = (args: readonly string[], surroundings: Surroundings) => Promise<number>;

/** Each is loaded when it is run: what one of them needs does not slow the others down. */
const subcommands: Readonly<Record<string, { help: string; load: () => Promise<Subcommand> }>> = {
  chat: { help: chatHelp, load: async () => (await import("./chat/chat.ts")).chat },
  server: { help: serverHelp, load: async () => (await import("./server/server.ts")).server },
  speech: { help: speechHelp, load: async () => (await import("./speech/speech.ts")).speech },
};

/** Runs the command of this process. It sets the exit code, and the process ends by itself. */
export async function main(): Promise<void> {
  const { env, stdin } = process;
  const stdout = new Output(process.stdout);
  const stderr = new Output(process.stderr);
  const code = await run(process.argv.slice(2), { env, stdin, stdout, stderr, version: readVersion() });
  process.exitCode = code;
}

/** Runs a subcommand. Returns the exit code: 0, 1 for a failure, 2 for a wrong call. */
export async function run(args: readonly string[], surroundings: Surroundings): Promise<number> {
  try {
    return await dispatch(args, surroundings);
  } catch (error) {
    surroundings.stderr.write(`turnwire: ${errorLine(error)}\n`);
    return error instanceof UsageError ? 2 : 1;
  }
}

async function dispatch([first, ...rest]: readonly string[], surroundings: Surroundings): Promise<number> {
  const { stdout, version } = surroundings;
  const subcommand = find(first);
  if (subcommand !== undefined) return await (await subcommand.load())(rest, surroundings);
  switch (first) {
    case undefined:
    case "help":
    case "--help":
    case "-h":
      stdout.write(find(rest[0])?.help ?? help);
      return 0;
    case "--version":
    case "-v":
      stdout.write(`${version}\n`);
      return 0;
    default:
      throw new UsageError(`unknown ${first.startsWith("-") ? "option" : "subcommand"} ${first}`, "turnwire --help");
  }
}

function find(name: string | undefined): (typeof subcommands)[string] | undefined {
  return name !== undefined && Object.hasOwn(subcommands, name) ? subcommands[name] : undefined;
}

function readVersion(): string {
  // The package's own file is two folders up, in src/ as in dist/.
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}
