import type { LLMTokenUsage } from "../../frames/index.ts";
import { isObject } from "../../protocol/index.ts";

/** Reads the token counts of a response. A count that the server left out is 0. Undefined when it gave no usage at all. */
export function readUsage(usage: unknown): LLMTokenUsage | undefined {
  if (!isObject(usage)) return undefined;
  const inputTokens = count(usage["input_tokens"]);
  const outputTokens = count(usage["output_tokens"]);
  return {
    inputTokens,
    outputTokens,
    totalTokens: count(usage["total_tokens"]) || inputTokens + outputTokens,
    cachedTokens: count(detail(usage["input_tokens_details"], "cached_tokens")),
    reasoningTokens: count(detail(usage["output_tokens_details"], "reasoning_tokens")),
  };
}

function detail(details: unknown, field: string): unknown {
  return isObject(details) ? details[field] : undefined;
}

function count(value: unknown): number {
  return typeof value === "number" && Number.isFinite(value) ? value : 0;
}
