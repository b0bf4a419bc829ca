import { once } from "node:events";
import type { ServerResponse } from "node:http";
import type { ResponseErrorEvent } from "openai/resources/responses/responses";
import { untilAborted } from "../../async/index.ts";
import type { ResponsesApiError } from "../api-error.ts";
import { type EventBody, type EventSink, SequenceNumbers } from "../core/index.ts";

export function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  if (response.headersSent || response.destroyed) return;
  const text = JSON.stringify(body);
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(text),
    ...headers,
  });
  response.end(text);
}

export function sendError(
  response: ServerResponse,
  error: ResponsesApiError,
  headers: Record<string, string> = {},
): void {
  sendJson(response, error.status, { error: error.body }, { ...error.headers, ...headers });
}

/** Answers with the finished response; the events on the way, and `response.failed`, are left to the host. */
export class JsonSink implements EventSink {
  readonly #response: ServerResponse;

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  event(body: EventBody): void {
    if (body.type === "response.completed" || body.type === "response.incomplete")
      sendJson(this.#response, 200, body.response);
  }

  error(error: ResponsesApiError): void {
    sendError(this.#response, error);
  }

  ready(): Promise<void> {
    return Promise.resolve();
  }
}

/** Streams the events as server-sent events. An error before the first is an HTTP error. */
export class SseSink implements EventSink {
  readonly #response: ServerResponse;
  readonly #sequence = new SequenceNumbers();

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  event(body: EventBody): void {
    if (!this.#sequence.started) {
      this.#response.writeHead(200, {
        "content-type": "text/event-stream; charset=utf-8",
        "cache-control": "no-cache",
      });
    }
    this.#write(body);
  }

  error(error: ResponsesApiError): void {
    if (!this.#sequence.started) return sendError(this.#response, error);
    const { code, message, param } = error.body;
    const event: Omit<ResponseErrorEvent, "sequence_number"> = { type: "error", code, message, param };
    this.#write(event);
  }

  async ready(signal: AbortSignal): Promise<void> {
    if (this.#response.writableNeedDrain) await untilAborted(once(this.#response, "drain"), signal);
  }

  #write(event: { type: string }): void {
    const numbered = { ...event, sequence_number: this.#sequence.next() };
    if (this.#response.destroyed) return;
    this.#response.write(`event: ${event.type}\ndata: ${JSON.stringify(numbered)}\n\n`);
  }
}
