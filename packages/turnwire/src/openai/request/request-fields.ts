import type { FunctionTool as WireTool, ResponseCreateParams } from "openai/resources/responses/responses";
import type { FunctionTool, LLMContext } from "../../context/index.ts";
import { mayReason, reasoningFor } from "./models.ts";
import type { OpenAIResponsesLLMSettings } from "../settings.ts";

/** The fields of a request beside what is sent of the conversation. Absent fields are left out, never null. */
export type RequestFields = Omit<ResponseCreateParams, "input" | "previous_response_id" | "stream">;

/** How an answer has to look: JSON that conforms to a schema. */
export interface ResponseFormat {
  /** 1 to 64 of `[A-Za-z0-9_-]`. */
  name: string;
  /** A JSON Schema within what the API supports for strict output. */
  schema: Readonly<Record<string, unknown>>;
}

/** Such as `auto`, `flex` or `priority`. */
export type ServiceTier = NonNullable<ResponseCreateParams["service_tier"]>;

export interface RequestOptions {
  settings: OpenAIResponsesLLMSettings;
  context: Pick<LLMContext, "tools" | "toolChoice">;
  serviceTier?: ResponseCreateParams["service_tier"] | undefined;
  responseFormat?: ResponseFormat | undefined;
}

/** Builds what is sent with every request: instructions and tools are not carried over from one to the next. */
export function requestFields({ settings, context, serviceTier, responseFormat }: RequestOptions): RequestFields {
  const reasoning = reasoningFor(settings.model, settings.reasoning);
  const fields: RequestFields = { model: settings.model, store: false };
  if (settings.instructions) fields.instructions = settings.instructions;
  if (settings.temperature !== undefined) fields.temperature = settings.temperature;
  if (settings.topP !== undefined) fields.top_p = settings.topP;
  if (settings.maxTokens !== undefined) fields.max_output_tokens = settings.maxTokens;
  if (serviceTier !== undefined && serviceTier !== null) fields.service_tier = serviceTier;
  if (reasoning !== undefined) fields.reasoning = reasoning;
  if (mayReason(settings.model, reasoning)) fields.include = ["reasoning.encrypted_content"];
  if (context.tools.length > 0) fields.tools = context.tools.map(wireTool);
  if (context.toolChoice !== undefined) fields.tool_choice = wireToolChoice(context.toolChoice);
  if (responseFormat !== undefined) fields.text = { format: { type: "json_schema", strict: true, ...responseFormat } };
  return { ...fields, ...settings.extra };
}

const wireTools = new WeakMap<FunctionTool, WireTool>();

function wireTool(tool: FunctionTool): WireTool {
  let wire = wireTools.get(tool);
  if (wire === undefined) {
    const { name, description, parameters, strict } = tool;
    // Left out, `strict` is true for the API, and most schemas do not fit that.
    wire = { type: "function", name, parameters, strict, ...(description === undefined ? {} : { description }) };
    wireTools.set(tool, wire);
  }
  return wire;
}

function wireToolChoice(choice: NonNullable<LLMContext["toolChoice"]>): NonNullable<RequestFields["tool_choice"]> {
  return typeof choice === "string" ? choice : { type: "function", name: choice.function.name };
}
