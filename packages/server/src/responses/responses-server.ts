import type { IncomingMessage, ServerResponse } from "node:http";
import { defaultLogger, InvalidArgumentError, kindOf, systemClock } from "turnwire/internal";
import { checkStarted, FaultList, Listener, requestURL, type Upgrade } from "../kit/index.ts";
import { ResponsesApiError } from "./api-error.ts";
import {
  estimatedTokens,
  exactTokens,
  idSource,
  MemoryStore,
  paceOf,
  PromptCache,
  type ReceivedRequest,
  RequestLog,
  type ServerCore,
  type TokenCounter,
} from "./core/index.ts";
import { type Fault, readResponsesFault } from "./faults/index.ts";
import { checkServerOptions, dialectOf, type ResponsesServerOptions } from "./options.ts";
import { rulesBrain } from "./rules/rules-brain.ts";
import {
  ApiAuthentication,
  answerError,
  faultRoutes,
  HttpServer,
  refuse,
  sendJson,
  type ServerConnection,
  SessionHost,
} from "./transport/index.ts";

/**
 * A Responses server in this process: HTTP, server-sent events and WebSocket mode on one port. It behaves as the public
 * guide to the Responses API's WebSocket mode says, with the event types of the `openai` package.
 *
 * ```ts
 * await using server = await ResponsesServer.start();
 * const client = new OpenAI({ apiKey: "none", baseURL: server.url });
 * ```
 */
export class ResponsesServer {
  /** The base URL for HTTP clients: `http://127.0.0.1:PORT/v1`. */
  readonly url: string;
  /** Where WebSocket mode is: `ws://127.0.0.1:PORT/v1/responses`. */
  readonly wsURL: string;
  readonly #listener: Listener;
  readonly #sessions: SessionHost;
  readonly #core: ServerCore;
  #closing: Promise<void> | undefined;

  /**
   * Starts a server. Rejects with an `InvalidArgumentError` for options that make no sense, and with Node's error when the
   * address cannot be listened on.
   */
  static async start(options: ResponsesServerOptions = {}): Promise<ResponsesServer> {
    checkServerOptions(options);
    const core = newCore(options, await tokensOf(options.tokenizer));
    for (const fault of options.faults ?? []) core.faults.add(fault);
    const { host = "127.0.0.1", port = 0, maxConnections = 10_000, maxConnectionsPerKey = Infinity } = options;
    const authentication = new ApiAuthentication([host, ...(options.allowedHosts ?? [])], options.apiKeys ?? []);
    const control = options.faultControl === true ? faultRoutes(core.faults) : [];
    const http = new HttpServer(core, options.models ?? ["turnwire-rules"], control);
    const sessions = new SessionHost(core, maxConnections, maxConnectionsPerKey);
    const listener = await Listener.start({
      port,
      host,
      onRequest: (request, response) => handle(authentication, http, request, response),
      onUpgrade: (request) => upgrade(authentication, sessions, request),
    });
    return new ResponsesServer(listener, sessions, core);
  }

  private constructor(listener: Listener, sessions: SessionHost, core: ServerCore) {
    checkStarted("ResponsesServer", listener instanceof Listener);
    this.#listener = listener;
    this.#sessions = sessions;
    this.#core = core;
    this.url = `http://${listener.authority}/v1`;
    this.wsURL = `ws://${listener.authority}/v1/responses`;
  }

  /** The requests received since the start or the last `reset`, the oldest first: those over a WebSocket and by HTTP. */
  get requests(): readonly ReceivedRequest[] {
    return this.#core.log.entries;
  }

  /** The WebSocket connections that are open now, the oldest first. */
  get connections(): readonly ServerConnection[] {
    return this.#sessions.connections;
  }

  /** The faults. */
  get faults(): FaultList<Fault> {
    return this.#core.faults;
  }

  /** Forgets the recorded requests and removes the faults. Connections stay open and keep their responses. */
  reset(): void {
    this.#core.log.clear();
    this.#core.faults.clear();
  }

  /** Ends every connection and stops listening. Running responses are cut short. Never rejects. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    this.#sessions.end();
    await this.#listener.close(this.#sessions.webSockets);
    this.#core.store.close();
  }
}

async function tokensOf(tokenizer: ResponsesServerOptions["tokenizer"] = "estimate"): Promise<TokenCounter> {
  if (tokenizer === "estimate") return estimatedTokens;
  if (tokenizer !== "exact") return tokenizer;
  const exact = await exactTokens();
  if (exact !== undefined) return exact;
  defaultLogger.warn("tokens are estimated: the package gpt-tokenizer, which counts them, is not installed.");
  return estimatedTokens;
}

function newCore(options: ResponsesServerOptions, tokens: TokenCounter): ServerCore {
  const { models, keptRequests = 10_000, onRequest } = options;
  const { random = Math.random, clock = systemClock } = options.environment ?? {};
  const pace = paceOf(options.timing, clock, tokens);
  return {
    brain: options.brain ?? rulesBrain(),
    dialect: dialectOf(options),
    clock,
    random,
    newId: idSource(random),
    tokens,
    promptCache: new PromptCache(tokens),
    onBrainError: options.onBrainError ?? warnOfBrainError,
    log: new RequestLog(clock, keptRequests, onRequest),
    store: options.store ?? new MemoryStore(),
    faults: new FaultList(readResponsesFault),
    maxQueuedRequests: options.maxQueuedRequests ?? 256,
    pace,
    models,
  };
}

/**
 * Prints neither the message nor the stack, which may hold a part of the conversation. Only the message of an
 * InvalidArgumentError holds none.
 */
function warnOfBrainError(error: unknown): void {
  const told = "the client was told server_error";
  if (error instanceof InvalidArgumentError) return defaultLogger.warn(`${error.message}; ${told}.`);
  const name = error instanceof Error ? error.name : kindOf(error);
  defaultLogger.warn(`a brain threw ${name}; ${told}. Pass onBrainError to see the error.`);
}

function handle(
  authentication: ApiAuthentication,
  http: HttpServer,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  // Nothing is told here that the open port does not tell.
  if (requestURL(request).pathname === "/healthz") return sendJson(response, 200, { status: "ok" });
  try {
    void http.handle(request, response, authentication.check(request));
  } catch (error) {
    answerError(response, error);
  }
}

function upgrade(authentication: ApiAuthentication, sessions: SessionHost, request: Upgrade): void {
  try {
    const owner = authentication.check(request.request);
    const path = requestURL(request.request).pathname;
    if (!/^\/v1\/responses\/?$/.test(path)) {
      throw new ResponsesApiError({ status: 404, message: `Invalid URL (WebSocket ${path.slice(0, 256)})` });
    }
    sessions.upgrade(request, owner);
  } catch (error) {
    refuse(request.socket, error);
  }
}
