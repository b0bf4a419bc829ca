import type { Response, ResponseCreateParamsBase, Tool, ResponseInputItem } from "openai/resources/responses/responses";
import type { Reasoning } from "openai/resources/shared";

/** A request, as a brain gets it. */
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
  /** The fields of the request as they came, for those that have no field here, such as `temperature`. */
  readonly params?: Readonly<ResponseCreateParamsBase>;
  /** Fires when the response was cancelled or its client is gone. */
  readonly signal: AbortSignal;
}

/** One piece of a brain's output. Consecutive pieces of text, or of refusal, belong to one message. */
export type BrainOutput =
  | { type: "text"; delta: string }
  | { type: "refusal"; delta: string }
  | {
      type: "reasoning";
      summary?: string;
      /** Opaque to the client. If it is absent, the server makes one. */
      encryptedContent?: string;
    }
  | { type: "function_call"; name: string; /** JSON text. */ arguments: string; callId?: string }
  /** The brain's own count of tokens, which replaces the server's. It adds nothing to the output. */
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
  /** Whether the brain itself ends at `maxOutputTokens`, so that the server does not cut it off. */
  readonly countsTokens?: boolean;
}
