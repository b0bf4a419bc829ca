import type { Output } from "./output.ts";

/** A reader that is further behind than this misses lines, since keeping them would fill the memory of a server. */
const longestBacklog = 4 * 1024 * 1024;

/** Prints lines, and leaves out those that nobody reads in time. */
export class LineWriter {
  readonly #output: Output;
  readonly #gap: (lines: number) => string;
  #leftOut = 0;

  private constructor(output: Output, gap: (lines: number) => string) {
    this.#output = output;
    this.#gap = gap;
  }

  /** Prints lines of text. */
  static ofText(output: Output): LineWriter {
    return new LineWriter(output, (lines) => `(${gapMessage(lines)})`);
  }

  /** Prints lines of JSON. */
  static ofJson(output: Output): LineWriter {
    return new LineWriter(output, (lines) => JSON.stringify({ type: "notice", message: gapMessage(lines) }));
  }

  readonly line = (text: string): void => {
    if (this.#output.backlog > longestBacklog) {
      this.#leftOut += 1;
      return;
    }
    const gap = this.#leftOut === 0 ? "" : `${this.#gap(this.#leftOut)}\n`;
    this.#leftOut = 0;
    this.#output.write(`${gap}${text}\n`);
  };
}

function gapMessage(lines: number): string {
  return `${lines} lines were left out: nobody read them in time`;
}
