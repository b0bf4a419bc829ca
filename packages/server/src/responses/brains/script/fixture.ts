/** A text, or a pattern that a text has to match. A string has to be the whole text, apart from surrounding spaces. */
export type TextMatch = string | RegExp | { pattern: string; flags?: string };

/** A condition for a request. All its fields have to hold; an empty one holds for every request. */
export interface ScriptCondition {
  /** The user's last message. Without `toolOutput` the request also has to end with that message. */
  user?: TextMatch;
  /** The request ends with outputs of functions, and one of them fits; `true` fits any. */
  toolOutput?: true | { name?: string; callId?: string; output?: TextMatch };
  /** The number of the request since the brain was made, counted from 1. */
  request?: number;
  model?: string;
}

/** The time before a piece, in milliseconds. For text in several deltas, before each, or one number for each. */
type Delay = number | readonly number[];

/** One piece of a reply. A bare string is `{ text }`. */
export type ScriptPiece =
  | string
  /** A string is sent word by word, an array delta by delta. */
  | { text: string | readonly string[]; delayMs?: Delay }
  | { refusal: string | readonly string[]; delayMs?: Delay }
  | { reasoning: string; encryptedContent?: string; delayMs?: number }
  /** `arguments` is JSON text, sent as it is, or an object. */
  | { call: string; arguments?: string | Readonly<Record<string, unknown>>; callId?: string; delayMs?: number }
  | { error: ScriptError; delayMs?: number }
  | { incomplete: string; delayMs?: number }
  | { usage: ScriptUsage }
  /** Only waits. */
  | { delayMs: number }
  /** Sends nothing more until the response is cancelled or its client is gone. */
  | { hang: true };

/** An error of the API: the request's if no other piece came before it, otherwise the response's. */
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

/** A reply and the condition for it. */
export interface ScriptTurn {
  when?: ScriptCondition;
  reply: ScriptReply;
  /** How often the turn can be used; after that, later ones are. Default: without limit. */
  times?: number;
}

/** The replies of a script brain: each request gets the first that fits and is not used up, or the fallback. */
export interface ScriptFixture {
  /** Default: 1, the only version. */
  version?: 1;
  turns: readonly ScriptTurn[];
  /** The reply if no turn fits. Default: an error that says why. */
  fallback?: ScriptReply;
}
