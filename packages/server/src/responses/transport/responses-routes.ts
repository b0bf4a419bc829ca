import type { ServerResponse } from "node:http";
import { invalidRequest, ResponsesApiError, toApiError } from "../api-error.ts";
import {
  asOutput,
  compact,
  countInput,
  generate,
  readRequest,
  type RequestRecord,
  type ServerCore,
  type StoredResponse,
  storeResponse,
} from "../core/index.ts";
import type { PendingFault } from "../../kit/index.ts";
import { type Fault, faultsAt, FaultySink, injectIntoRequest } from "../faults/index.ts";
import { readObject } from "./read-body.ts";
import { faultsOf } from "./fault-header.ts";
import { type HttpSink, JsonSink, sendError, sendJson, SseSink } from "./http-sinks.ts";
import { pageOf } from "./paging.ts";
import type { HttpExchange, Route } from "./route.ts";

/** The routes of `/v1/responses` and below it. */
export class ResponsesRoutes {
  readonly routes: readonly Route[];
  readonly #core: ServerCore;
  #requests = 0;

  constructor(core: ServerCore) {
    this.#core = core;
    this.routes = [
      { path: /^\/v1\/responses\/?$/, methods: { POST: (exchange) => this.#create(exchange) } },
      { path: /^\/v1\/responses\/compact\/?$/, methods: { POST: (exchange) => this.#compact(exchange) } },
      { path: /^\/v1\/responses\/input_tokens\/?$/, methods: { POST: (exchange) => this.#inputTokens(exchange) } },
      { path: /^\/v1\/responses\/([^/]+)\/input_items$/, methods: { GET: (exchange) => this.#inputItems(exchange) } },
      { path: /^\/v1\/responses\/([^/]+)\/cancel$/, methods: { POST: (exchange) => this.#cancel(exchange) } },
      {
        path: /^\/v1\/responses\/([^/]+)$/,
        methods: { GET: (exchange) => this.#retrieve(exchange), DELETE: (exchange) => this.#delete(exchange) },
      },
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
      const faultsOfStage = (stage: "request" | "event"): Array<PendingFault<Fault>> =>
        faultsAt(this.#core.faults, stage, { transport: "http", request: number }, ownFaults);
      await this.#answer(exchange, body, record, faultsOfStage, controller.signal);
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
    faultsOfStage: (stage: "request" | "event") => Array<PendingFault<Fault>>,
    signal: AbortSignal,
  ): Promise<void> {
    const core = this.#core;
    const sink: HttpSink = body["stream"] === true ? new SseSink(response) : new JsonSink(response);
    const goesOn = await injectIntoRequest(faultsOfStage("request"), sink.faultTarget, core.clock, signal);
    if (!goesOn || response.destroyed) return finish(response, sink);
    const create = readRequest(body, {
      transport: "http",
      dialect: core.dialect,
      promptCache: core.promptCache,
      owner,
      find: (id) => this.#stored(id, owner)?.completed,
      ...(core.models === undefined ? {} : { models: core.models }),
    });
    record.conversation = create.conversation;
    record.tools = create.tools;
    if (create.instructions !== null) record.instructions = create.instructions;
    const faults = faultsOfStage("event");
    const faulty = faults.length === 0 ? sink : new FaultySink(sink, faults, sink.faultTarget, core.clock, signal);
    const outcome = await generate(core, create, faulty, record, signal);
    await faulty.settled?.(signal);
    storeResponse(core, create, outcome, owner);
    if (outcome.status === "failed" && !response.headersSent && !sink.muted) sendError(response, outcome.error);
    finish(response, sink);
  }

  #retrieve({ response, parameter, url, owner }: HttpExchange): void {
    if (url.searchParams.get("stream") === "true") {
      throw invalidRequest(
        "stream",
        "Unsupported parameter: 'stream' is only for responses in the background.",
        "unsupported_parameter",
      );
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
    const conversation = countInput(body, "compact", (id) => this.#stored(id, owner)?.completed).conversation;
    sendJson(response, 200, compact(conversation, this.#core.newId, this.#core.tokens));
  }

  async #inputTokens({ request, response, owner }: HttpExchange): Promise<void> {
    const { body } = await readObject(request);
    const counted = countInput(body, "input_tokens", (id) => this.#stored(id, owner)?.completed);
    sendJson(response, 200, { object: "response.input_tokens", input_tokens: counted.tokens(this.#core.tokens) });
  }

  #stored(id: string, owner: string): StoredResponse | undefined {
    const stored = this.#core.store.get(id);
    return stored?.owner === owner ? stored : undefined;
  }

  #require(id: string, owner: string): StoredResponse {
    const stored = this.#stored(id, owner);
    if (stored !== undefined) return stored;
    throw new ResponsesApiError({ status: 404, message: `Response with id '${id.slice(0, 128)}' not found.` });
  }
}

function finish(response: ServerResponse, sink: HttpSink): void {
  if (!sink.muted && !response.writableEnded) response.end();
}
