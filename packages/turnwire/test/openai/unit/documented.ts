import { tableUnder } from "@turnwire/test-kit/documents.ts";

/** The reasons a turn record can give, by what gives them. Together they are those of docs/continuation.md. */
export const reasonsGivenBy = {
  planning: [
    "continues the last response",
    "continues an earlier response",
    "the history was changed",
    "the context does not hold the last response's text",
    "the context does not hold the last response's function calls",
    "the context does not hold the last response's reasoning",
    "the context does not hold the last response's output",
    "the context does not hold what was steered",
    "nothing follows the last response",
  ],
  retry: [
    "previous_response_not_found",
    "websocket_connection_limit_reached",
    "websocket_stream_limit_reached",
    "the server takes no stream_id",
    "invalid_stream_id",
    "the connection was lost",
    "no output in time",
    "ambiguous_error",
    "the answer broke off",
    "the upgrade was refused",
    "request_too_large",
  ],
  others: ["the first request of the connection", "HTTP keeps nothing", "nothing was sent"],
} as const;

/** Every reason of the table in docs/continuation.md, with those that a row mentions as "likewise". */
export function documentedReasons(): string[] {
  return tableUnder("docs/continuation.md", "When a turn is full, and why").flatMap(([reason = "", meaning = ""]) => {
    const [, others, replaced] = /likewise (.+?)(?: in the place of (.+))?$/.exec(meaning) ?? [];
    const names = others?.split(/, | and /) ?? [];
    const start = replaced !== undefined && reason.endsWith(replaced) ? reason.slice(0, -replaced.length) : "";
    return [reason, ...names.map((name) => start + name)];
  });
}

/** A document's table as a map from one column's cells to the row; every cell of the column is there once. */
export function rowsBy(path: string, heading: string, column: number): Map<string, string[]> {
  const rows = tableUnder(path, heading);
  const map = new Map(rows.map((row) => [row[column]!, row]));
  if (map.size !== rows.length) throw new Error(`${path}, ${heading}: a cell of column ${column} comes twice`);
  return map;
}
