import type { ResponseInputItem } from "openai/resources/responses/responses";
import { createHash } from "node:crypto";
import { countValueTokens, type TokenCounter } from "./tokens.ts";

/** A beginning of a prompt: its key and its number of tokens. */
export interface Prefix {
  readonly key: string;
  readonly tokens: number;
}

/** What a prompt has before the conversation: its owner, instructions and tools. */
export interface PromptHead {
  readonly owner: string;
  readonly instructions: string;
  readonly tools: unknown;
}

export interface ReadPrompt {
  /** The prompt up to its end. */
  readonly end: Prefix;
  /** How many of its tokens a recent prompt began with. */
  readonly cachedTokens: number;
}

/** How many beginnings of prompts are remembered: at least so many, at most twice as many. */
const remembered = 50_000;

/**
 * Knows the beginnings of recent prompts. The API counts prefixes from 1 024 tokens on, in steps; here every token
 * counts, so that short conversations show what they reuse.
 */
export class PromptCache {
  readonly #tokens: TokenCounter;
  // Two generations: removing the oldest entry of one large set is slow, since a set searches for its first entry.
  #recent = new Set<string>();
  #older: ReadonlySet<string> = new Set();

  constructor(tokens: TokenCounter) {
    this.#tokens = tokens;
  }

  /** Reads a prompt: from `from` on if that has the same head, otherwise from the start. */
  read(
    head: PromptHead,
    earlier: readonly ResponseInputItem[],
    from: Prefix | undefined,
    items: readonly ResponseInputItem[],
  ): ReadPrompt {
    const start = this.#head(head);
    const begun = from === undefined || !from.key.startsWith(start.key) ? undefined : from;
    let prefix = begun ?? start;
    let unbroken = this.#knows(prefix.key);
    let cachedTokens = unbroken ? prefix.tokens : 0;
    this.#remember(prefix.key);
    for (const item of begun === undefined ? [...earlier, ...items] : items) {
      prefix = this.#next(prefix, item);
      unbroken &&= this.#knows(prefix.key);
      if (unbroken) cachedTokens = prefix.tokens;
      this.#remember(prefix.key);
    }
    return { end: prefix, cachedTokens };
  }

  /** The prompt with its answer, which the next one begins with. */
  extend(prefix: Prefix, output: readonly ResponseInputItem[]): Prefix {
    let longer = prefix;
    for (const item of output) {
      longer = this.#next(longer, item);
      this.#remember(longer.key);
    }
    return longer;
  }

  #head({ owner, instructions, tools }: PromptHead): Prefix {
    const key = `${digest(JSON.stringify([owner, instructions, tools]))}:`;
    return { key, tokens: this.#tokens.count(instructions) + countValueTokens(tools, this.#tokens) };
  }

  #next(prefix: Prefix, item: ResponseInputItem): Prefix {
    const head = prefix.key.slice(0, prefix.key.indexOf(":") + 1);
    return {
      key: `${head}${digest(prefix.key + JSON.stringify(readable(item)))}`,
      tokens: prefix.tokens + countValueTokens(item, this.#tokens),
    };
  }

  #knows(key: string): boolean {
    return this.#recent.has(key) || this.#older.has(key);
  }

  #remember(key: string): void {
    this.#recent.add(key);
    if (this.#recent.size < remembered) return;
    this.#older = this.#recent;
    this.#recent = new Set();
  }
}

const unread: ReadonlySet<string> = new Set(["id", "status", "annotations", "logprobs", "type"]);

/** What a model reads of an item, the same whether the server kept it or the client sent it back. */
function readable(value: unknown): unknown {
  if (Array.isArray(value)) {
    if (value.length !== 1) return value.map(readable);
    const only = readable(value[0]);
    // One text is the same as a list of one text.
    return Array.isArray(only) && only.length === 1 && only[0][0] === "text" ? only[0][1] : [only];
  }
  if (typeof value !== "object" || value === null) return value;
  return Object.entries(value)
    .filter(([name, field]) => !unread.has(name) && field !== null && field !== undefined)
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, field]) => [name, readable(field)]);
}

function digest(text: string): string {
  return createHash("sha1").update(text).digest("base64url");
}
