import type { ResponseInputItem } from "openai/resources/responses/responses";
import { invalidRequest, ResponsesApiError } from "../api-error.ts";

/**
 * Checks that every function call of the conversation has its output before the next message of the new input that is
 * not the model's, and every output its call. With `mayBeOpen` calls at the end may wait for their outputs.
 */
export function validateCalls(
  earlier: readonly ResponseInputItem[],
  input: readonly ResponseInputItem[],
  mayBeOpen = false,
): void {
  const known = new Set<string>();
  const open = new Set<string>();
  for (const [index, item] of [...earlier, ...input].entries()) {
    // Earlier items were checked when they came, and steering may have put messages between a call and its output.
    const isNew = index >= earlier.length;
    if (item.type === "function_call") {
      known.add(item.call_id);
      open.add(item.call_id);
    } else if (item.type === "function_call_output") {
      const callId = item.call_id ?? "";
      if (isNew && !known.has(callId)) {
        const message = `No tool call found for function call output with call_id ${callId.slice(0, 128)}.`;
        throw invalidRequest("input", message);
      }
      open.delete(callId);
    } else if (isNew && "role" in item && item.role !== "assistant") {
      requireAnswered(open);
    }
  }
  if (!mayBeOpen) requireAnswered(open);
}

function requireAnswered(open: ReadonlySet<string>): void {
  for (const callId of open)
    throw invalidRequest("input", `No tool output found for function call ${callId.slice(0, 128)}.`);
}

/** Whether an item can follow a reasoning item: it has to be the model's own. */
function isModelOutput(item: ResponseInputItem): boolean {
  if ("role" in item) return item.role === "assistant";
  return item.type !== undefined && item.type !== null && /_call$|^program$|^mcp_approval_request$/.test(item.type);
}

/**
 * Checks the reasoning items a client sends back: each is followed by the item it belongs to and, unless the client has
 * asked for storage, carries its encrypted content.
 */
export function validateReasoning(input: readonly ResponseInputItem[], store: boolean): void {
  input.forEach((item, index) => {
    if (item.type !== "reasoning") return;
    const id = (item.id ?? "").slice(0, 128);
    const next = input.slice(index + 1).find((later) => later.type !== "reasoning");
    if (next === undefined || !isModelOutput(next)) {
      throw invalidRequest(
        "input",
        `Item '${id}' of type 'reasoning' was provided without its required following item.`,
      );
    }
    if (!store && id !== "" && typeof item.encrypted_content !== "string") {
      throw new ResponsesApiError({
        status: 404,
        param: "input",
        message:
          `Item with id '${id}' not found. Items are not persisted when \`store\` is set to false. ` +
          "Remove this item from your input, or send it with its encrypted_content.",
      });
    }
  });
}
