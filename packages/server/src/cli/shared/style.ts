/** Sets text apart by colour where that can be seen, otherwise not at all. */
export interface Style {
  dim(text: string): string;
  bold(text: string): string;
  red(text: string): string;
  cyan(text: string): string;
}

const none = (text: string): string => text;
const code =
  (on: number, off: number) =>
  (text: string): string =>
    text === "" ? "" : `\u001b[${on}m${text}\u001b[${off}m`;

export const plainStyle: Style = { dim: none, bold: none, red: none, cyan: none };
export const colourStyle: Style = { dim: code(2, 22), bold: code(1, 22), red: code(31, 39), cyan: code(36, 39) };

/** Colour only on a terminal, and not if NO_COLOR is set (https://no-color.org). */
export function styleFor(isTTY: boolean, env: Readonly<Record<string, string | undefined>>): Style {
  return isTTY && !env["NO_COLOR"] && env["TERM"] !== "dumb" ? colourStyle : plainStyle;
}
