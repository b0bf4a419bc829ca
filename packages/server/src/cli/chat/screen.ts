import { printable } from "../shared/format.ts";
import { layOut, type Position, wrap } from "./layout.ts";
import type { Output } from "../shared/output.ts";
import type { Style } from "../shared/style.ts";
import type { TextSink } from "./text-view.ts";

/** The line that is being typed. */
export interface EditedLine {
  readonly line: string;
  readonly cursor: number;
}

const escape = (count: number, what: "A" | "C"): string => (count > 0 ? `\u001b[${count}${what}` : "");
const eraseBelow = "\u001b[J";

/**
 * A terminal with flowing text and, under it, the line that is being typed. Text goes on where the last text ended, and
 * the typed line moves down with it, so that the two never mix. Everything on the screen is painted here.
 */
export class Screen implements TextSink {
  readonly #output: Output;
  readonly #style: Style;
  #edited: EditedLine = { line: "", cursor: 0 };
  #promptAlways = false;
  #textColumn = 0;
  /** Whether the last text filled its row to the end. */
  #filled = false;
  /** The row of the cursor within the typed line; undefined while that is not shown. */
  #cursorRow: number | undefined;

  constructor(output: Output, style: Style) {
    this.#output = output;
    this.#style = style;
  }

  /** Sets the line being typed; it is shown if it is not empty. */
  attach(edited: EditedLine): void {
    this.#edited = edited;
  }

  /** Whether the prompt is shown also while nothing is typed. */
  set promptAlways(always: boolean) {
    this.#promptAlways = always;
    this.refresh();
  }

  /** Paints the typed line as it is now. */
  refresh(): void {
    this.#paint("");
  }

  write(text: string): void {
    // The line break after a full row replaces the space or line break that begins the text.
    const rest = this.#filled ? text.replace(/^[ \n]/, "") : text;
    if (text !== "") this.#paint(rest);
  }

  line(text: string): void {
    this.#paint(`${this.#textColumn > 0 ? "\n" : ""}${text}\n`);
  }

  error(text: string): void {
    this.line(this.#style.red(text));
    this.line("");
  }

  /** Makes a line that was typed a part of the text. */
  commit(line: string): void {
    this.line(this.#prompt + printable(line));
  }

  get #prompt(): string {
    return this.#style.cyan("› ");
  }

  get #width(): number {
    return this.#output.stream.columns || 80;
  }

  #paint(text: string): void {
    const hidden = this.#hideTyped();
    const wrapped = wrap(text, this.#textColumn, this.#width);
    const { column } = layOut(wrapped, { row: 0, column: this.#textColumn }, this.#width);
    this.#filled = column >= this.#width || (this.#filled && text === "");
    this.#textColumn = column >= this.#width ? 0 : column;
    this.#output.write(hidden + wrapped + (column >= this.#width ? "\n" : "") + this.#showTyped());
  }

  #hideTyped(): string {
    if (this.#cursorRow === undefined) return "";
    const toFirstRow = `\r${escape(this.#cursorRow, "A")}${eraseBelow}`;
    this.#cursorRow = undefined;
    if (this.#textColumn === 0) return toFirstRow;
    return `${toFirstRow}${escape(1, "A")}${escape(this.#textColumn, "C")}`;
  }

  #showTyped(): string {
    if (!this.#promptAlways && this.#edited.line === "") return "";
    const typed = this.#prompt + printable(this.#edited.line);
    const end = this.#place(typed);
    const cursor = this.#place(this.#prompt + printable(this.#edited.line.slice(0, this.#edited.cursor)));
    const begin = this.#textColumn > 0 ? "\r\n" : "";
    const fill = end.column === 0 ? "\r\n" : "";
    this.#cursorRow = cursor.row;
    return `${begin}${typed}${fill}${escape(end.row - cursor.row, "A")}\r${escape(cursor.column, "C")}`;
  }

  /** Where the cursor is after a part of the typed line; after a full row, at the beginning of the next. */
  #place(typed: string): Position {
    const { row, column } = layOut(typed, { row: 0, column: 0 }, this.#width);
    return column >= this.#width ? { row: row + 1, column: 0 } : { row, column };
  }
}
