import type { ResponseInputItem } from "openai/resources/responses/responses";
import { missingInput, previousResponseNotFound } from "../api-error.ts";
import { itemsOf } from "../input-items.ts";
import { validateSome } from "../validation/index.ts";
import type { CompletedResponse } from "./response-store.ts";
import { countValueTokens, type TokenCounter } from "./tokens.ts";

type Purpose = "compact" | "input_tokens";

const shared = ["model", "input", "instructions", "previous_response_id"];

/** The fields of both requests, by the types of the `openai` package. */
const fields: Readonly<Record<Purpose, readonly string[]>> = {
  compact: [...shared, ..."image prompt_cache_key prompt_cache_options prompt_cache_retention service_tier".split(" ")],
  input_tokens: [
    ...shared,
    ..."conversation parallel_tool_calls personality reasoning text tool_choice tools truncation".split(" "),
  ],
};

/** Reads a request to count or compact an input. */
export function countInput(
  body: Record<string, unknown>,
  purpose: Purpose,
  find: (id: string) => CompletedResponse | undefined,
): { conversation: readonly ResponseInputItem[]; tokens(counter: TokenCounter): number } {
  validateSome(body, fields[purpose], purpose === "compact" ? ["model"] : []);
  const { input, previous_response_id: id, instructions, tools } = body;
  const parent = typeof id === "string" ? find(id) : undefined;
  if (typeof id === "string" && parent === undefined) throw previousResponseNotFound(id);
  if (purpose === "compact" && parent === undefined && (input === undefined || input === null)) {
    throw missingInput();
  }
  const conversation = [...(parent?.conversation ?? []), ...itemsOf(input)];
  return {
    conversation,
    tokens: (counter) =>
      countValueTokens(conversation, counter) +
      countValueTokens(instructions ?? "", counter) +
      countValueTokens(tools ?? [], counter),
  };
}
