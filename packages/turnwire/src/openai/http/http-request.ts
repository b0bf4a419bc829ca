import { ProviderError } from "../../errors.ts";
import { isObject } from "../../protocol/index.ts";
import type { HttpTarget } from "../endpoint.ts";
import { parsed, textOf } from "./body.ts";
import { connectionFailure } from "./http-errors.ts";
import { readRefusal } from "./refusal.ts";

/**
 * Sends a JSON body.
 * @param accept The type of answer to ask for, such as `text/event-stream`.
 * @returns The response, whose status is 2xx and whose body has not been read.
 * @throws ProviderError when the server refuses; TurnwireError when it cannot be reached; the signal's reason.
 */
export async function post(target: HttpTarget, body: string, accept: string, signal: AbortSignal): Promise<Response> {
  const headers = new Headers({ Accept: accept });
  for (const [name, value] of target.headers) headers.set(name, value);
  const { fetch: ask } = target;
  let response: Response;
  try {
    // A redirect could take the key and the conversation to another origin.
    response = await ask(target.url, { method: "POST", headers, body, signal, redirect: "manual" });
  } catch (error) {
    throw signal.aborted ? signal.reason : connectionFailure(error);
  }
  if (response.ok) return response;
  throw await readRefusal(response, signal);
}

/**
 * Sends a JSON body and reads a JSON object.
 * @param limit The longest answer to take, in characters.
 * @throws As `post`; TurnwireError when the answer broke off; ProviderError when it is too long or not a JSON object.
 */
export async function postForJson(
  target: HttpTarget,
  body: string,
  limit: number,
  signal: AbortSignal,
): Promise<Record<string, unknown>> {
  const response = await post(target, body, "application/json", signal);
  const text = await textOf(response, limit + 1, signal);
  if (text.length > limit) throw new ProviderError("invalid_response", `the answer is longer than ${limit} characters`);
  const value = parsed(text);
  if (!isObject(value)) throw new ProviderError("invalid_response", "the answer is not a JSON object");
  return value;
}
