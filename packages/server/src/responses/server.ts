import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { defaultLogger, systemClock } from "turnwire/internal";
import { kindOf } from "turnwire/internal";
import { ResponsesApiError, toApiError } from "./api-error.ts";
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
import { Faults } from "./faults/index.ts";
import {
  answerError,
  controlRoute,
  HostGuard,
  HttpHost,
  KeyGuard,
  refuseUpgrade,
  sendJson,
  type ServerConnection,
  urlOf,
  WebSocketHost,
} from "./hosts/index.ts";
import { checkOptions, dialectOf, type ResponsesServerOptions } from "./options.ts";
import { rulesBrain } from "./rules/index.ts";

/** How long connections get to close properly when the server is closed. */
const closeGraceMs = 100;

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
  readonly #server: Server;
  readonly #webSockets: WebSocketHost;
  readonly #core: ServerCore;
  #closing: Promise<void> | undefined;

  /** Starts a server. Rejects with Node's error when the address cannot be listened on. */
  static async start(options: ResponsesServerOptions = {}): Promise<ResponsesServer> {
    checkOptions(options);
    const core = newCore(options, await tokensOf(options.tokenizer));
    for (const fault of options.faults ?? []) core.faults.add(fault);
    const host = options.host ?? "127.0.0.1";
    const gate = new Gate(new HostGuard([host, ...(options.allowedHosts ?? [])]), new KeyGuard(options.apiKeys ?? []));
    const control = options.faultControl === true ? [controlRoute(core.faults)] : [];
    const http = new HttpHost(core, options.models ?? ["turnwire-rules"], control);
    const { maxConnections = 10_000, maxConnectionsPerKey = Infinity } = options;
    const webSockets = new WebSocketHost(core, { maxConnections, maxConnectionsPerKey });
    const server = createServer((request, response) => handle(gate, http, request, response));
    server.on("upgrade", (request, socket, head) => upgrade(gate, webSockets, request, socket, head));
    await listen(server, options.port ?? 0, host);
    return new ResponsesServer(server, webSockets, core, host);
  }

  private constructor(server: Server, webSockets: WebSocketHost, core: ServerCore, host: string) {
    this.#server = server;
    this.#webSockets = webSockets;
    this.#core = core;
    const { port } = server.address() as AddressInfo;
    const name = host.includes(":") ? `[${host}]` : host;
    this.url = `http://${name}:${port}/v1`;
    this.wsURL = `ws://${name}:${port}/v1/responses`;
  }

  /** The requests received since the start or the last `reset`, the oldest first: those over a WebSocket and by HTTP. */
  get requests(): readonly ReceivedRequest[] {
    return this.#core.log.entries;
  }

  /** The WebSocket connections that are open now, the oldest first. */
  get connections(): readonly ServerConnection[] {
    return this.#webSockets.connections;
  }

  /** What is to go wrong. */
  get faults(): Faults {
    return this.#core.faults;
  }

  /** Forgets the recorded requests and the faults asked for. Connections stay open and keep what they know. */
  reset(): void {
    this.#core.log.clear();
    this.#core.faults.clear();
  }

  /** Ends every connection and stops listening; what is being answered is cut short. Never rejects. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    await this.#webSockets.close(closeGraceMs);
    this.#server.closeAllConnections();
    await closed;
    this.#core.store.close();
  }
}

/** Decides who gets in, and as whom. */
class Gate {
  readonly #hosts: HostGuard;
  readonly #keys: KeyGuard;

  constructor(hosts: HostGuard, keys: KeyGuard) {
    this.#hosts = hosts;
    this.#keys = keys;
  }

  /** Whose request it is. Throws a 401 or 403. */
  check(request: IncomingMessage): string {
    this.#hosts.check(request);
    return this.#keys.check(request);
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
  const { random = Math.random, clock = systemClock, models, keptRequests = 10_000, onRequest } = options;
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
    log: new RequestLog({ limit: keptRequests, clock, onEnd: onRequest }),
    store: options.store ?? new MemoryStore(),
    faults: new Faults(),
    maxQueuedRequests: options.maxQueuedRequests ?? 256,
    ...(pace === undefined ? {} : { pace }),
    ...(models === undefined ? {} : { models }),
  };
}

/** Says neither the message nor the stack: they may hold a part of the conversation. */
function warnOfBrainError(error: unknown): void {
  const name = error instanceof Error ? error.name : kindOf(error);
  defaultLogger.warn(`a brain threw ${name}; the client was told server_error. Pass onBrainError to see the error.`);
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

function handle(gate: Gate, http: HttpHost, request: IncomingMessage, response: ServerResponse): void {
  // Nothing is told here that is not plain from the open port.
  if (urlOf(request).pathname === "/healthz") return sendJson(response, 200, { status: "ok" });
  try {
    void http.handle(request, response, gate.check(request));
  } catch (error) {
    answerError(response, error);
  }
}

function upgrade(gate: Gate, webSockets: WebSocketHost, request: IncomingMessage, socket: Duplex, head: Buffer): void {
  socket.on("error", () => socket.destroy());
  try {
    const owner = gate.check(request);
    const path = urlOf(request).pathname;
    if (!/^\/v1\/responses\/?$/.test(path)) {
      throw new ResponsesApiError({ status: 404, message: `Invalid URL (WebSocket ${path.slice(0, 256)})` });
    }
    webSockets.upgrade(request, socket, head, owner);
  } catch (error) {
    refuseUpgrade(socket, toApiError(error));
  }
}
