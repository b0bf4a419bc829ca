import { STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import type { ResponsesApiError } from "../api-error.ts";

/** Refuses an upgrade with the error's status and, unless there is another body, its API shape. */
export function refuseUpgrade(socket: Duplex, error: ResponsesApiError, text?: string): void {
  const body = text ?? JSON.stringify({ error: error.body });
  // A client that does not close its side would keep the server from closing.
  socket.once("finish", () => socket.destroy());
  const head = [
    `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status] ?? "Refused"}`,
    `content-type: ${text === undefined ? "application/json" : "text/plain; charset=utf-8"}`,
    `content-length: ${Buffer.byteLength(body)}`,
    ...Object.entries(error.headers ?? {}).map(([name, value]) => `${name}: ${value}`),
  ];
  socket.end([...head, "connection: close", "", body].join("\r\n"));
}
