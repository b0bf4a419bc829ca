import type { Duplex } from "node:stream";
import type { WebSocket } from "ws";
import { delay, limits } from "turnwire/internal";
import { type PendingFault, refuseUpgrade, ServerSocket, type Upgrade, WebSocketHost } from "../../kit/index.ts";
import { ResponsesApiError, toApiError } from "../api-error.ts";
import { type ServerCore, Session } from "../core/index.ts";
import { type Fault, faultsAt, faultsOf } from "../faults/index.ts";

/** A live WebSocket connection of the server. */
export interface ServerConnection {
  /** The number of the connection, from 1; refused ones count, too. */
  readonly id: number;
  /** By the server's clock, in milliseconds. */
  readonly openedAt: number;
  /** How many requests have come over it. */
  readonly requests: number;
  /** Closes it with a close frame. Default: 1000, no reason. */
  close(code?: number, reason?: string): void;
  /** Cuts it off: no close frame, the client sees 1006. */
  terminate(): void;
  /** Forgets the responses that could be continued: the next continuation meets `previous_response_not_found`. */
  evict(): void;
  /** Sends a text as it is, for events that the server would not send. */
  send(text: string): void;
}

/** Runs a session on each WebSocket connection. */
export class SessionHost {
  readonly webSockets: WebSocketHost;
  readonly #core: ServerCore;
  readonly #maxConnections: number;
  readonly #maxPerKey: number;
  readonly #connections = new Map<Session, ServerConnection>();
  /** Whose the open connections are, and those that are being upgraded. */
  readonly #owners = new Map<Duplex, string>();
  #nextId = 1;

  /**
   * @param maxConnections How many connections may be open at once.
   * @param maxPerKey How many of them for one API key.
   */
  constructor(core: ServerCore, maxConnections: number, maxPerKey: number) {
    this.#core = core;
    this.#maxConnections = maxConnections;
    this.#maxPerKey = maxPerKey;
    // A message of exactly the limit is already refused. `ws` closes with 1009.
    this.webSockets = new WebSocketHost({ maxPayload: limits.maxMessageBytes - 1 });
  }

  get connections(): ServerConnection[] {
    return [...this.#connections.values()];
  }

  /** Accepts an upgrade of `owner`, or throws the error to refuse it with. */
  upgrade(upgrade: Upgrade, owner: string): void {
    const { request, socket } = upgrade;
    const id = this.#nextId++;
    const ownFaults = faultsOf(request, "websocket");
    const faults = faultsAt(this.#core.faults, "connection", { transport: "websocket", connection: id }, ownFaults);
    this.#checkRoom(owner);
    this.#owners.set(socket, owner);
    socket.once("close", () => this.#owners.delete(socket));
    let afterwards: Fault[] = [];
    void this.webSockets.upgrade(upgrade, {
      prepare: async (signal) => {
        afterwards = await this.#handshake(faults, signal);
      },
      accept: (webSocket) => {
        const session = this.#accept(webSocket, socket, { id, owner, ownFaults });
        for (const fault of afterwards) session.inject(fault);
      },
      refuse: (error) => refuse(socket, error),
    });
  }

  /** Ends the work of every session; the connections stay open. */
  end(): void {
    for (const session of this.#connections.keys()) session.end();
  }

  /** Injects the faults of the handshake, and returns those for the open connection. */
  async #handshake(faults: ReadonlyArray<PendingFault<Fault>>, signal: AbortSignal): Promise<Fault[]> {
    const afterwards: Fault[] = [];
    for (const pending of faults) {
      const fault = pending.inject();
      if (fault.fault === "refuse") throw new RefusalFault(fault);
      if (fault.fault === "delay") await delay(fault.ms, { clock: this.#core.clock, signal });
      else afterwards.push(fault);
    }
    return afterwards;
  }

  #accept(webSocket: WebSocket, stream: Duplex, options: ConstructorParameters<typeof Session>[0]): Session {
    const socket = new ServerSocket(webSocket, stream);
    const session = new Session(options, this.#core, socket);
    this.#connections.set(session, connectionOf(session, webSocket, socket));
    socket.onMessage((data, isBinary) => {
      if (isBinary) session.receiveBinary();
      else session.receive(data.toString("utf8"), data.length);
    });
    socket.onClose(() => {
      this.#connections.delete(session);
      session.end();
    });
    return session;
  }

  #checkRoom(owner: string): void {
    if (this.#owners.size >= this.#maxConnections) {
      throw tooManyConnections(`The server takes at most ${this.#maxConnections} connections.`);
    }
    if (this.#maxPerKey === Infinity) return;
    const own = [...this.#owners.values()].filter((one) => one === owner);
    if (own.length >= this.#maxPerKey) {
      throw tooManyConnections(`At most ${this.#maxPerKey} connections are open at once for an API key.`);
    }
  }
}

/** Refuses an upgrade in the shape of the API, or with the body that a fault has. */
export function refuse(socket: Duplex, error: unknown): void {
  const { status, body, headers } = toApiError(error);
  const text = error instanceof RefusalFault ? error.text : undefined;
  refuseUpgrade(socket, status, text ?? JSON.stringify({ error: body }), {
    "content-type": text === undefined ? "application/json" : "text/plain; charset=utf-8",
    ...headers,
  });
}

class RefusalFault extends ResponsesApiError {
  readonly text: string | undefined;

  constructor({ status = 503, retryAfter, body }: Extract<Fault, { fault: "refuse" }>) {
    const headers = retryAfter === undefined ? {} : { headers: { "retry-after": String(retryAfter) } };
    super({ status, message: "The upgrade was refused because of a fault.", ...headers });
    this.text = body;
  }
}

function tooManyConnections(message: string): ResponsesApiError {
  return new ResponsesApiError({ status: 429, code: "too_many_connections", message });
}

function connectionOf(session: Session, webSocket: WebSocket, socket: ServerSocket): ServerConnection {
  return {
    id: session.id,
    openedAt: session.openedAt,
    get requests() {
      return session.requests;
    },
    close: (code = 1000, reason = "") => webSocket.close(code, reason),
    terminate: () => socket.terminate(),
    evict: () => session.evict(),
    send: (text) => webSocket.send(text),
  };
}
