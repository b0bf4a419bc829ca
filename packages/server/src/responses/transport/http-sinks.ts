import { once } from "node:events";
import type { ServerResponse } from "node:http";
import type { ResponseErrorEvent } from "openai/resources/responses/responses";
import { untilAborted } from "turnwire/internal";
import type { ResponsesApiError } from "../api-error.ts";
import { type ErrorShape, shapeError } from "../error-shapes.ts";
import { type EventBody, type EventSink, SequenceNumbers } from "../events.ts";
import type { FaultTarget } from "../faults/index.ts";

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

/** Takes the answer to a POST. */
export interface HttpSink extends EventSink {
  /** Whether nothing is written any more, while the response stays open. */
  readonly muted: boolean;
  /** What faults can do to the answer. */
  readonly faultTarget: FaultTarget;
}

/** What both kinds of answer have in common. */
abstract class BaseSink {
  protected readonly response: ServerResponse;
  muted = false;

  constructor(response: ServerResponse) {
    this.response = response;
  }

  protected abstract raw(text: string): void;
  protected abstract errorAs(error: ResponsesApiError, shape: ErrorShape, body: object | undefined): void;

  get faultTarget(): FaultTarget {
    const { socket } = this.response;
    return {
      close: () => this.response.destroy(),
      reset: () => socket?.resetAndDestroy(),
      freeze: () => {
        this.muted = true;
      },
      raw: (text) => this.raw(text),
      // HTTP connections keep nothing that could be forgotten.
      evict: () => undefined,
      error: (error, shape, response) => this.errorAs(error, shape, response),
    };
  }

  /** An error as the HTTP answer itself, in a shape of choice. */
  protected answerError(error: ResponsesApiError, shape: ErrorShape): void {
    const { type: _type, status: _status, ...body } = shapeError(shape, error, { sent: 0 }) as Record<string, unknown>;
    sendJson(this.response, error.status, shape === "flat" ? error.body : body, { ...error.headers });
  }
}

/** Answers with the finished response. It ignores the other events; the routes report `response.failed`. */
export class JsonSink extends BaseSink implements HttpSink {
  event(body: EventBody): void {
    if (this.muted) return;
    if (body.type === "response.completed" || body.type === "response.incomplete")
      sendJson(this.response, 200, body.response);
  }

  error(error: ResponsesApiError): void {
    if (!this.muted) sendError(this.response, error);
  }

  ready(): Promise<void> {
    return Promise.resolve();
  }

  protected raw(text: string): void {
    if (!this.response.headersSent) this.response.writeHead(200, { "content-type": "application/json" }).end(text);
  }

  protected errorAs(error: ResponsesApiError, shape: ErrorShape): void {
    this.answerError(error, shape);
  }
}

/** Streams the events as server-sent events. An error before the first is an HTTP error. */
export class SseSink extends BaseSink implements HttpSink {
  readonly #sequence = new SequenceNumbers();

  event(body: EventBody): void {
    this.#write(body.type, { ...body, sequence_number: this.#sequence.next() });
  }

  error(error: ResponsesApiError): void {
    if (this.muted) return;
    if (!this.#sequence.started) return sendError(this.response, error);
    const { code, message, param } = error.body;
    const event: ResponseErrorEvent = { type: "error", code, message, param, sequence_number: this.#sequence.next() };
    this.#write("error", event);
  }

  async ready(signal: AbortSignal): Promise<void> {
    if (this.response.writableNeedDrain) await untilAborted(once(this.response, "drain"), signal);
  }

  protected raw(text: string): void {
    this.#line(`data: ${text}\n\n`);
  }

  protected errorAs(error: ResponsesApiError, shape: ErrorShape, response: object | undefined): void {
    if (!this.#sequence.started) return this.answerError(error, shape);
    this.#write("error", shapeError(shape, error, { sent: this.#sequence.next(), response }));
  }

  #write(name: string, event: object): void {
    this.#line(`event: ${name}\ndata: ${JSON.stringify(event)}\n\n`);
  }

  #line(text: string): void {
    if (this.muted || this.response.destroyed) return;
    if (!this.response.headersSent) {
      this.response.writeHead(200, {
        "content-type": "text/event-stream; charset=utf-8",
        "cache-control": "no-cache",
      });
    }
    this.response.write(text);
  }
}
