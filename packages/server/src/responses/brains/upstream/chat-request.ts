import type {
  ChatCompletionCreateParamsStreaming,
  ChatCompletionFunctionTool,
} from "openai/resources/chat/completions/completions";
import type { FunctionTool, Tool } from "openai/resources/responses/responses";
import { isObject } from "turnwire/internal";
import type { BrainRequest } from "../../brain.ts";
import { notForUpstream } from "./errors.ts";
import { given } from "./fields.ts";
import { toMessages } from "./messages.ts";
import type { UpstreamSettings } from "./options.ts";

type ChatFields = Partial<ChatCompletionCreateParamsStreaming>;

/** The request to a Chat Completions server. Throws a `ResponsesApiError` if the API has no way to ask for something. */
export function toChatRequest(request: BrainRequest, settings: UpstreamSettings): ChatCompletionCreateParamsStreaming {
  const { params, reasoning, text, maxOutputTokens } = request;
  const limit = maxOutputTokens === null ? {} : { [settings.maxTokensField]: maxOutputTokens };
  return {
    model: settings.model ?? request.model,
    messages: toMessages(request, settings.sendReasoning),
    stream: true,
    stream_options: { include_usage: true },
    ...given({
      temperature: params?.temperature,
      top_p: params?.top_p,
      reasoning_effort: reasoning?.effort,
      verbosity: text?.verbosity,
    }),
    ...limit,
    ...responseFormat(text),
    ...toolFields(request),
    ...settings.extra,
  };
}

function responseFormat(text: BrainRequest["text"]): ChatFields {
  const format = text?.format;
  if (format === undefined || format.type === "text") return {};
  if (format.type === "json_object") return { response_format: { type: "json_object" } };
  const { name, schema, description, strict } = format;
  return { response_format: { type: "json_schema", json_schema: { name, schema, ...given({ description, strict }) } } };
}

/** The API refuses the fields about tools if there are no tools. */
function toolFields({ tools, toolChoice, parallelToolCalls }: BrainRequest): ChatFields {
  const functions = functionTools(tools);
  const { names, choice } = chosen(toolChoice);
  const offered = functions.filter(({ name }) => names === undefined || names.includes(name));
  if (offered.length === 0) return {};
  return {
    tools: offered.map(toChatTool),
    ...(choice === "auto" ? {} : { tool_choice: choice }),
    ...(parallelToolCalls ? {} : { parallel_tool_calls: false }),
  };
}

/** Functions only: this server has no events for tools that the upstream would run itself. */
export function functionTools(tools: readonly Tool[]): FunctionTool[] {
  return tools.map((tool, index) => {
    if (tool.type === "function") return tool;
    throw notForUpstream(`tools[${index}].type`, `A tool of the type '${tool.type}'`, "offer functions only");
  });
}

function toChatTool({ name, description, parameters, strict }: FunctionTool): ChatCompletionFunctionTool {
  return { type: "function", function: { name, ...given({ description, parameters, strict }) } };
}

type ChatChoice = NonNullable<ChatFields["tool_choice"]>;

/** Most model servers do not know `allowed_tools`, so the other tools are left out instead. */
function chosen(choice: BrainRequest["toolChoice"]): { names?: readonly unknown[]; choice: ChatChoice } {
  if (typeof choice === "string") return { choice };
  if (choice.type === "function") return { choice: { type: "function", function: { name: choice.name } } };
  if (choice.type === "allowed_tools") {
    return { names: choice.tools.map((tool) => (isObject(tool) ? tool["name"] : undefined)), choice: choice.mode };
  }
  throw notForUpstream("tool_choice", `A choice of the type '${choice.type}'`, "choose a function, or by a mode");
}
