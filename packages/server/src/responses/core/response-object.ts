import type { Response, ResponseUsage } from "openai/resources/responses/responses";
import type { BrainUsage } from "../brain.ts";
import type { CreateRequest } from "./create-request.ts";

/** A full Response object with no output yet, as `response.created` carries it. */
export function newResponse(request: CreateRequest, id: string): Response {
  const { params } = request;
  const response: Omit<Response, "output_text"> = {
    id,
    object: "response",
    created_at: unixSeconds(),
    status: "in_progress",
    background: false,
    completed_at: null,
    error: null,
    incomplete_details: null,
    access_programs: null,
    instructions: request.instructions,
    max_output_tokens: params.max_output_tokens ?? null,
    max_tool_calls: params.max_tool_calls ?? null,
    metadata: params.metadata ?? {},
    model: params.model,
    output: [],
    parallel_tool_calls: params.parallel_tool_calls ?? true,
    previous_response_id: params.previous_response_id ?? null,
    prompt_cache_key: params.prompt_cache_key ?? null,
    reasoning: { effort: params.reasoning?.effort ?? null, summary: params.reasoning?.summary ?? null },
    safety_identifier: params.safety_identifier ?? null,
    service_tier: params.service_tier ?? "default",
    temperature: params.temperature ?? 1,
    text: params.text ?? { format: { type: "text" } },
    tool_choice: request.toolChoice,
    tools: [...request.tools],
    top_logprobs: params.top_logprobs ?? 0,
    top_p: params.top_p ?? 1,
    truncation: params.truncation ?? "disabled",
  };
  // The API sends no `output_text`: the SDK's types have it because the SDK adds it.
  return response as Response;
}

export function unixSeconds(): number {
  return Math.floor(Date.now() / 1000);
}

/** Uses the server's count, unless the brain has counted. */
export function usageOf(
  request: CreateRequest,
  outputTokens: number,
  reasoningTokens: number,
  counted?: BrainUsage,
): ResponseUsage {
  const input = counted?.inputTokens ?? request.prompt.tokens;
  const output = counted?.outputTokens ?? outputTokens;
  const cached = counted === undefined ? request.cachedTokens : (counted.cachedTokens ?? 0);
  const reasoning = counted === undefined ? reasoningTokens : (counted.reasoningTokens ?? 0);
  return {
    input_tokens: input,
    input_tokens_details: { cached_tokens: cached, cache_write_tokens: 0 },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: reasoning },
    total_tokens: input + output,
  };
}
