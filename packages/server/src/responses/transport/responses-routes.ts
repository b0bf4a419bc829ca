import { invalidRequest, ResponsesApiError, toApiError, unsupportedParameter } from "../api-error.ts";
import {
  asOutput,
  compact,
  countInput,
  findStored,
  generate,
  readRequest,
  type RequestRecord,
  type ServerCore,
  type StoredResponse,
} from "../core/index.ts";
import { faultsOf, RequestFaults } from "../faults/index.ts";
import { readObject } from "./read-body.ts";
import { HttpSink } from "./http-sink.ts";
import { pageOf } from "./paging.ts";
import type { HttpExchange, Route } from "./route.ts";
import { sendError, sendJson } from "./send-json.ts";

/** The routes of `/v1/responses` and below it. */
export class ResponsesRoutes {
  readonly routes: readonly Route[];
  readonly #core: ServerCore;
  #requests = 0;

  constructor(core: ServerCore) {
    this.#core = core;
    const one = /^\/v1\/responses\/([^/]+)$/;
    this.routes = [
      ["POST", /^\/v1\/responses\/?$/, (exchange) => this.#create(exchange)],
      ["POST", /^\/v1\/responses\/compact\/?$/, (exchange) => this.#compact(exchange)],
      ["POST", /^\/v1\/responses\/input_tokens\/?$/, (exchange) => this.#inputTokens(exchange)],
      ["GET", /^\/v1\/responses\/([^/]+)\/input_items$/, (exchange) => this.#inputItems(exchange)],
      ["POST", /^\/v1\/responses\/([^/]+)\/cancel$/, (exchange) => this.#cancel(exchange)],
      ["GET", one, (exchange) => this.#retrieve(exchange)],
      ["DELETE", one, (exchange) => this.#delete(exchange)],
    ];
  }

  async #create(exchange: HttpExchange): Promise<void> {
    const { request, response } = exchange;
    const controller = new AbortController();
    response.once("close", () => controller.abort());
    this.#requests += 1;
    const number = this.#requests;
    const ownFaults = faultsOf(request, "http");
    const { body, bytes } = await readObject(request);
    const record = this.#core.log.add({ transport: "http", body, bytes });
    try {
      const sink = new HttpSink(response, body["stream"] === true);
      const site = { transport: "http", request: number } as const;
      const faults = new RequestFaults(this.#core, site, ownFaults, sink.faultTarget, controller.signal);
      await this.#answer(exchange, body, record, sink, faults, controller.signal);
      if (!sink.muted && !response.writableEnded) response.end();
    } catch (error) {
      record.status = controller.signal.aborted ? "cancelled" : "rejected";
      record.errorCode = toApiError(error).code;
      throw error;
    } finally {
      this.#core.log.end(record);
    }
  }

  async #answer(
    { response, owner }: HttpExchange,
    body: Record<string, unknown>,
    record: RequestRecord,
    sink: HttpSink,
    faults: RequestFaults,
    signal: AbortSignal,
  ): Promise<void> {
    if (!(await faults.before()) || response.destroyed) return;
    const create = readRequest(this.#core, body, { transport: "http", owner });
    const outcome = await generate(this.#core, create, faults.around(sink), record, signal);
    if (outcome.status === "failed" && !response.headersSent && !sink.muted) sendError(response, outcome.error);
  }

  #retrieve({ response, parameter, url, owner }: HttpExchange): void {
    if (url.searchParams.get("stream") === "true") {
      throw unsupportedParameter("stream", "is only for responses in the background.");
    }
    sendJson(response, 200, this.#require(parameter, owner).response);
  }

  #delete({ response, parameter, owner }: HttpExchange): void {
    this.#require(parameter, owner);
    this.#core.store.delete(parameter);
    sendJson(response, 200, { id: parameter, object: "response", deleted: true });
  }

  #inputItems({ response, parameter, url, owner }: HttpExchange): void {
    const { completed, input, response: stored } = this.#require(parameter, owner);
    // What the response was made from: the chain before it, and its own input.
    const earlier = completed.conversation.slice(0, completed.conversation.length - stored.output.length);
    const items = (earlier.length > 0 ? earlier : input).map((item, index) => ({
      ...asOutput(item, (prefix) => `${prefix}_${parameter.slice(5, 45)}${index.toString(16).padStart(8, "0")}`),
    }));
    sendJson(response, 200, pageOf(items, url.searchParams));
  }

  #cancel({ parameter, owner }: HttpExchange): void {
    this.#require(parameter, owner);
    throw invalidRequest(null, "Cannot cancel a synchronous response.");
  }

  async #compact({ request, response, owner }: HttpExchange): Promise<void> {
    const { body } = await readObject(request);
    const conversation = countInput(body, "compact", (id) => findStored(this.#core, id, owner)?.completed).conversation;
    sendJson(response, 200, compact(conversation, this.#core.newId, this.#core.tokens));
  }

  async #inputTokens({ request, response, owner }: HttpExchange): Promise<void> {
    const { body } = await readObject(request);
    const counted = countInput(body, "input_tokens", (id) => findStored(this.#core, id, owner)?.completed);
    sendJson(response, 200, { object: "response.input_tokens", input_tokens: counted.tokens(this.#core.tokens) });
  }

  #require(id: string, owner: string): StoredResponse {
    const stored = findStored(this.#core, id, owner);
    if (stored !== undefined) return stored;
    throw new ResponsesApiError({ status: 404, message: `Response with id '${id.slice(0, 128)}' not found.` });
  }
}
