import { PassThrough } from "node:stream";

/** A terminal's screen of endless height, as far as the command uses one. Every character is one cell wide. */
export class TerminalScreen {
  readonly #width: number;
  #rows: string[][] = [[]];
  #row = 0;
  #column = 0;

  constructor(width: number) {
    this.#width = width;
  }

  feed(text: string): void {
    // oxlint-disable-next-line no-control-regex -- the escape is what it looks for
    const parts = /\u001b\[(\d*)([A-Za-z])|[\s\S]/gu;
    for (const [part, count, command] of text.matchAll(parts)) {
      if (command !== undefined) this.#control(command, Number(count || 1));
      else if (part === "\n") this.#lineFeed();
      else if (part === "\r") this.#column = 0;
      else this.#put(part);
    }
  }

  /** The rows, without spaces at their ends. */
  get rows(): string[] {
    return this.#rows.map((cells) =>
      Array.from(cells, (cell) => cell ?? " ")
        .join("")
        .trimEnd(),
    );
  }

  get cursor(): { row: number; column: number } {
    return { row: this.#row, column: this.#column };
  }

  #control(command: string, count: number): void {
    if (command === "A") this.#row = Math.max(0, this.#row - count);
    else if (command === "C") this.#column = Math.min(this.#width - 1, this.#column + count);
    else if (command === "J") {
      this.#rows.length = this.#row + 1;
      this.#cells.length = Math.min(this.#cells.length, this.#column);
    } else if (command !== "m") throw new Error(`the terminal does not know ESC [ ${command}`);
  }

  #put(character: string): void {
    if (this.#column >= this.#width) this.#lineFeed();
    this.#cells[this.#column] = character;
    this.#column += 1;
  }

  #lineFeed(): void {
    this.#row += 1;
    this.#column = 0;
    if (this.#row === this.#rows.length) this.#rows.push([]);
  }

  get #cells(): string[] {
    const cells = this.#rows[this.#row];
    if (cells === undefined) throw new Error(`there is no row ${this.#row}`);
    return cells;
  }
}

/** A person at a terminal: a keyboard to type on and a screen to look at. */
export class Terminal {
  readonly input = Object.assign(new PassThrough(), { isTTY: true as const, setRawMode: () => undefined });
  readonly output: PassThrough & { isTTY: boolean; columns: number };
  readonly #screen: TerminalScreen;

  constructor(columns = 200) {
    this.output = Object.assign(new PassThrough(), { isTTY: true, columns });
    this.#screen = new TerminalScreen(columns);
    this.output.setEncoding("utf8").on("data", (text: string) => this.#screen.feed(text));
  }

  get text(): string {
    return this.#screen.rows.join("\n");
  }

  type(keys: string): void {
    this.input.write(keys);
  }
}

export const enter = "\r";
export const ctrlC = "\u0003";
export const ctrlD = "\u0004";
export const backspace = "\u007f";
