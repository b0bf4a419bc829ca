import { isObject, limits, providerError, normalizeError } from "../../protocol/index.ts";
import type { HttpTarget } from "../endpoint.ts";
import type { Conversation, RequestFields } from "../request/index.ts";
import { postForJson } from "./http-request.ts";

/**
 * Asks for one answer outside of any conversation, and waits for all of it.
 * @returns The answer's text.
 * @throws ProviderError when the server refuses or fails; TurnwireError when it cannot be reached; the signal's reason.
 */
export async function askOnce(
  target: HttpTarget,
  fields: RequestFields,
  conversation: Conversation,
  signal: AbortSignal,
): Promise<string> {
  const body = JSON.stringify({ ...fields, input: conversation.wireFrom(0), stream: false });
  const response = await postForJson(target, body, limits.maxMessageBytes, signal);
  if (response["status"] === "failed") {
    const wire = normalizeError({ error: response["error"] ?? {} });
    throw providerError({ code: "response_failed", ...wire });
  }
  return outputText(response["output"]);
}

/** The text of all messages of an output. A refusal counts as text, as in a turn. */
function outputText(output: unknown): string {
  const items = Array.isArray(output) ? output.filter(isObject) : [];
  return items
    .flatMap(({ type, content }) => (type === "message" && Array.isArray(content) ? content.filter(isObject) : []))
    .map((part) => (part["type"] === "refusal" ? part["refusal"] : part["text"]))
    .filter((text) => typeof text === "string")
    .join("");
}
