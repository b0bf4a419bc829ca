import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { type Clock, defaultLogger, type Random, systemClock } from "../async/index.ts";
import { InvalidArgumentError, kindOf } from "../errors.ts";
import { limits } from "../protocol/index.ts";
import { ResponsesApiError, toApiError } from "./api-error.ts";
import type { Brain } from "./brain.ts";
import { type CancelMode, idSource, type ReceivedRequest, RequestLog, type ServerCore } from "./core/index.ts";
import { answerError, HostGuard, HttpHost, type ServerConnection, WebSocketHost } from "./hosts/index.ts";
import { rulesBrain } from "./rules/index.ts";

/** How a server is started; every field has a default. */
export interface ResponsesServerOptions {
  /** The TCP port; 0, the default: any free one. */
  port?: number;
  /** The address to listen on. Default: `127.0.0.1`, which other machines cannot reach. */
  host?: string;
  /** Host names beside the loopback ones and `host` that requests may name. */
  allowedHosts?: readonly string[];
  /** What decides what is said. Default: `rulesBrain()`. */
  brain?: Brain;
  /** What is done about `response.cancel`. Default: `refuse`, as it is in no official list of client events. */
  cancel?: CancelMode;
  /** False: `stream_id` is ignored and never echoed. Default: true. */
  lanes?: boolean;
  /** How old a WebSocket connection may become, in milliseconds. Default: 60 minutes. */
  maxConnectionAgeMs?: number;
  /** The models served; requests for others are refused. Default: every name is taken, and `turnwire-rules` listed. */
  models?: readonly string[];
  /** How many of the latest requests `requests` keeps. Default: 10 000. */
  keptRequests?: number;
  /** Told of what a brain threw, unless it was a `ResponsesApiError`. Default: a warning without its content. */
  onBrainError?: (error: unknown) => void;
  /** Times the age of connections. Default: the system's. */
  clock?: Clock;
  /** Where ids come from. Default: `Math.random`. */
  random?: Random;
}

/** How long connections get to close properly when the server is closed. */
const closeGraceMs = 100;

/**
 * A Responses server in this process: HTTP, server-sent events and WebSocket mode on one port. It behaves as the public
 * guide to the Responses API's WebSocket mode says, with the event types of the `openai` package; no key is asked for.
 * Nothing is stored: a response can be continued only on the WebSocket connection it was made on.
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
  readonly #log: RequestLog;
  #closing: Promise<void> | undefined;

  /** Starts a server. Rejects with Node's error when the address cannot be listened on. */
  static async start(options: ResponsesServerOptions = {}): Promise<ResponsesServer> {
    checkOptions(options);
    const log = new RequestLog(options.keptRequests ?? 10_000);
    const core = newCore(options, log);
    const host = options.host ?? "127.0.0.1";
    const guard = new HostGuard([host, ...(options.allowedHosts ?? [])]);
    const http = new HttpHost(core, options.models ?? ["turnwire-rules"]);
    const webSockets = new WebSocketHost(core);
    const server = createServer((request, response) => {
      try {
        guard.check(request);
      } catch (error) {
        return answerError(response, error);
      }
      void http.handle(request, response);
    });
    server.on("upgrade", (request, socket, head) => {
      upgrade(guard, webSockets, request, socket, head);
    });
    await listen(server, options.port ?? 0, host);
    return new ResponsesServer(server, webSockets, log, host);
  }

  private constructor(server: Server, webSockets: WebSocketHost, log: RequestLog, host: string) {
    this.#server = server;
    this.#webSockets = webSockets;
    this.#log = log;
    const { port } = server.address() as AddressInfo;
    const name = host.includes(":") ? `[${host}]` : host;
    this.url = `http://${name}:${port}/v1`;
    this.wsURL = `ws://${name}:${port}/v1/responses`;
  }

  /** The requests received since the start or the last `reset`, the oldest first: those over a WebSocket and by HTTP. */
  get requests(): readonly ReceivedRequest[] {
    return this.#log.entries;
  }

  /** The WebSocket connections that are open now, the oldest first. */
  get connections(): readonly ServerConnection[] {
    return this.#webSockets.connections;
  }

  /** Forgets the recorded requests. Connections stay open and keep what they know. */
  reset(): void {
    this.#log.clear();
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
  }
}

function newCore(options: ResponsesServerOptions, log: RequestLog): ServerCore {
  const random = options.random ?? Math.random;
  return {
    brain: options.brain ?? rulesBrain(),
    cancel: options.cancel ?? "refuse",
    lanes: options.lanes ?? true,
    maxConnectionAgeMs: options.maxConnectionAgeMs ?? limits.maxConnectionAgeMs,
    clock: options.clock ?? systemClock,
    random,
    newId: idSource(random),
    onBrainError: options.onBrainError ?? warnOfBrainError,
    log,
    ...(options.models === undefined ? {} : { models: options.models }),
  };
}

/** Says neither the message nor the stack: they may hold a part of the conversation. */
function warnOfBrainError(error: unknown): void {
  const name = error instanceof Error ? error.name : kindOf(error);
  defaultLogger.warn(`a brain threw ${name}; the client was told server_error. Pass onBrainError to see the error.`);
}

function checkOptions({ cancel, maxConnectionAgeMs }: ResponsesServerOptions): void {
  if (cancel !== undefined && !["honour", "refuse", "ignore"].includes(cancel)) {
    throw new InvalidArgumentError("cancel", `expected "honour", "refuse" or "ignore", got ${kindOf(cancel)}`);
  }
  if (maxConnectionAgeMs !== undefined && !(maxConnectionAgeMs > 0 && maxConnectionAgeMs < 2 ** 31)) {
    throw new InvalidArgumentError(
      "maxConnectionAgeMs",
      `expected milliseconds from 1 to 2^31 - 1, got ${kindOf(maxConnectionAgeMs)}`,
    );
  }
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

function upgrade(
  guard: HostGuard,
  webSockets: WebSocketHost,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): void {
  socket.on("error", () => socket.destroy());
  try {
    guard.check(request);
    const path = (request.url ?? "/").split("?")[0] ?? "/";
    if (!/^\/v1\/responses\/?$/.test(path)) {
      throw new ResponsesApiError({ status: 404, message: `Invalid URL (WebSocket ${path.slice(0, 256)})` });
    }
    webSockets.upgrade(request, socket, head);
  } catch (error) {
    refuseUpgrade(socket, toApiError(error));
  }
}

function refuseUpgrade(socket: Duplex, error: ResponsesApiError): void {
  const body = JSON.stringify({ error: error.body });
  // A client that does not close its side would keep the server from closing.
  socket.once("finish", () => socket.destroy());
  const head = [
    `HTTP/1.1 ${error.status} Refused`,
    "content-type: application/json",
    `content-length: ${Buffer.byteLength(body)}`,
  ];
  socket.end([...head, "connection: close", "", body].join("\r\n"));
}
