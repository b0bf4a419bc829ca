import type { ServerResponse } from "node:http";
import type { ResponsesApiError } from "../api-error.ts";

type Headers = Readonly<Record<string, string>>;

export function sendJson(response: ServerResponse, status: number, body: unknown, headers: Headers = {}): void {
  if (response.headersSent || response.destroyed) return;
  const text = JSON.stringify(body);
  const own = { "content-type": "application/json", "content-length": Buffer.byteLength(text) };
  response.writeHead(status, { ...own, ...headers }).end(text);
}

export function sendError(response: ServerResponse, error: ResponsesApiError, headers: Headers = {}): void {
  sendJson(response, error.status, { error: error.body }, { ...error.headers, ...headers });
}
