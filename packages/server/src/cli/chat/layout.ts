import { stripVTControlCharacters } from "node:util";

/** A position in text on a terminal. If the column equals the width, the next character starts a new row. */
export interface Position {
  row: number;
  column: number;
}

const wide =
  /^(?:\p{Emoji_Presentation}|\p{Regional_Indicator}|.*\ufe0f|[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}])/u;
const withoutWidth = /^(?:\p{M}|\p{Cf})+$/u;
const ascii = /^[\u0020-\u007e]*$/;
const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** The position of the cursor after text that starts at a position. */
export function layOut(text: string, from: Position, width: number): Position {
  let { row, column } = from;
  const visible = stripVTControlCharacters(text);
  for (const [index, line] of visible.split("\n").entries()) {
    if (index > 0) [row, column] = [row + 1, 0];
    for (const cells of widths(line)) {
      if (column + cells > width) [row, column] = [row + 1, 0];
      column += cells;
    }
  }
  return { row, column };
}

function* widths(line: string): Iterable<number> {
  if (ascii.test(line)) for (let index = 0; index < line.length; index += 1) yield 1;
  else
    for (const { segment } of graphemes.segment(line))
      yield wide.test(segment) ? 2 : withoutWidth.test(segment) ? 0 : 1;
}

/**
 * Breaks lines where a word would not fit into its row. A word whose beginning is on the screen already stays
 * where it is.
 */
export function wrap(text: string, column: number, width: number): string {
  let at = column;
  let wrapped = "";
  for (const piece of text.match(/\n|[^\S\n]*[^\s]+|[^\S\n]+/g) ?? []) {
    const word = piece.trimStart();
    const next = layOut(piece, { row: 0, column: at }, width);
    const breaks = next.row > 0 && word !== piece && word !== "" && at > 0;
    wrapped += breaks ? `\n${word}` : piece;
    at = (breaks ? layOut(word, { row: 0, column: 0 }, width) : next).column;
  }
  return wrapped;
}
