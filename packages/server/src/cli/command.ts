import { readFileSync } from "node:fs";
import { chat } from "./chat.ts";
import { errorLine } from "./error-line.ts";
import { Output } from "./output.ts";
import { server, serverHelp } from "./server/index.ts";
import { speech, speechHelp } from "./speech/index.ts";
import type { Surroundings } from "./surroundings.ts";
import { chatHelp, help, UsageError } from "./usage.ts";

const helps: ReadonlyMap<string | undefined, string> = new Map([
  ["chat", chatHelp],
  ["server", serverHelp],
  ["speech", speechHelp],
]);

/** Runs the command of this process; the exit code is set, and the process ends by itself. */
export async function main(): Promise<void> {
  const { env, stdin } = process;
  const stdout = new Output(process.stdout);
  const stderr = new Output(process.stderr);
  const code = await run(process.argv.slice(2), { env, stdin, stdout, stderr, version: readVersion() });
  process.exitCode = code;
}

/** Runs a subcommand; the answer is the exit code: 0, 1 for what failed, 2 for what was called wrongly. */
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
  switch (first) {
    case "chat":
      return await chat(rest, surroundings);
    case "server":
      return await server(rest, surroundings);
    case "speech":
      return await speech(rest, surroundings);
    case undefined:
    case "help":
    case "--help":
    case "-h":
      stdout.write(helps.get(rest[0]) ?? help);
      return 0;
    case "--version":
    case "-v":
      stdout.write(`${version}\n`);
      return 0;
    default:
      throw new UsageError(`unknown ${first.startsWith("-") ? "option" : "subcommand"} ${first}`, "turnwire --help");
  }
}

function readVersion(): string {
  // Two folders up is the package's own, in src/ as in dist/.
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}
