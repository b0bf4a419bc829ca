/** Counts what a model reads and writes. */
export interface TokenCounter {
  count(text: string): number;
  /** Cuts the text into tokens that join to the text again. */
  split(text: string): string[];
}

const pieces = /\s*(?:[\p{L}\p{N}]{1,4}|[^\s\p{L}\p{N}])|\s+$/gu;

/** The text cut into token-sized pieces that join to the text again: four letters or digits, or one other sign. */
export function splitTokens(text: string): string[] {
  return text.match(pieces) ?? [];
}

/** About as many tokens as a model would see; costs nothing to load. */
export const estimatedTokens: TokenCounter = { count: (text) => splitTokens(text).length, split: splitTokens };

/** The part of `gpt-tokenizer` that is used. */
interface Tokenizer {
  countTokens(text: string, options: { disallowedSpecial: Set<string> }): number;
  encode(text: string, options: { disallowedSpecial: Set<string> }): number[];
  decode(tokens: number[]): string;
}

/** No literal in the import: compilers and bundlers would look for a package that may not be installed. */
const tokenizerModule: string = "gpt-tokenizer/encoding/o200k_base";

/** Longer words are counted in parts: a tokenizer's work grows with the square of a word's length. */
const longestWord = 256;

/**
 * Tokens as the models of the gpt-4o family and later count them (`o200k_base`), by the optional package
 * `gpt-tokenizer`. Loading it takes most of a second. Undefined when it is not installed.
 */
export async function exactTokens(): Promise<TokenCounter | undefined> {
  let tokenizer: Tokenizer;
  try {
    tokenizer = (await import(tokenizerModule)) as Tokenizer;
  } catch {
    return undefined;
  }
  // In a user's text `<|endoftext|>` is plain text, not a special token.
  const options = { disallowedSpecial: new Set<string>() };
  const count = (text: string): number =>
    parts(text).reduce((sum, part) => sum + tokenizer.countTokens(part, options), 0);
  return {
    count,
    split: (text) =>
      parts(text).flatMap((part) => cut(tokenizer.encode(part, options), (tokens) => tokenizer.decode(tokens))),
  };
}

function parts(text: string): string[] {
  return text.length <= longestWord ? [text] : (text.match(/\s*\S{1,256}|\s+/gu) ?? []);
}

/** A character of several bytes may be several tokens, which stay together. */
function cut(tokens: readonly number[], decode: (tokens: number[]) => string): string[] {
  const texts: string[] = [];
  let open: number[] = [];
  for (const token of tokens) {
    open.push(token);
    const text = decode(open);
    if (text.includes("\uFFFD") && open.length < 8) continue;
    texts.push(text);
    open = [];
  }
  if (open.length > 0) texts.push(decode(open));
  return texts;
}

/** The fields of items, content parts and tools that a model reads as text; images, files and ids are not. */
const textFields: ReadonlySet<string> = new Set(
  "content text refusal name arguments output summary description".split(" "),
);

/** How many tokens the text in items or tools is. */
export function countValueTokens(value: unknown, tokens: TokenCounter): number {
  if (typeof value === "string") return tokens.count(value);
  if (Array.isArray(value))
    return value.reduce((sum: number, entry: unknown) => sum + countValueTokens(entry, tokens), 0);
  if (typeof value !== "object" || value === null) return 0;
  let total = 0;
  for (const [name, field] of Object.entries(value)) {
    if (name === "parameters") total += tokens.count(JSON.stringify(field) ?? "");
    else if (textFields.has(name)) total += countValueTokens(field, tokens);
  }
  return total;
}
