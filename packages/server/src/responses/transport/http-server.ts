import type { IncomingMessage, ServerResponse } from "node:http";
import { ResponsesApiError, toApiError } from "../api-error.ts";
import { requestURL } from "../../kit/index.ts";
import { modelNotFound, type ServerCore } from "../core/index.ts";
import { sendError, sendJson } from "./send-json.ts";
import { ResponsesRoutes } from "./responses-routes.ts";
import type { Handler, HttpExchange, Route } from "./route.ts";

/** Answers HTTP requests: the API's routes, and API-shaped errors for everything else. */
export class HttpServer {
  readonly #core: ServerCore;
  readonly #modelNames: readonly string[];
  readonly #routes: readonly Route[];

  constructor(core: ServerCore, modelNames: readonly string[], others: readonly Route[]) {
    this.#core = core;
    this.#modelNames = modelNames;
    this.#routes = [
      ...new ResponsesRoutes(core).routes,
      ["GET", /^\/v1\/models\/?$/, ({ response }) => this.#listModels(response)],
      ["GET", /^\/v1\/models\/(.+)$/, ({ response, parameter }) => this.#model(response, parameter)],
      ...others,
    ];
  }

  /** Answers a request. `owner` says whose it is. Never rejects. */
  async handle(request: IncomingMessage, response: ServerResponse, owner: string): Promise<void> {
    response.setHeader("x-request-id", this.#core.newId("req"));
    try {
      const { handler, parameter, url } = this.#route(request);
      await handler({ request, response, parameter, url, owner });
    } catch (error) {
      answerError(response, error);
    }
  }

  #route(request: IncomingMessage): { handler: Handler } & Pick<HttpExchange, "parameter" | "url"> {
    const method = request.method ?? "GET";
    const url = requestURL(request);
    const [, path] = this.#routes.find(([, pattern]) => pattern.test(url.pathname)) ?? [];
    const routes = this.#routes.filter(([, pattern]) => pattern === path);
    const handler = routes.find(([allowed]) => allowed === method)?.[2];
    if (handler !== undefined) return { handler, url, parameter: decode(path?.exec(url.pathname)?.[1] ?? "") };
    if (routes.length > 0)
      throw methodNotAllowed(
        method,
        url.pathname,
        routes.map(([allowed]) => allowed),
      );
    throw new ResponsesApiError({ status: 404, message: `Invalid URL (${method} ${url.pathname.slice(0, 256)})` });
  }

  #listModels(response: ServerResponse): void {
    sendJson(response, 200, { object: "list", data: this.#modelNames.map(modelObject) });
  }

  #model(response: ServerResponse, id: string): void {
    if (!this.#modelNames.includes(id)) throw modelNotFound(id);
    sendJson(response, 200, modelObject(id));
  }
}

export function answerError(response: ServerResponse, error: unknown): void {
  const apiError = toApiError(error);
  // The rest of a body that is too large is not read, so the connection cannot be used again.
  sendError(response, apiError, apiError.status === 413 ? { connection: "close" } : {});
  if (!response.writableEnded) response.end();
}

function decode(parameter: string): string {
  try {
    return decodeURIComponent(parameter);
  } catch {
    return parameter;
  }
}

function methodNotAllowed(method: string, path: string, allowed: readonly string[]): ResponsesApiError {
  const message = `Not allowed to ${method} on ${path.slice(0, 256)}. Allowed: ${allowed.join(", ")}.`;
  return new ResponsesApiError({
    status: 405,
    code: "method_not_supported",
    message,
    headers: { allow: allowed.join(", ") },
  });
}

function modelObject(id: string): { id: string; object: "model"; created: number; owned_by: string } {
  return { id, object: "model", created: 1_767_225_600, owned_by: "turnwire" };
}
