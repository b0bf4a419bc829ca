import type { IncomingMessage, ServerResponse } from "node:http";

/** An HTTP request and its answer. */
export interface HttpExchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
  /** The variable part of the path; empty when there is none. */
  readonly parameter: string;
  /** Whose request it is; empty if the server needs no keys. */
  readonly owner: string;
}

export type Handler = (exchange: HttpExchange) => void | Promise<void>;
export type Route = readonly [method: "DELETE" | "GET" | "POST", path: RegExp, handler: Handler];
