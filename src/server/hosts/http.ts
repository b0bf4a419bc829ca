import type { IncomingMessage, ServerResponse } from "node:http";
import { isObject, limits } from "../../protocol/index.ts";
import { invalidRequest, ResponsesApiError, toApiError } from "../api-error.ts";
import { generate, modelNotFound, newRecord, readRequest, type RequestRecord, type ServerCore } from "../core/index.ts";
import { JsonSink, sendError, sendJson, SseSink } from "./http-sinks.ts";

type Handler = (request: IncomingMessage, response: ServerResponse, parameter: string) => void | Promise<void>;

interface Route {
  readonly path: RegExp;
  readonly methods: Readonly<Record<string, Handler>>;
}

/** Answers HTTP requests: the API's routes, and API-shaped errors for everything else. */
export class HttpHost {
  readonly #core: ServerCore;
  readonly #modelNames: readonly string[];
  readonly #routes: readonly Route[];

  constructor(core: ServerCore, modelNames: readonly string[]) {
    this.#core = core;
    this.#modelNames = modelNames;
    this.#routes = [
      {
        path: /^\/v1\/responses\/?$/,
        methods: { POST: (request, response) => this.#createResponse(request, response) },
      },
      { path: /^\/v1\/responses\/([^/]+)$/, methods: { GET: responseNotFound, DELETE: responseNotFound } },
      { path: /^\/v1\/models\/?$/, methods: { GET: (_request, response) => this.#listModels(response) } },
      { path: /^\/v1\/models\/(.+)$/, methods: { GET: (_request, response, id) => this.#retrieveModel(response, id) } },
    ];
  }

  /** Never rejects. */
  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.setHeader("x-request-id", this.#core.newId("req"));
    try {
      await this.#route(request, response);
    } catch (error) {
      answerError(response, error);
    }
  }

  async #route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const method = request.method ?? "GET";
    const path = (request.url ?? "/").split("?")[0] ?? "/";
    for (const route of this.#routes) {
      const match = route.path.exec(path);
      if (match === null) continue;
      const handler = Object.hasOwn(route.methods, method) ? route.methods[method] : undefined;
      if (handler === undefined) throw methodNotAllowed(method, path, Object.keys(route.methods));
      return await handler(request, response, decode(match[1] ?? ""));
    }
    throw new ResponsesApiError({ status: 404, message: `Invalid URL (${method} ${path.slice(0, 256)})` });
  }

  async #createResponse(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const controller = new AbortController();
    response.once("close", () => controller.abort());
    const { body, bytes } = await readBody(request);
    const record = newRecord({ transport: "http", body, bytes });
    this.#core.log.add(record);
    try {
      await this.#answer(body, record, response, controller.signal);
    } catch (error) {
      record.status = "rejected";
      throw error;
    }
  }

  async #answer(
    body: Record<string, unknown>,
    record: RequestRecord,
    response: ServerResponse,
    signal: AbortSignal,
  ): Promise<void> {
    const { models } = this.#core;
    const create = readRequest(body, {
      transport: "http",
      find: () => undefined,
      ...(models === undefined ? {} : { models }),
    });
    record.conversation = create.conversation;
    record.tools = create.tools;
    if (typeof create.params.instructions === "string") record.instructions = create.params.instructions;
    const sink = create.params.stream === true ? new SseSink(response) : new JsonSink(response);
    const outcome = await generate(this.#core, create, sink, record, signal);
    if (outcome.status === "failed" && !response.headersSent) sendError(response, outcome.error);
    if (!response.writableEnded) response.end();
  }

  #listModels(response: ServerResponse): void {
    sendJson(response, 200, { object: "list", data: this.#modelNames.map(modelObject) });
  }

  #retrieveModel(response: ServerResponse, id: string): void {
    if (!this.#modelNames.includes(id)) throw modelNotFound(id);
    sendJson(response, 200, modelObject(id));
  }
}

export function answerError(response: ServerResponse, error: unknown): void {
  const apiError = toApiError(error);
  // The rest of a body that was too large is not read: the connection cannot be used again.
  sendError(response, apiError, apiError.status === 413 ? { connection: "close" } : {});
  if (!response.writableEnded) response.end();
}

async function readBody(request: IncomingMessage): Promise<{ body: Record<string, unknown>; bytes: number }> {
  const mediaType = (request.headers["content-type"] ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
  if (mediaType !== "application/json") {
    throw new ResponsesApiError({ status: 415, message: "Unsupported content type: send 'application/json'." });
  }
  const tooLarge = (): ResponsesApiError =>
    new ResponsesApiError({
      status: 413,
      message: `The request body is too large: the limit is ${limits.maxMessageBytes} bytes.`,
    });
  if (Number(request.headers["content-length"] ?? 0) > limits.maxMessageBytes) throw tooLarge();
  const chunks: Buffer[] = [];
  let bytes = 0;
  // Destroying the request would take the connection with it, and the answer could not be sent.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > limits.maxMessageBytes) throw tooLarge();
    chunks.push(chunk);
  }
  return { body: parseBody(Buffer.concat(chunks).toString("utf8")), bytes };
}

function parseBody(text: string): Record<string, unknown> {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    throw invalidRequest(null, "We could not parse the JSON body of your request: it is not valid JSON.");
  }
  if (!isObject(body)) throw invalidRequest(null, "Invalid body: expected a JSON object.");
  return body;
}

function decode(parameter: string): string {
  try {
    return decodeURIComponent(parameter);
  } catch {
    return parameter;
  }
}

const responseNotFound: Handler = (_request, _response, id) => {
  throw new ResponsesApiError({ status: 404, message: `Response with id '${id.slice(0, 128)}' not found.` });
};

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
