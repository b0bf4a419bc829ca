import type { ResponseCreateParamsBase } from "openai/resources/responses/responses";
import { isObject } from "turnwire/internal";
import { invalidRequest, unknownParameter, unsupportedParameter } from "../api-error.ts";
import {
  array,
  boolean,
  type Check,
  integer,
  invalidType,
  listOf,
  number,
  object,
  objectOf,
  oneOf,
  requirePresent,
  string,
  typed,
} from "./checks.ts";
import { validateInput } from "./items.ts";

const unsupported: Check = (_value, path) => {
  throw unsupportedParameter(path, "is not supported by this server.");
};

const tool = typed(string, { function: objectOf({ name: string }, { description: string, parameters: object }) });

const toolMode = oneOf(["none", "auto", "required"]);
const toolChoice: Check = (value, path) => {
  if (isObject(value)) return objectOf({ type: string })(value, path);
  if (typeof value !== "string") throw invalidType(path, "one of an object or string", value);
  toolMode(value, path);
};

const format = typed(oneOf(["text", "json_schema", "json_object"]), {
  json_schema: objectOf({ name: string, schema: object }),
});

/** One check for each field of `POST /v1/responses`, by the types of the `openai` package. */
const fields: Record<keyof ResponseCreateParamsBase, Check> = {
  access_programs: object,
  background: boolean,
  context_management: array,
  conversation: unsupported,
  image: object,
  include: listOf(string),
  input: validateInput,
  instructions: string,
  max_output_tokens: integer(16),
  max_tool_calls: integer(1),
  metadata: object,
  model: string,
  moderation: object,
  parallel_tool_calls: boolean,
  previous_response_id: string,
  prompt: unsupported,
  prompt_cache_key: string,
  prompt_cache_options: object,
  prompt_cache_retention: string,
  reasoning: objectOf({}, { effort: string, summary: string }),
  safety_identifier: string,
  service_tier: string,
  store: boolean,
  stream: boolean,
  stream_options: object,
  temperature: number(0, 2),
  text: objectOf({}, { format }),
  tool_choice: toolChoice,
  tools: listOf(tool),
  top_logprobs: integer(0),
  top_p: number(0, 1),
  truncation: string,
  user: string,
};
const fieldChecks = new Map<string, Check>(Object.entries(fields));

/** Fields of `response.create` that are not part of `POST /v1/responses`. */
const socketFieldChecks = new Map<string, Check>([
  ["type", string],
  ["generate", boolean],
  // Already read by the session, which routes by it.
  ["stream_id", () => undefined],
]);

/** How strict the server is with the fields of a request. */
interface FieldRules {
  readonly transport: "websocket" | "http";
  readonly nulls: "accept" | "refuse";
  readonly unknownFields: "accept" | "refuse";
}

/** Checks the fields of a request. Throws a `ResponsesApiError` of status 400 naming the field. */
export function validateFields(body: Readonly<Record<string, unknown>>, rules: FieldRules): void {
  const overSocket = rules.transport === "websocket";
  for (const [name, value] of Object.entries(body)) {
    const check = fieldChecks.get(name) ?? (overSocket ? socketFieldChecks.get(name) : undefined);
    if (check === undefined) {
      if (rules.unknownFields === "accept") continue;
      throw unknownParameter(name);
    }
    if (value === null && rules.nulls === "refuse") {
      throw invalidRequest(name, `Invalid type for '${name}': null. Leave the field out.`, "invalid_type");
    }
    if (value !== null && value !== undefined) check(value, name);
  }
  requirePresent(body, "model", "model");
}

/** Checks the fields that requests to count tokens or to compact share with requests for a response. */
export function validateSome(
  body: Readonly<Record<string, unknown>>,
  names: readonly string[],
  required: readonly string[],
): void {
  for (const [name, value] of Object.entries(body)) {
    const check = names.includes(name) ? (fieldChecks.get(name) ?? (() => undefined)) : undefined;
    if (check === undefined) throw unknownParameter(name);
    if (value !== null && value !== undefined) check(value, name);
  }
  for (const name of required) requirePresent(body, name, name);
}
