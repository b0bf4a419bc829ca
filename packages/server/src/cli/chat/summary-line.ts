import type { InferenceRecord } from "turnwire";
import { formatCount, formatMs } from "../shared/format.ts";
import { reasonWords } from "./reason-words.ts";
import type { TurnSummary } from "./chat-events.ts";

/** `incremental · 411 of 1 466 bytes · first text 38 ms · calculate` */
export function summaryLine(summary: TurnSummary): string {
  const { records, firstTextMs, failed, interrupted } = summary;
  const withoutText = failed || interrupted ? "" : "no text";
  const parts = [
    failed ? "failed" : interrupted ? "interrupted" : "",
    modes(records),
    bytes(records),
    firstTextMs === undefined ? withoutText : `first text ${formatMs(firstTextMs)}`,
    toolNames(summary.tools),
    ...records.map(({ incompleteReason }) =>
      incompleteReason === undefined || incompleteReason === "failed" ? "" : `cut short: ${incompleteReason}`,
    ),
    ...records.flatMap(({ retries, reason }) =>
      retries.filter((why) => why !== reason).map((why) => `again: ${reasonWords[why]}`),
    ),
  ];
  return parts.filter((part) => part !== "").join(" · ");
}

/** The modes, `full` with its reason. A repeated one is shown once. */
function modes(records: readonly InferenceRecord[]): string {
  const said = records
    .filter(({ bytesSent }) => bytesSent > 0)
    .map(({ mode, reason }) => (mode === "incremental" ? mode : `${mode} (${reasonWords[reason]})`));
  return said.filter((mode, index) => mode !== said[index - 1]).join(", then ") || "nothing sent";
}

function bytes(records: readonly InferenceRecord[]): string {
  const sent = sum(records, "bytesSent");
  const full = sum(records, "bytesFull");
  if (full === 0) return "";
  return sent === full ? `${formatCount(sent)} bytes` : `${formatCount(sent)} of ${formatCount(full)} bytes`;
}

export function sum(records: readonly InferenceRecord[], field: "bytesSent" | "bytesFull"): number {
  return records.reduce((total, record) => total + record[field], 0);
}

function toolNames(tools: TurnSummary["tools"]): string {
  const counts = new Map<string, number>();
  for (const { name, failed } of tools) {
    const label = failed ? `${name} (failed)` : name;
    counts.set(label, (counts.get(label) ?? 0) + 1);
  }
  return [...counts].map(([label, count]) => (count === 1 ? label : `${label} ×${count}`)).join(", ");
}
