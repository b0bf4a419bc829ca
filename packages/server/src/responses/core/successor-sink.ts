import type { ResponsesApiError } from "../api-error.ts";
import type { ErrorShape } from "../error-shapes.ts";
import { type SessionSocket, SocketSink } from "./socket-sink.ts";
import type { SteerTarget } from "./steering.ts";

/** Sends the events of a successor. If it fails before the first, the input is given back in place of an error. */
export class SuccessorSink extends SocketSink {
  readonly #parent: SteerTarget;

  constructor(socket: SessionSocket, shape: ErrorShape, parent: SteerTarget) {
    super(socket, shape, parent.lane.name);
    this.#parent = parent;
  }

  override error(error: ResponsesApiError): void {
    if (this.started) return super.error(error);
    this.#parent.fail(
      "successor_creation_failed",
      `The response that was to follow could not be created: ${error.message}`,
    );
  }
}
