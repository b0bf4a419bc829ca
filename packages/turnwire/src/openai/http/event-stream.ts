import { onAbort } from "../../async/index.ts";
import type { ProviderError } from "../../errors.ts";
import type { RawEvent } from "../../protocol/index.ts";
import { connectionFailure, refusalError } from "./http-errors.ts";

/** Where and how responses are asked for over HTTP. */
export interface HttpEndpoint {
  url: string;
  headers: Readonly<Record<string, string>>;
  fetch: typeof fetch;
}

/**
 * Asks for a response and gives its events as they come. Of the `openai` package only what reads events is loaded, while
 * the answer is under way: loading all of it would hold up the first turn of a process by a tenth of a second.
 * @throws ProviderError when the server refuses; TurnwireError when it cannot be reached; the signal's reason.
 */
export async function requestEvents(
  { url, headers, fetch: ask }: HttpEndpoint,
  body: string,
  signal: AbortSignal,
): Promise<AsyncIterable<RawEvent>> {
  const sent = new Headers({ Accept: "text/event-stream", "Content-Type": "application/json" });
  // One by one: a name of the caller's in other letters takes the place of ours.
  for (const [name, value] of Object.entries(headers)) sent.set(name, value);
  // Who leaves the events aborts the request, which is no interruption of the turn.
  const controller = new AbortController();
  onAbort(signal, (reason) => controller.abort(reason));
  const asked = ask(url, { method: "POST", headers: sent, body, signal: controller.signal });
  const [response, { Stream }] = await Promise.all([
    asked.catch((error: unknown) => {
      throw signal.aborted ? signal.reason : connectionFailure(error);
    }),
    import("openai/core/streaming"),
  ]);
  if (!response.ok) throw await refusal(response);
  return Stream.fromSSEResponse<RawEvent>(response, controller);
}

const longestQuote = 500;

async function refusal(response: Response): Promise<ProviderError> {
  const text = await response.text();
  return refusalError(parsed(text) ?? text.slice(0, longestQuote), response.status, response.headers);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // A proxy's page, say.
    return undefined;
  }
}
