import { lostAnswer } from "./http-errors.ts";

/**
 * The text of the body; reading stops after `limit` characters.
 * @throws The signal's reason; TurnwireError when the body breaks off.
 */
export async function textOf(response: Response, limit: number, signal: AbortSignal): Promise<string> {
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

/** The JSON value that a text holds; undefined when it holds none. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // It may be the page of a proxy.
    return undefined;
  }
}
