import type { InferenceRecord } from "turnwire";
import { timeToFirstOutput } from "turnwire/provider";
import { formatCount, formatMs } from "../shared/format.ts";
import { reasonWords } from "./reason-words.ts";
import { sum } from "./summary-line.ts";

const columns = ["#", "sent", "items", "bytes", "of", "first", "total", ""] as const;
const leftAligned: ReadonlySet<number> = new Set([1, 7]);

/** All requests so far as lines of a table; the first line is its head. */
export function statsTable(records: readonly InferenceRecord[]): string[] {
  if (records.length === 0) return ["Nothing has been sent yet."];
  const rows: string[][] = [[...columns], ...records.map(row)];
  const full = sum(records, "bytesFull");
  const sent = sum(records, "bytesSent");
  const share = full === 0 ? "" : `${Math.round((100 * sent) / full)} % of sending everything each time`;
  rows.push(["", "all", "", formatCount(sent), formatCount(full), "", "", share]);
  const widths = columns.map((_, column) => Math.max(...rows.map((cells) => cells[column]?.length ?? 0)));
  return rows.map((cells) =>
    cells
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return leftAligned.has(column) ? cell.padEnd(width) : cell.padStart(width);
      })
      .join("  ")
      .trimEnd(),
  );
}

function row(record: InferenceRecord): string[] {
  const first = timeToFirstOutput(record);
  return [
    String(record.number),
    record.mode,
    `${record.itemsSent} of ${record.itemsTotal}`,
    formatCount(record.bytesSent),
    formatCount(record.bytesFull),
    first === undefined ? "–" : formatMs(first),
    formatMs(record.times.totalMs),
    remarks(record),
  ];
}

function remarks(record: InferenceRecord): string {
  const { mode, reason, functionCalls, retries, interrupted, incompleteReason, error } = record;
  return [
    mode === "full" ? reasonWords[reason] : "",
    functionCalls === 0 ? "" : functionCalls === 1 ? "1 call" : `${functionCalls} calls`,
    ...retries.filter((why) => why !== reason).map((why) => `again: ${reasonWords[why]}`),
    interrupted ? "interrupted" : "",
    error === undefined ? (incompleteReason ?? "") : `failed: ${error}`,
  ]
    .filter((remark) => remark !== "")
    .join(", ");
}
