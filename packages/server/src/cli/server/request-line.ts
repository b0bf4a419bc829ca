import { formatCount, formatMs, printable } from "../shared/format.ts";
import type { Style } from "../shared/style.ts";
import type { RequestEntry } from "./request-entry.ts";

interface Column {
  readonly head: string;
  readonly width: number;
  /** Whether the cell is aligned to the right, as numbers are. */
  readonly right?: true;
  cell(entry: RequestEntry): string;
}

const none = "–";

const columns: readonly Column[] = [
  {
    head: "from",
    width: 10,
    cell: ({ connection, lane }) => name(`${connection ?? "http"}${lane === null ? "" : `/${lane}`}`, 20),
  },
  { head: "model", width: 14, cell: ({ model }) => name(model ?? none, 24) },
  { head: "sent, items", width: 24, cell: sent },
  { head: "tokens", width: 6, right: true, cell: ({ inputTokens }) => count(inputTokens) },
  { head: "cached", width: 6, right: true, cell: ({ cachedTokens }) => count(cachedTokens) },
  {
    head: "first",
    width: 7,
    right: true,
    cell: ({ firstOutputMs: ms }) => (ms === null ? none : formatMs(ms)),
  },
  { head: "total", width: 7, right: true, cell: ({ durationMs }) => formatMs(durationMs) },
];

/** The head of the lines. */
export const requestHead = ["time    ", ...columns.map((column) => pad(column, column.head)), "end"].join("  ");

/** A request in one line: `12:31:05  3/left  gpt-4.1  incremental, 1 of 7  …  completed`. */
export function requestLine(entry: RequestEntry, style: Style): string {
  const { receivedAt, durationMs, status, errorCode } = entry;
  const time = new Date(Date.parse(receivedAt) + durationMs).toTimeString().slice(0, 8);
  const cells = columns.map((column) => pad(column, column.cell(entry)));
  const end = errorCode === null ? status : `${status} ${name(errorCode, 48)}`;
  const isBad = status === "failed" || status === "rejected";
  return [style.dim(time), ...cells, isBad ? style.red(end) : end].join("  ");
}

function sent({ mode, itemsSent, itemsTotal }: RequestEntry): string {
  const items = itemsTotal === null ? "" : `, ${formatCount(itemsSent)} of ${formatCount(itemsTotal)}`;
  return mode + items;
}

function count(value: number | null): string {
  return value === null ? none : formatCount(value);
}

function pad({ width, right }: Column, cell: string): string {
  return right ? cell.padStart(width) : cell.padEnd(width);
}

/** A name that came from outside, on one line and not too long. */
function name(text: string, longest: number): string {
  const line = printable(text).replaceAll(/\s+/g, " ").trim();
  return line.length <= longest ? line : `${line.slice(0, longest - 1)}…`;
}
