import { invalidRequest } from "../api-error.ts";

interface Page {
  readonly object: "list";
  readonly data: ReadonlyArray<Record<string, unknown>>;
  readonly first_id: unknown;
  readonly last_id: unknown;
  readonly has_more: boolean;
}

/** One page of items: `order` (default `desc`), `limit` (default 20, at most 100), `after` an id. */
export function pageOf(items: ReadonlyArray<Record<string, unknown>>, query: URLSearchParams): Page {
  const order = query.get("order") ?? "desc";
  if (order !== "asc" && order !== "desc") {
    throw invalidRequest("order", "Invalid value for 'order'. Supported values are: 'asc', 'desc'.", "invalid_value");
  }
  const limit = Number(query.get("limit") ?? 20);
  if (!Number.isInteger(limit) || limit < 1 || limit > 100) {
    throw invalidRequest("limit", "Invalid 'limit': expected an integer from 1 to 100.", "integer_out_of_range");
  }
  const ordered = order === "asc" ? items : items.toReversed();
  const after = query.get("after");
  const start = after === null ? 0 : ordered.findIndex((item) => item["id"] === after) + 1;
  if (after !== null && start === 0) {
    throw invalidRequest("after", `No item with id '${after.slice(0, 128)}' is in this list.`, "invalid_value");
  }
  const data = ordered.slice(start, start + limit);
  return {
    object: "list",
    data,
    first_id: data[0]?.["id"] ?? null,
    last_id: data.at(-1)?.["id"] ?? null,
    has_more: start + limit < ordered.length,
  };
}
