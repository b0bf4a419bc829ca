import { type ChildProcessByStdio, spawn } from "node:child_process";
import type { Readable } from "node:stream";
import { type Ended, cleanEnvironment, main } from "./command.ts";

/** A subcommand that runs until it is stopped, as a process. */
export class RunningCommand implements AsyncDisposable {
  readonly ended: Promise<Ended & { signal: NodeJS.Signals | null }>;
  stdout = "";
  stderr = "";
  readonly #child: ChildProcessByStdio<null, Readable, Readable>;
  #changed = Promise.withResolvers<void>();
  #over = false;

  constructor(args: readonly string[], env: Record<string, string> = {}) {
    this.#child = spawn(process.execPath, [main, ...args], {
      env: { ...cleanEnvironment(), ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child.stdout.setEncoding("utf8").on("data", (text: string) => this.#add("stdout", text));
    this.#child.stderr.setEncoding("utf8").on("data", (text: string) => this.#add("stderr", text));
    this.ended = new Promise((resolve) => {
      this.#child.once("close", (code, signal) => {
        this.#over = true;
        this.#add("stdout", "");
        resolve({ code, signal, stdout: this.stdout, stderr: this.stderr });
      });
    });
  }

  /** The lines of standard output that are JSON objects, of a type if one is given. */
  objects(type?: string): Array<Record<string, unknown>> {
    // The text after the last line break is still being written.
    const lines = this.stdout
      .split("\n")
      .slice(0, -1)
      .filter((line) => line.startsWith("{"));
    const objects = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    return objects.filter((object) => type === undefined || object["type"] === type);
  }

  /** Resolves with the first result of `look`, which runs again after each output. */
  async until<T>(look: () => T | undefined): Promise<T> {
    for (;;) {
      const found = look();
      if (found !== undefined) return found;
      if (this.#over) throw new Error(`the command has ended:\n${this.stdout}\n${this.stderr}`);
      await this.#changed.promise;
    }
  }

  /** Resolves when standard output has the text this many times. */
  async shows(text: string | RegExp, times = 1): Promise<void> {
    await this.until(() => this.stdout.split(text).length > times || undefined);
  }

  /** Resolves when it has ended. */
  async stop(...signals: readonly NodeJS.Signals[]): Promise<Awaited<RunningCommand["ended"]>> {
    for (const signal of signals.length === 0 ? (["SIGTERM"] as const) : signals) this.#child.kill(signal);
    return await this.ended;
  }

  /** Stops reading its standard output and closes it. */
  closeOutput(): void {
    this.#child.stdout.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#over) this.#child.kill("SIGKILL");
    await this.ended;
  }

  #add(stream: "stdout" | "stderr", text: string): void {
    this[stream] += text;
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}
