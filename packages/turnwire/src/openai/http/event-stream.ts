import { ProviderError } from "../../errors.ts";
import { limits, parseEvent, type RawEvent } from "../../protocol/index.ts";
import { lostAnswer } from "./http-errors.ts";

/**
 * The events of a body of server-sent events. Leaving the loop ends the request.
 * @throws TurnwireError when the stream is lost; ProviderError when an event is larger than a server may send; the
 * signal's reason.
 */
export async function* readEvents(response: Response, signal: AbortSignal): AsyncGenerator<RawEvent, void, undefined> {
  // Loaded here: only turns over HTTP need it.
  const { createParser } = await import("eventsource-parser");
  let events: RawEvent[] = [];
  let isTooLarge = false;
  const parser = createParser({
    maxBufferSize: limits.maxMessageBytes,
    onEvent: ({ data }) => {
      const event = parseEvent(data);
      if (event !== undefined) events.push(event);
    },
    onError: ({ type }) => (isTooLarge ||= type === "max-buffer-size-exceeded"),
  });
  for await (const text of texts(response, signal)) {
    parser.feed(text);
    const complete = events;
    events = [];
    for (const event of complete) yield event;
    if (isTooLarge) throw new ProviderError("invalid_response", "an event of the stream is too large");
  }
}

async function* texts(response: Response, signal: AbortSignal): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder();
  const reader = response.body?.getReader();
  if (reader === undefined) return;
  try {
    for (;;) {
      const { done, value } = await reader.read().catch((error: unknown) => {
        throw signal.aborted ? signal.reason : lostAnswer(error);
      });
      if (done) return;
      yield decoder.decode(value, { stream: true });
    }
  } finally {
    void reader.cancel().catch(() => undefined);
  }
}
