const pieces = /\s*(?:[\p{L}\p{N}]{1,4}|[^\s\p{L}\p{N}])|\s+$/gu;

/** The text cut into token-sized pieces that join to the text again: four letters or digits, or one other sign. */
export function splitTokens(text: string): string[] {
  return text.match(pieces) ?? [];
}

/** About how many tokens a text is. An estimate: the one place to replace when a real tokenizer is wanted. */
export function estimateTokens(text: string): number {
  return splitTokens(text).length;
}

/** The fields of items, content parts and tools that a model reads as text; images, files and ids are not. */
const textFields: ReadonlySet<string> = new Set(
  "content text refusal name arguments output summary description".split(" "),
);

/** About how many tokens the text in items or tools is. */
export function estimateValueTokens(value: unknown): number {
  if (typeof value === "string") return estimateTokens(value);
  if (Array.isArray(value)) return value.reduce((sum: number, entry: unknown) => sum + estimateValueTokens(entry), 0);
  if (typeof value !== "object" || value === null) return 0;
  let total = 0;
  for (const [name, field] of Object.entries(value)) {
    if (name === "parameters") total += estimateTokens(JSON.stringify(field) ?? "");
    else if (textFields.has(name)) total += estimateValueTokens(field);
  }
  return total;
}
