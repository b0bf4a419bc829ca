/** A text, or a pattern that a text has to fit. A string is the whole text, but for spaces around it. */
export type TextMatch = string | RegExp | { pattern: string; flags?: string };

/** What a request has to be like. Everything that is given has to fit; nothing given fits every request. */
export interface ScriptCondition {
  /** What the user said last. Without `toolOutput` only a request that ends with the user's message fits. */
  user?: TextMatch;
  /** The request ends with outputs of functions, and one of them fits. True: any. */
  toolOutput?: true | { name?: string; callId?: string; output?: TextMatch };
  /** The number of the request since the brain was made, from 1. */
  request?: number;
  model?: string;
}

/** How long before a piece, in milliseconds. For text in several deltas: before each, or one number for each. */
type Delay = number | readonly number[];

/** One piece of a reply. A bare string is `{ text }`. */
export type ScriptPiece =
  | string
  /** A string is said word by word, an array delta by delta. */
  | { text: string | readonly string[]; delayMs?: Delay }
  | { refusal: string | readonly string[]; delayMs?: Delay }
  | { reasoning: string; encryptedContent?: string; delayMs?: number }
  /** `arguments`: JSON text as it is, or what it says. */
  | { call: string; arguments?: string | Readonly<Record<string, unknown>>; callId?: string; delayMs?: number }
  | { error: ScriptError; delayMs?: number }
  | { incomplete: string; delayMs?: number }
  | { usage: ScriptUsage }
  /** Only waits. */
  | { delayMs: number }
  /** Says nothing more until nobody wants the answer any more. */
  | { hang: true };

/** An error as the API says it: before any other piece the request's, after one the response's. */
export interface ScriptError {
  status: number;
  message: string;
  code?: string;
  type?: string;
  param?: string;
  headers?: Record<string, string>;
}

export interface ScriptUsage {
  inputTokens: number;
  outputTokens: number;
  cachedTokens?: number;
  reasoningTokens?: number;
}

export type ScriptReply = ScriptPiece | readonly ScriptPiece[];

/** A reply and when it is given. */
export interface ScriptTurn {
  when?: ScriptCondition;
  reply: ScriptReply;
  /** How often the turn is used before later ones get their chance. Default: without end. */
  times?: number;
}

/** What a script brain says: for each request the first turn that fits and is not used up, or the fallback. */
export interface ScriptFixture {
  /** Default: 1, the only one there is. */
  version?: 1;
  turns: readonly ScriptTurn[];
  /** The reply where no turn fits. Default: an error that says why none did. */
  fallback?: ScriptReply;
}
