import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

export const main = fileURLToPath(new URL("../../../bin/turnwire.js", import.meta.url));

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  /** The piped input, which then ends unless `keepOpen`. */
  input?: string;
  keepOpen?: boolean;
  env?: Record<string, string>;
  nodeOptions?: readonly string[];
  /** Closes our end of its output after this many bytes. */
  readBytes?: number;
}

/** The environment without keys and turnwire's variables. */
export function cleanEnvironment(): Record<string, string | undefined> {
  const unwanted = /^(?:OPENAI_|TURNWIRE_|NO_COLOR$|FORCE_COLOR$)/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !unwanted.test(name)));
}

/** Runs the real command in an environment without keys. */
export async function turnwire(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  const { input = "", keepOpen = false, env = {}, nodeOptions = [], readBytes = Infinity } = options;
  const child = spawn(process.execPath, [...nodeOptions, main, ...args], {
    env: { ...cleanEnvironment(), ...env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    stdout += chunk;
    if (stdout.length >= readBytes) child.stdout.destroy();
  });
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    stderr += chunk;
  });
  // It may end before it has read everything.
  child.stdin.on("error", () => undefined);
  child.stdin.write(input);
  if (!keepOpen) child.stdin.end();
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  child.stdin.destroy();
  return { code, stdout, stderr };
}

export function lines(...said: readonly string[]): string {
  return said.map((line) => `${line}\n`).join("");
}
