import type { Response, ResponseCreateParamsBase, Tool } from "openai/resources/responses/responses";
import type { Reasoning } from "openai/resources/shared";
import type { ResponseInputItem } from "turnwire/internal";

/** What a brain is asked. */
export interface BrainRequest {
  readonly model: string;
  readonly instructions?: string;
  /** The whole conversation: the chain of earlier responses with their outputs, then this request's input. */
  readonly conversation: readonly ResponseInputItem[];
  readonly tools: readonly Tool[];
  readonly toolChoice: Response["tool_choice"];
  readonly parallelToolCalls: boolean;
  readonly reasoning: Reasoning | null;
  readonly text: Response["text"];
  readonly maxOutputTokens: number | null;
  /** The fields of the request as they came: for what has none of its own here, such as `temperature`. */
  readonly params?: Readonly<ResponseCreateParamsBase>;
  /** Fires when nobody wants the answer any more: the response was cancelled or its client is gone. */
  readonly signal: AbortSignal;
}

/** One piece of what a brain says. Consecutive pieces of text, and of refusal, belong to one message. */
export type BrainOutput =
  | { type: "text"; delta: string }
  | { type: "refusal"; delta: string }
  | {
      type: "reasoning";
      summary?: string;
      /** Opaque to the client; the server makes one when it is absent. */
      encryptedContent?: string;
    }
  | { type: "function_call"; name: string; /** JSON text. */ arguments: string; callId?: string }
  /** What the answer cost by the brain's own count, which takes the place of the server's. Says nothing to the client. */
  | BrainUsage
  /** Ends the response as incomplete, with this reason in `incomplete_details`. */
  | { type: "incomplete"; reason: string };

export interface BrainUsage {
  readonly type: "usage";
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** How many of the input tokens came from a cache. Default: 0. */
  readonly cachedTokens?: number;
  /** How many of the output tokens were reasoning. Default: 0. */
  readonly reasoningTokens?: number;
}

/**
 * Decides what the server says. It may throw a `ResponsesApiError`: before any output that is the request's
 * error, after it the response ends as `response.failed`. Anything else it throws is a `server_error`, status 500.
 *
 * ```ts
 * const echo: Brain = function* ({ conversation }) {
 *   yield { type: "text", delta: `You sent ${conversation.length} items.` };
 * };
 * ```
 */
export interface Brain {
  (request: BrainRequest): Iterable<BrainOutput> | AsyncIterable<BrainOutput>;
  /** True: the brain ends at `maxOutputTokens` by its own count of tokens, and the server does not cut it off. */
  readonly countsTokens?: boolean;
}
