import type { Duplex } from "node:stream";
import { TurnwireError } from "turnwire/internal";
import { refuseUpgrade } from "../kit/index.ts";

/** A refusal in Deepgram's shape (https://developers.deepgram.com/docs/errors). */
export class SpeechApiError extends TurnwireError {
  readonly status: number;

  /** @param code Its `err_code`, such as `INVALID_AUTH`. */
  constructor(status: number, code: string, message: string) {
    super(code, message);
    this.status = status;
  }

  body(requestId: string): string {
    return JSON.stringify({ err_code: this.code, err_msg: this.message, request_id: requestId });
  }
}

/** A 400 about a query parameter. */
export function invalidQuery(message: string): SpeechApiError {
  return new SpeechApiError(400, "INVALID_QUERY_PARAMETER", message);
}

/** The refusal that a client gets for an error: nothing is told of an error that is no refusal. */
export function toSpeechApiError(error: unknown): SpeechApiError {
  if (error instanceof SpeechApiError) return error;
  return new SpeechApiError(500, "INTERNAL_SERVER_ERROR", "The server failed.");
}

/**
 * Refuses an upgrade. The error is in the body and in the header `dg-error`, the request's id in `dg-request-id`
 * (https://developers.deepgram.com/docs/stt-troubleshooting-websocket-data-and-net-errors).
 */
export function refuse(socket: Duplex, error: SpeechApiError, requestId: string): void {
  refuseUpgrade(socket, error.status, error.body(requestId), {
    "content-type": "application/json",
    "dg-request-id": requestId,
    "dg-error": error.message.replaceAll(/[^\x20-\x7e]/g, "?"),
  });
}
