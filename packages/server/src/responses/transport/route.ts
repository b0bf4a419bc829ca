import type { IncomingMessage, ServerResponse } from "node:http";

/** One HTTP request, and where its answer goes. */
export interface HttpExchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
  /** The variable part of the path; empty when there is none. */
  readonly parameter: string;
  /** Whose request it is; empty where no keys are asked for. */
  readonly owner: string;
}

export type Handler = (exchange: HttpExchange) => void | Promise<void>;

export interface Route {
  readonly path: RegExp;
  readonly methods: Readonly<Record<string, Handler>>;
}
