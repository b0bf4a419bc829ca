import type { RequestReason } from "../../src/llm/index.ts";
import { tableUnder } from "@turnwire/test-kit";

/** The reasons a record can give, by what gives them. Together they are those of docs/continuation.md. */
export const reasonsGivenBy = {
  planning: [
    "continues-last",
    "continues-earlier",
    "history-changed",
    "text-missing",
    "calls-missing",
    "reasoning-missing",
    "output-missing",
    "steering-missing",
    "nothing-new",
  ],
  retry: [
    "ambiguous-error",
    "answer-broke-off",
    "connection-limit",
    "connection-lost",
    "lane-limit",
    "lanes-refused",
    "no-answer",
    "no-output",
    "rate-limited",
    "request-too-large",
    "response-gone",
    "server-failed",
    "websocket-refused",
  ],
  others: ["first-request", "nothing-kept", "nothing-sent"],
} as const satisfies Readonly<Record<string, readonly RequestReason[]>>;

/** Every reason of the table in docs/continuation.md. */
export function documentedReasons(): string[] {
  return tableUnder("docs/continuation.md", "When a turn is full, and why").map(([reason = ""]) => reason);
}

/** A document's table as a map from one column's cells to the row; every cell of the column is there once. */
export function rowsBy(path: string, heading: string, column: number): Map<string, string[]> {
  const rows = tableUnder(path, heading);
  const map = new Map(rows.map((row) => [row[column]!, row]));
  if (map.size !== rows.length) throw new Error(`${path}, ${heading}: a cell of column ${column} comes twice`);
  return map;
}
