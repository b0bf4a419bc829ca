import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { untilAborted } from "turnwire/internal";
import type { ResponsesApiError } from "../api-error.ts";
import { type ErrorShape, shapeError } from "../error-shapes.ts";
import type { EventBody, EventSink } from "../events.ts";
import type { FaultTarget } from "../faults/index.ts";
import { sendError, sendJson } from "./send-json.ts";

/**
 * Takes the answer to a POST: streams the events as server-sent events, or answers with the finished response and ignores
 * the other events. An error before the first event is an HTTP error; the routes report `response.failed`.
 */
export class HttpSink implements EventSink {
  readonly #response: ServerResponse;
  readonly #streams: boolean;
  /** The number of the next event: the API counts those of each response from 0. */
  #sequence = 0;
  #muted = false;

  constructor(response: ServerResponse, streams: boolean) {
    this.#response = response;
    this.#streams = streams;
  }

  /** Whether nothing is written any more, while the response stays open. */
  get muted(): boolean {
    return this.#muted;
  }

  /** What faults can do to the answer. */
  get faultTarget(): FaultTarget {
    const response = this.#response;
    return {
      close: () => response.destroy(),
      reset: () => response.socket?.resetAndDestroy(),
      freeze: () => {
        this.#muted = true;
      },
      raw: (text) => this.#raw(text),
      // HTTP connections keep nothing that could be forgotten.
      evict: () => undefined,
      error: (error, shape, body) => this.#errorAs(error, shape, body),
    };
  }

  event(body: EventBody): void {
    if (this.#streams) this.#write(body.type, { ...body, sequence_number: this.#sequence++ });
    else if (!this.#muted && (body.type === "response.completed" || body.type === "response.incomplete")) {
      sendJson(this.#response, 200, body.response);
    }
  }

  error(error: ResponsesApiError): void {
    if (this.#muted) return;
    if (this.#sequence === 0) sendError(this.#response, error);
    else this.#write("error", shapeError("flat", error, { sent: this.#sequence++ }));
  }

  async ready(signal: AbortSignal): Promise<void> {
    if (this.#streams && this.#response.writableNeedDrain) await untilAborted(once(this.#response, "drain"), signal);
  }

  #errorAs(error: ResponsesApiError, shape: ErrorShape, response?: object): void {
    if (this.#sequence > 0) return this.#write("error", shapeError(shape, error, { sent: this.#sequence++, response }));
    const { type: _type, status: _status, ...body } = shapeError(shape, error, { sent: 0 }) as Record<string, unknown>;
    sendJson(this.#response, error.status, shape === "flat" ? error.body : body, { ...error.headers });
  }

  #raw(text: string): void {
    if (this.#streams) this.#line(`data: ${text}\n\n`);
    else if (!this.#response.headersSent) {
      this.#response.writeHead(200, { "content-type": "application/json" }).end(text);
    }
  }

  #write(name: string, event: object): void {
    this.#line(`event: ${name}\ndata: ${JSON.stringify(event)}\n\n`);
  }

  #line(text: string): void {
    if (this.#muted || this.#response.destroyed) return;
    if (!this.#response.headersSent) {
      const headers = { "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache" };
      this.#response.writeHead(200, headers);
    }
    this.#response.write(text);
  }
}
