import { createInterface } from "node:readline";
import type { ChatSession } from "./chat-session.ts";
import type { Output } from "../shared/output.ts";
import type { TextSink } from "./text-view.ts";

/** Writes to a stream that is no terminal. */
export class PlainSink implements TextSink {
  readonly #stdout: Output;
  readonly #stderr: Output;
  #atLineStart = true;

  constructor(stdout: Output, stderr: Output) {
    this.#stdout = stdout;
    this.#stderr = stderr;
  }

  write(text: string): void {
    if (text === "") return;
    this.#stdout.write(text);
    this.#atLineStart = text.endsWith("\n");
  }

  line(text: string): void {
    this.write(`${this.#atLineStart ? "" : "\n"}${text}\n`);
  }

  error(text: string): void {
    if (!this.#atLineStart) this.write("\n");
    this.#stderr.write(`turnwire: ${text}\n`);
  }
}

/**
 * Holds a conversation of one turn per line, until the input ends, a turn fails or the signal fires. Returns
 * whether every turn succeeded.
 */
export async function converse(
  conversation: ChatSession,
  input: NodeJS.ReadableStream,
  signal: AbortSignal,
): Promise<boolean> {
  const lines = createInterface({ input, crlfDelay: Infinity, terminal: false, signal });
  try {
    for await (const line of lines) {
      const said = line.trim();
      if (signal.aborted) break;
      if (said === "") continue;
      if (said.startsWith("/")) {
        if (!conversation.command(said)) break;
      } else if (!(await conversation.say(said, signal))) return false;
    }
  } finally {
    lines.close();
  }
  return true;
}
