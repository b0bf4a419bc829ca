import type {
  ResponseCreateParamsStreaming,
  ResponseIncludable,
  ResponseInputItem,
} from "openai/resources/responses/responses";
import type { BrainRequest } from "../../brain.ts";
import { functionTools } from "./chat-request.ts";
import { compactedText } from "./compacted.ts";
import { given } from "./fields.ts";
import type { UpstreamSettings } from "./options.ts";

/** Marks reasoning for which the upstream gave no encrypted content, so that the server makes none up. */
export const noEncryptedContent = "turnwire-upstream-none";

const encrypted: ResponseIncludable = "reasoning.encrypted_content";

/** The request to a Responses server over HTTP: the whole conversation, with nothing stored. */
export function toResponsesRequest(request: BrainRequest, settings: UpstreamSettings): ResponseCreateParamsStreaming {
  const { params, tools, toolChoice, parallelToolCalls } = request;
  // Models that do not reason refuse this `include`.
  const wantsReasoning = request.reasoning !== null || params?.include?.includes(encrypted) === true;
  const toolFields = {
    tools: functionTools(tools),
    ...(toolChoice === "auto" ? {} : { tool_choice: toolChoice }),
    ...(parallelToolCalls ? {} : { parallel_tool_calls: false }),
  };
  return {
    model: settings.model ?? request.model,
    input: request.conversation.flatMap(toInput),
    store: false,
    stream: true,
    ...given({
      instructions: request.instructions,
      max_output_tokens: request.maxOutputTokens,
      reasoning: request.reasoning,
      text: params?.text,
      temperature: params?.temperature,
      top_p: params?.top_p,
      service_tier: params?.service_tier,
      prompt_cache_key: params?.prompt_cache_key,
      safety_identifier: params?.safety_identifier,
      truncation: params?.truncation,
    }),
    ...(wantsReasoning ? { include: [encrypted] } : {}),
    ...(tools.length === 0 ? {} : toolFields),
    ...settings.extra,
  };
}

/** Leaves out this server's ids, which the upstream would look for, and reasoning that the upstream did not encrypt. */
function toInput(item: ResponseInputItem): ResponseInputItem[] {
  if (item.type === "reasoning") {
    const { encrypted_content, summary } = item;
    if (typeof encrypted_content !== "string" || encrypted_content === noEncryptedContent) return [];
    return [{ type: "reasoning", summary, encrypted_content } as ResponseInputItem];
  }
  if (item.type === "compaction") {
    const text = compactedText(item.encrypted_content);
    if (text !== undefined) return [{ role: "developer", content: text }];
  }
  const { id: _id, status: _status, ...rest } = item as ResponseInputItem & { id?: unknown; status?: unknown };
  return [rest as ResponseInputItem];
}
