import type { TurnwireError } from "../errors.ts";
import type { LLMTokenUsage } from "../frames/index.ts";
import type { InferenceRecord } from "./inference-record.ts";

/** The record of one turn. */
export interface TurnRecord {
  /** The text of all inferences that reached the reader, joined. */
  text: string;
  /** A record of each inference, in order. */
  inferences: readonly InferenceRecord[];
  /** Whether the turn was interrupted: by its signal, `interrupt()`, `stop()`, or because the reader left. */
  interrupted: boolean;
  /** The tokens of all inferences; absent when the provider counted none. */
  usage?: LLMTokenUsage;
  /** The error that ended the turn. */
  error?: TurnwireError;
}

/** Sums tokens of several responses. */
export function addUsage(one: LLMTokenUsage | undefined, other: LLMTokenUsage | undefined): LLMTokenUsage | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return {
    inputTokens: one.inputTokens + other.inputTokens,
    outputTokens: one.outputTokens + other.outputTokens,
    totalTokens: one.totalTokens + other.totalTokens,
    cachedTokens: one.cachedTokens + other.cachedTokens,
    reasoningTokens: one.reasoningTokens + other.reasoningTokens,
  };
}
