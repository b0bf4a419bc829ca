import { type IncomingMessage, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { TurnwireError } from "turnwire/internal";

/** A refusal as Deepgram says it (https://developers.deepgram.com/docs/errors). */
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

/** What a client is told of a failure: refusals as they are, nothing of anything else. */
export function toSpeechApiError(error: unknown): SpeechApiError {
  if (error instanceof SpeechApiError) return error;
  return new SpeechApiError(500, "INTERNAL_SERVER_ERROR", "The server failed.");
}

/**
 * Refuses an upgrade. The error is in the body and in the header `dg-error`, the request's id in `dg-request-id`
 * (https://developers.deepgram.com/docs/stt-troubleshooting-websocket-data-and-net-errors).
 */
export function refuseUpgrade(socket: Duplex, error: SpeechApiError, requestId: string): void {
  const body = error.body(requestId);
  // A client that does not close its side would keep the server from closing.
  socket.once("finish", () => socket.destroy());
  const head = [
    `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status] ?? "Refused"}`,
    "content-type: application/json",
    `content-length: ${Buffer.byteLength(body)}`,
    `dg-request-id: ${requestId}`,
    `dg-error: ${error.message.replaceAll(/[^\x20-\x7e]/g, "?")}`,
  ];
  socket.end([...head, "connection: close", "", body].join("\r\n"));
}

/** The URL of a request; only its path and query mean anything. */
export function urlOf(request: IncomingMessage): URL {
  const url = request.url ?? "/";
  return URL.canParse(url, "http://localhost") ? new URL(url, "http://localhost") : new URL("http://localhost/");
}
