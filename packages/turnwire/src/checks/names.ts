import { InvalidArgumentError } from "../errors.ts";

/** For names that callers are likely to try: a sentence that says where each belongs, or what it is called here. */
export type Hints = Readonly<Record<string, string>>;

/**
 * Refuses a name that is not known, with the way out: a hint, the nearest known name, or all of them.
 * @param what The kind of name, such as "option" or "event".
 * @param owner Whose it would be, such as "OpenAIResponsesLLMService" or "respond()".
 * @param path Goes before the name in the error's field, such as "timeouts.".
 * @throws InvalidArgumentError
 */
export function checkName(
  what: string,
  name: string,
  known: readonly string[],
  owner: string,
  hints: Hints = {},
  path = "",
): void {
  if (known.includes(name)) return;
  const shown = name.slice(0, 64);
  throw new InvalidArgumentError(
    `${path}${shown}`,
    `unknown ${what} of ${owner}; ${wayOut(what, name, known, hints, path)}`,
  );
}

function wayOut(what: string, name: string, known: readonly string[], hints: Hints, path: string): string {
  if (Object.hasOwn(hints, name)) return hints[name]!;
  const nearest = nearestName(name, known);
  if (nearest !== undefined) return `did you mean \`${path}${nearest}\`?`;
  return known.length === 0 ? `it has no ${what}s` : `the ${what}s are ${known.join(", ")}`;
}

/** The known name that this one is most likely a slip of; undefined when none is near. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  const given = plain(name);
  let nearest: { name: string; distance: number } | undefined;
  for (const candidate of known) {
    const target = plain(candidate);
    const distance = editDistance(given, target);
    const allowed = Math.floor(Math.min(given.length, target.length) / 3);
    if (distance <= allowed && distance < (nearest?.distance ?? Infinity)) nearest = { name: candidate, distance };
  }
  return nearest?.name;
}

/** Case and separators aside: `max_tokens` is `maxTokens`. */
function plain(name: string): string {
  return name
    .slice(0, 64)
    .toLowerCase()
    .replace(/[^a-z0-9]/g, "");
}

/** How many letters have to be inserted, removed, replaced or swapped with their neighbour. */
function editDistance(from: string, to: string): number {
  let before: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let row = 1; row <= from.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= to.length; column += 1) {
      const isSame = from[row - 1] === to[column - 1];
      const isSwapped = from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      current[column] = Math.min(
        last[column]! + 1,
        current[column - 1]! + 1,
        last[column - 1]! + (isSame ? 0 : 1),
        isSwapped ? before[column - 2]! + 1 : Infinity,
      );
    }
    before = last;
    last = current;
  }
  return last[to.length]!;
}
