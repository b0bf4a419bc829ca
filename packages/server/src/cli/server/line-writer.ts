import type { Output } from "../output.ts";

/** A reader this far behind misses lines: kept, they would fill the memory of a server that runs for ever. */
const longestBacklog = 4 * 1024 * 1024;

/** Prints lines, and leaves out what nobody reads in time. */
export class LineWriter {
  readonly #output: Output;
  readonly #missed: (lines: number) => string;
  #left = 0;

  /** @param missed What is printed in place of lines that were left out. */
  constructor(output: Output, missed: (lines: number) => string) {
    this.#output = output;
    this.#missed = missed;
  }

  readonly line = (text: string): void => {
    if (this.#output.backlog > longestBacklog) {
      this.#left += 1;
      return;
    }
    const gap = this.#left === 0 ? "" : `${this.#missed(this.#left)}\n`;
    this.#left = 0;
    this.#output.write(`${gap}${text}\n`);
  };
}
