import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import { delay } from "turnwire/internal";
import { limits } from "turnwire/internal";
import { ResponsesApiError, toApiError } from "../api-error.ts";
import { type ServerCore, Session } from "../core/index.ts";
import { type ArmedFault, type Fault, Faults, strikeTransport } from "../faults/index.ts";
import { faultsOf } from "./fault-header.ts";
import { refuseUpgrade } from "./refusal.ts";
import { SocketPort } from "./socket-port.ts";

/** A live WebSocket connection of the server. */
export interface ServerConnection {
  /** Counts the connections that were asked for, from 1. */
  readonly id: number;
  /** By the server's clock, in milliseconds. */
  readonly openedAt: number;
  /** How many requests have come over it. */
  readonly requests: number;
  /** Closes it with a close frame. Default: 1000, no reason. */
  close(code?: number, reason?: string): void;
  /** Cuts it off: no close frame, the client sees 1006. */
  terminate(): void;
  /** Forgets what its client could continue from: the next continuation meets `previous_response_not_found`. */
  evict(): void;
  /** Sends a text as it is: for events that the server would not send. */
  send(text: string): void;
}

export interface ConnectionLimits {
  /** How many WebSocket connections may be open at once. */
  readonly maxConnections: number;
  /** How many of them for one API key. */
  readonly maxConnectionsPerKey: number;
}

interface Connection {
  readonly session: Session;
  readonly handle: ServerConnection;
  readonly owner: string;
}

/** Accepts WebSocket connections and runs a session on each. */
export class WebSocketHost {
  readonly #core: ServerCore;
  readonly #limits: ConnectionLimits;
  readonly #server: WebSocketServer;
  readonly #connections = new Map<WebSocket, Connection>();
  readonly #closed = new AbortController();
  /** Those that are being upgraded count, too. */
  readonly #byOwner = new Map<string, number>();
  #open = 0;
  #nextId = 1;

  constructor(core: ServerCore, connectionLimits: ConnectionLimits) {
    this.#core = core;
    this.#limits = connectionLimits;
    // A message of the limit itself is already refused. `ws` closes with 1009.
    const maxPayload = limits.maxMessageBytes - 1;
    this.#server = new WebSocketServer({ noServer: true, clientTracking: false, perMessageDeflate: false, maxPayload });
  }

  get connections(): ServerConnection[] {
    return [...this.#connections.values()].map(({ handle }) => handle);
  }

  /** Takes or refuses an upgrade of `owner`. Throws what it is refused with. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, owner: string): void {
    const id = this.#nextId++;
    const ownFaults = faultsOf(request, "websocket");
    const faults = Faults.at(this.#core.faults, "connection", { transport: "websocket", connection: id }, ownFaults);
    this.#checkRoom(owner);
    this.#count(owner, 1);
    socket.once("close", () => this.#count(owner, -1));
    void this.#shake(faults, socket, (struck) => {
      this.#server.handleUpgrade(request, socket, head, (webSocket) => {
        this.#accept(webSocket, socket, { id, owner, ownFaults }, struck);
      });
    });
  }

  /** Closes every connection, and cuts off those that do not answer in time. */
  async close(graceMs: number): Promise<void> {
    this.#closed.abort();
    const sockets = [...this.#connections.keys()];
    const closed = Promise.all(sockets.map((socket) => new Promise((resolve) => socket.once("close", resolve))));
    for (const [socket, { session }] of this.#connections) {
      session.end();
      socket.close(1001, "the server is shutting down");
    }
    const timer = setTimeout(() => sockets.forEach((socket) => socket.terminate()), graceMs);
    await closed;
    clearTimeout(timer);
    this.#server.close();
  }

  /** Goes through the faults of the handshake, then lets it happen; those left over are for the open connection. */
  async #shake(faults: readonly ArmedFault[], socket: Duplex, open: (struck: Fault[]) => void): Promise<void> {
    const left: Fault[] = [];
    try {
      for (const armed of faults) {
        const fault = armed.strike();
        if (fault.fault === "refuse") return refuseUpgrade(socket, refusalOf(fault), fault.body);
        if (fault.fault === "delay") await delay(fault.ms, { clock: this.#core.clock, signal: this.#closed.signal });
        else left.push(fault);
      }
      if (!socket.destroyed) open(left);
    } catch (error) {
      if (this.#closed.signal.aborted) socket.destroy();
      else refuseUpgrade(socket, toApiError(error));
    }
  }

  #accept(
    webSocket: WebSocket,
    socket: Duplex,
    options: ConstructorParameters<typeof Session>[0],
    struck: readonly Fault[],
  ): void {
    const port = new SocketPort(webSocket, socket);
    const session = new Session(options, this.#core, port);
    this.#connections.set(webSocket, { session, handle: connectionOf(session, webSocket, port), owner: options.owner });
    webSocket.on("message", (data: Buffer, isBinary) => {
      if (port.frozen) return;
      if (isBinary) session.receiveBinary();
      else session.receive(data.toString("utf8"), data.length);
    });
    // `ws` closes the connection itself, with the code that fits; unheard, the event would end the process.
    webSocket.on("error", () => undefined);
    webSocket.on("close", () => {
      this.#connections.delete(webSocket);
      session.end();
    });
    for (const fault of struck) strikeTransport(fault, { ...port.faultTarget, evict: () => session.evict() });
  }

  #checkRoom(owner: string): void {
    const { maxConnections, maxConnectionsPerKey } = this.#limits;
    if (this.#open >= maxConnections)
      throw tooManyConnections(`The server takes at most ${maxConnections} connections.`);
    if ((this.#byOwner.get(owner) ?? 0) >= maxConnectionsPerKey) {
      throw tooManyConnections(`At most ${maxConnectionsPerKey} connections are open at once for an API key.`);
    }
  }

  #count(owner: string, change: 1 | -1): void {
    this.#open += change;
    const count = (this.#byOwner.get(owner) ?? 0) + change;
    if (count > 0) this.#byOwner.set(owner, count);
    else this.#byOwner.delete(owner);
  }
}

function tooManyConnections(message: string): ResponsesApiError {
  return new ResponsesApiError({ status: 429, code: "too_many_connections", message });
}

function refusalOf({ status = 503, retryAfter }: Extract<Fault, { fault: "refuse" }>): ResponsesApiError {
  const headers = retryAfter === undefined ? {} : { headers: { "retry-after": String(retryAfter) } };
  return new ResponsesApiError({ status, message: "The upgrade was refused, as a fault asked for.", ...headers });
}

function connectionOf(session: Session, webSocket: WebSocket, port: SocketPort): ServerConnection {
  return {
    id: session.id,
    openedAt: session.openedAt,
    get requests() {
      return session.requests;
    },
    close: (code = 1000, reason = "") => webSocket.close(code, reason),
    terminate: () => port.terminate(),
    evict: () => session.evict(),
    send: (text) => webSocket.send(text),
  };
}
