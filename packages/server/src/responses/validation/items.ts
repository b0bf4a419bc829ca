import type { ResponseInputItem } from "openai/resources/responses/responses";
import { isObject } from "turnwire/internal";
import { invalidRequest } from "../api-error.ts";
import { array, type Check, invalidType, listOf, object, objectOf, oneOf, string, typed } from "./checks.ts";

type ItemType = NonNullable<ResponseInputItem["type"]>;

/** A request with more items is refused, since each costs work before the request is known to make sense. */
const mostItems = 10_000;

/** Throws unless the value is a string or an array of input items. */
export const validateInput: Check = (value, path) => {
  if (typeof value === "string") return;
  if (Array.isArray(value) && value.length > mostItems) {
    const message = `Invalid '${path}': array too long. Expected at most ${mostItems} items, but got ${value.length} instead.`;
    throw invalidRequest(path, message, "array_above_max_length");
  }
  items(value, path);
};

const items = listOf(validateItem, "one of a string or array of input items");

function validateItem(item: unknown, path: string): void {
  if (!isObject(item)) throw invalidType(path, "an object", item);
  const implied = item["role"] !== undefined && item["type"] === undefined;
  anyItem(implied ? { ...item, type: "message" } : item, path);
}

const inputParts = ["input_text", "input_image", "input_file"];
const contentParts: Readonly<Record<string, readonly string[]>> = {
  user: inputParts,
  system: inputParts,
  developer: inputParts,
  assistant: ["output_text", "refusal"],
};

function content(allowed: readonly string[]): Check {
  const text = objectOf({ text: string });
  const part = typed(oneOf(allowed), { input_text: text, output_text: text, refusal: objectOf({ refusal: string }) });
  const parts = listOf(part, "one of a string or array of content parts");
  return (value, path) => {
    if (typeof value !== "string") parts(value, path);
  };
}

const role = objectOf({ role: oneOf(Object.keys(contentParts)) });
const contentOf = Object.fromEntries(
  Object.entries(contentParts).map(([name, allowed]) => [name, objectOf({ content: content(allowed) })]),
);
const message: Check = (item, path) => {
  role(item, path);
  contentOf[(item as { role: string }).role]?.(item, path);
};

/** Always refused: this server keeps items with their response and does not find them by id. */
const itemReference: Check = (item, path) => {
  objectOf({ id: string })(item, path);
  const { id } = item as { id: string };
  throw invalidRequest("input", `Item with id '${id.slice(0, 128)}' not found.`);
};

/** One check for each type of input item, by the types of the `openai` package. */
const itemChecks: Record<ItemType, Check> = {
  message,
  function_call: objectOf({ call_id: string, name: string, arguments: string }, { id: string }),
  function_call_output: objectOf({ call_id: string, output: content(inputParts) }),
  reasoning: objectOf({ summary: array }, { id: string, encrypted_content: string }),
  item_reference: itemReference,
  additional_tools: object,
  apply_patch_call: object,
  apply_patch_call_output: object,
  code_interpreter_call: object,
  compaction: object,
  compaction_trigger: object,
  computer_call: object,
  computer_call_output: object,
  configuration_update: object,
  custom_tool_call: object,
  custom_tool_call_output: object,
  file_search_call: object,
  image_generation_call: object,
  local_shell_call: object,
  local_shell_call_output: object,
  mcp_approval_request: object,
  mcp_approval_response: object,
  mcp_call: object,
  mcp_list_tools: object,
  program: object,
  program_output: object,
  shell_call: object,
  shell_call_output: object,
  tool_search_call: object,
  tool_search_output: object,
  web_search_call: object,
};

const anyItem = typed(oneOf(Object.keys(itemChecks)), itemChecks);
