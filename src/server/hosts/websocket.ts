import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocket, WebSocketServer } from "ws";
import { limits } from "../../protocol/index.ts";
import { type ServerCore, Session, type SessionSocket } from "../core/index.ts";

/** A live WebSocket connection of the server. */
export interface ServerConnection {
  /** Counts from 1 in the order of opening. */
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

/** A reader this many bytes behind is waited for. */
const slowReaderBytes = 256 * 1024;
/** A reader this many bytes behind is cut off: it must be making traffic without reading the answers. */
const stuckReaderBytes = 64 * 1024 * 1024;

/** Accepts WebSocket connections and runs a session on each. */
export class WebSocketHost {
  readonly #core: ServerCore;
  readonly #server: WebSocketServer;
  readonly #connections = new Map<WebSocket, { session: Session; handle: ServerConnection }>();
  #nextId = 1;

  constructor(core: ServerCore) {
    this.#core = core;
    // A message of the limit itself is already refused. `ws` closes with 1009.
    const maxPayload = limits.maxMessageBytes - 1;
    this.#server = new WebSocketServer({ noServer: true, clientTracking: false, perMessageDeflate: false, maxPayload });
  }

  get connections(): ServerConnection[] {
    return [...this.#connections.values()].map(({ handle }) => handle);
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.#server.handleUpgrade(request, socket, head, (webSocket) => this.#accept(webSocket));
  }

  /** Closes every connection, and cuts off those that do not answer in time. */
  async close(graceMs: number): Promise<void> {
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

  #accept(webSocket: WebSocket): void {
    const session = new Session(this.#nextId++, this.#core, new SocketPort(webSocket));
    this.#connections.set(webSocket, { session, handle: connectionOf(session, webSocket) });
    webSocket.on("message", (data: Buffer, isBinary) => {
      if (isBinary) session.receiveBinary();
      else session.receive(data.toString("utf8"), data.length);
    });
    // `ws` closes the connection itself, with the code that fits; unheard, the event would end the process.
    webSocket.on("error", () => undefined);
    webSocket.on("close", () => {
      this.#connections.delete(webSocket);
      session.end();
    });
  }
}

function connectionOf(session: Session, webSocket: WebSocket): ServerConnection {
  return {
    id: session.id,
    openedAt: session.openedAt,
    get requests() {
      return session.requests;
    },
    close: (code = 1000, reason = "") => webSocket.close(code, reason),
    terminate: () => webSocket.terminate(),
    evict: () => session.evict(),
    send: (text) => webSocket.send(text),
  };
}

/** The session's view of a `ws` socket, with the end of a slow reader's patience. */
class SocketPort implements SessionSocket {
  readonly #socket: WebSocket;
  #waiting: Array<() => void> = [];

  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on("close", () => this.#wake());
  }

  send(text: string): void {
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    if (this.#socket.bufferedAmount > stuckReaderBytes) return this.#socket.terminate();
    // A failed send is followed by the socket's close event, which ends the session.
    this.#socket.send(text, () => {
      if (this.#waiting.length > 0 && this.#socket.bufferedAmount < slowReaderBytes) this.#wake();
    });
  }

  close(code: number, reason: string): void {
    this.#socket.close(code, reason);
  }

  drained(): Promise<void> {
    if (this.#socket.readyState !== WebSocket.OPEN || this.#socket.bufferedAmount < slowReaderBytes)
      return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }
}
