import type { FunctionTool, LLMContext } from "../../context/index.ts";
import { mayReason, reasoningFor } from "./models.ts";
import type { OpenAIResponsesLLMSettings, Reasoning, ServiceTier } from "../settings.ts";

/** A tool as the API takes it. `strict` is always said: left out, the API takes it as true, and most schemas break that. */
interface WireTool {
  type: "function";
  name: string;
  description?: string;
  parameters: Record<string, unknown>;
  strict: boolean;
}

/** The fields of a request beside what is sent of the conversation. Absent fields are left out, never null. */
export interface RequestFields {
  model: string;
  store: false;
  instructions?: string;
  temperature?: number;
  top_p?: number;
  max_output_tokens?: number;
  service_tier?: ServiceTier;
  reasoning?: Reasoning;
  include?: Array<"reasoning.encrypted_content">;
  tools?: WireTool[];
  tool_choice?: "auto" | "none" | "required" | { type: "function"; name: string };
  text?: { format: { type: "json_schema"; strict: true; name: string; schema: Record<string, unknown> } };
}

/** How an answer has to look: JSON that conforms to a schema. */
export interface ResponseFormat {
  /** 1 to 64 of `[A-Za-z0-9_-]`. */
  name: string;
  /** A JSON Schema within what the API supports for strict output. */
  schema: Readonly<Record<string, unknown>>;
}

export interface RequestOptions {
  settings: OpenAIResponsesLLMSettings;
  context: Pick<LLMContext, "tools" | "toolChoice">;
  serviceTier?: ServiceTier | undefined;
  responseFormat?: ResponseFormat | undefined;
}

/** Builds the fields of a request. The server keeps none for a continuation, so every request has all of them. */
export function requestFields({ settings, context, serviceTier, responseFormat }: RequestOptions): RequestFields {
  const reasoning = reasoningFor(settings.model, settings.reasoning);
  const fields: RequestFields = { model: settings.model, store: false };
  if (settings.instructions) fields.instructions = settings.instructions;
  if (settings.temperature !== undefined) fields.temperature = settings.temperature;
  if (settings.topP !== undefined) fields.top_p = settings.topP;
  if (settings.maxTokens !== undefined) fields.max_output_tokens = settings.maxTokens;
  if (serviceTier !== undefined) fields.service_tier = serviceTier;
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
    wire = { type: "function", name, parameters, strict, ...(description === undefined ? {} : { description }) };
    wireTools.set(tool, wire);
  }
  return wire;
}

function wireToolChoice(choice: NonNullable<LLMContext["toolChoice"]>): NonNullable<RequestFields["tool_choice"]> {
  return typeof choice === "string" ? choice : { type: "function", name: choice.function.name };
}
