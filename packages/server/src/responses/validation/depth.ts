import { invalidRequest } from "../api-error.ts";

/** JSON nested deeper than this is refused: the API needs far less, and recursion over it costs stack. */
const deepest = 100;

/** Throws for JSON that is nested too deep. */
export function checkDepth(value: unknown): void {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > deepest) {
      throw invalidRequest(null, `Invalid message: its JSON is nested deeper than ${deepest} levels.`);
    }
    const next: unknown[] = [];
    for (const entry of level) {
      if (typeof entry !== "object" || entry === null) continue;
      for (const inner of Object.values(entry)) if (typeof inner === "object" && inner !== null) next.push(inner);
    }
    level = next;
  }
}
