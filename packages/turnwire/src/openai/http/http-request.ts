import { ProviderError } from "../../errors.ts";
import { isObject } from "../../protocol/index.ts";
import type { HttpTarget } from "../endpoint.ts";
import { connectionFailure, lostAnswer, refusalError } from "./http-errors.ts";

/** How many characters of a refusal are read: a proxy may answer with a page. */
const largestRefusal = 64 * 1024;
const longestQuote = 500;

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
  const text = await textOf(response, largestRefusal, signal);
  throw refusalError(parsed(text) ?? text.slice(0, longestQuote), response.status, response.headers);
}

/**
 * Sends a JSON body and reads a JSON object.
 * @param limit The longest answer to take, in characters.
 * @throws As `post`; ProviderError when the answer is too long, broke off, or is not a JSON object.
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

/** The text of the body; reading stops after `limit` characters. */
async function textOf(response: Response, limit: number, signal: AbortSignal): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  try {
    for await (const chunk of response.body ?? []) {
      text += decoder.decode(chunk, { stream: true });
      if (text.length >= limit) break;
    }
  } catch (error) {
    throw signal.aborted ? signal.reason : lostAnswer(error);
  }
  return text;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // It may be the page of a proxy.
    return undefined;
  }
}
