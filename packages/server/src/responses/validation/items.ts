import type { ResponseInputItem } from "openai/resources/responses/responses";
import { isObject } from "turnwire/internal";
import { invalidRequest } from "../api-error.ts";
import { array, type Check, invalidType, invalidValue, optional, required, string } from "./checks.ts";

type ItemType = NonNullable<ResponseInputItem["type"]>;

/** A request with more items is refused, since each costs work before the request is known to make sense. */
const mostItems = 10_000;

/** Throws unless the value is a string or an array of input items. */
export const validateInput: Check = (value, path) => {
  if (typeof value === "string") return;
  if (!Array.isArray(value)) throw invalidType(path, "one of a string or array of input items", value);
  if (value.length > mostItems) {
    const message = `Invalid '${path}': array too long. Expected at most ${mostItems} items, but got ${value.length} instead.`;
    throw invalidRequest(path, message, "array_above_max_length");
  }
  value.forEach((item: unknown, index) => validateItem(item, `${path}[${index}]`));
};

function validateItem(item: unknown, path: string): void {
  if (!isObject(item)) throw invalidType(path, "an object", item);
  const implied = item["role"] !== undefined && item["type"] === undefined;
  if (!implied) required(item, "type", path, string);
  const type = implied ? "message" : (item["type"] as string);
  const check = itemChecks[type as ItemType];
  if (!Object.hasOwn(itemChecks, type) || check === undefined) {
    throw invalidValue(`${path}.type`, type, Object.keys(itemChecks));
  }
  check(item, path);
}

type ItemCheck = (item: Record<string, unknown>, path: string) => void;

const inputParts: readonly string[] = ["input_text", "input_image", "input_file"];
const contentParts: Readonly<Record<string, readonly string[]>> = {
  user: inputParts,
  system: inputParts,
  developer: inputParts,
  assistant: ["output_text", "refusal"],
};

const message: ItemCheck = (item, path) => {
  required(item, "role", path, string);
  const parts = Object.hasOwn(contentParts, item["role"] as string) ? contentParts[item["role"] as string] : undefined;
  if (parts === undefined) throw invalidValue(`${path}.role`, item["role"] as string, Object.keys(contentParts));
  required(item, "content", path, content(parts));
};

function content(allowed: readonly string[]): Check {
  return (value, path) => {
    if (typeof value === "string") return;
    if (!Array.isArray(value)) throw invalidType(path, "one of a string or array of content parts", value);
    value.forEach((part: unknown, index) => validatePart(part, `${path}[${index}]`, allowed));
  };
}

function validatePart(part: unknown, path: string, allowed: readonly string[]): void {
  if (!isObject(part)) throw invalidType(path, "an object", part);
  required(part, "type", path, string);
  const type = part["type"] as string;
  if (!allowed.includes(type)) throw invalidValue(`${path}.type`, type, allowed);
  if (type === "input_text" || type === "output_text") required(part, "text", path, string);
  if (type === "refusal") required(part, "refusal", path, string);
}

const functionCall: ItemCheck = (item, path) => {
  required(item, "call_id", path, string);
  required(item, "name", path, string);
  required(item, "arguments", path, string);
  optional(item, "id", path, string);
};

const functionCallOutput: ItemCheck = (item, path) => {
  required(item, "call_id", path, string);
  required(item, "output", path, content(inputParts));
};

const reasoning: ItemCheck = (item, path) => {
  optional(item, "id", path, string);
  required(item, "summary", path, array);
  optional(item, "encrypted_content", path, string);
};

/** Always refused: this server keeps items with their response and does not find them by id. */
const itemReference: ItemCheck = (item, path) => {
  required(item, "id", path, string);
  throw invalidRequest("input", `Item with id '${(item["id"] as string).slice(0, 128)}' not found.`);
};

const accepted: ItemCheck = () => undefined;

/** One check for each type of input item, by the types of the `openai` package. */
const itemChecks: Record<ItemType, ItemCheck> = {
  message,
  function_call: functionCall,
  function_call_output: functionCallOutput,
  reasoning,
  item_reference: itemReference,
  additional_tools: accepted,
  apply_patch_call: accepted,
  apply_patch_call_output: accepted,
  code_interpreter_call: accepted,
  compaction: accepted,
  compaction_trigger: accepted,
  computer_call: accepted,
  computer_call_output: accepted,
  configuration_update: accepted,
  custom_tool_call: accepted,
  custom_tool_call_output: accepted,
  file_search_call: accepted,
  image_generation_call: accepted,
  local_shell_call: accepted,
  local_shell_call_output: accepted,
  mcp_approval_request: accepted,
  mcp_approval_response: accepted,
  mcp_call: accepted,
  mcp_list_tools: accepted,
  program: accepted,
  program_output: accepted,
  shell_call: accepted,
  shell_call_output: accepted,
  tool_search_call: accepted,
  tool_search_output: accepted,
  web_search_call: accepted,
};
