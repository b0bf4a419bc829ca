import type { ResponsesApiError } from "../api-error.ts";
import { type ErrorShape, shapeError } from "../error-shapes.ts";
import type { EventBody, EventSink } from "../events.ts";

/** What a session needs of a socket. */
export interface SessionSocket {
  send(text: string): void;
  close(code: number, reason: string): void;
  /** Resolves when the reader has caught up enough to be sent more, or is gone. */
  drained(): Promise<void>;
  /** Cuts the connection off without a close frame. */
  reset(): void;
  /** Neither reads, writes nor closes any more. */
  freeze(): void;
}

/** Sends a response's events over the socket, numbered and labelled with their lane. */
export class SocketSink implements EventSink {
  readonly #socket: SessionSocket;
  readonly #shape: ErrorShape;
  readonly #label: { stream_id?: string };
  /** The number of the next event: the API counts those of each response from 0. */
  #sequence = 0;

  constructor(socket: SessionSocket, shape: ErrorShape, laneName: string | undefined) {
    this.#socket = socket;
    this.#shape = shape;
    this.#label = laneName === undefined ? {} : { stream_id: laneName };
  }

  /** Whether an event has been sent. */
  get started(): boolean {
    return this.#sequence > 0;
  }

  event(body: EventBody): void {
    this.#socket.send(JSON.stringify({ ...body, sequence_number: this.#sequence++, ...this.#label }));
  }

  error(error: ResponsesApiError): void {
    this.errorAs(error, this.#shape);
  }

  /** Sends an error in a shape of choice. */
  errorAs(error: ResponsesApiError, shape: ErrorShape, response?: object): void {
    const sent = this.started ? this.#sequence++ : 0;
    this.#socket.send(JSON.stringify({ ...shapeError(shape, error, { sent, response }), ...this.#label }));
  }

  ready(): Promise<void> {
    return this.#socket.drained();
  }
}
