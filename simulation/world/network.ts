import type { Socket, SocketHandlers, WebsocketTarget } from "turnwire/provider";
import type { Endpoint, Request, SocketEnds } from "../laws/ledger.ts";
import type { EventRole } from "../model/script.ts";
import type { Random } from "./random.ts";
import type { Timeline } from "./timeline.ts";
import type { NetworkProfile } from "../scenario.ts";
import type { Trace } from "./trace.ts";

/** How the run classifies a message of the server. */
export interface Mark {
  request: Request | undefined;
  role: EventRole | "refused" | "idle error" | "cancel refused";
}

export interface Peer {
  onMessage(data: string, request: Request | undefined): void;
  /** Called when the connection is gone. */
  onClose(): void;
}

/** How the server reacts to a connection attempt. */
export type Reception =
  | { kind: "accept"; afterMs: number }
  | { kind: "refuse"; afterMs: number; status: number; headers: Record<string, string>; body: string }
  | { kind: "reset"; afterMs: number }
  | { kind: "never" }
  | { kind: "close at once"; afterMs: number; code: number; reason: string };

/** The reports of a socket to the run. */
export interface NetworkHost {
  readonly scenario: { readonly network: NetworkProfile };
  readonly timeline: Timeline;
  readonly trace: Trace | undefined;
  readonly laws: { connects(target: WebsocketTarget): void };
  readonly server: { receive(socket: SimSocket): Reception; accepted(socket: SimSocket): void };
  /** The client sends a message. Returns the request if the message is one. */
  sent(socket: SimSocket, data: string): Request | undefined;
  /** The client is about to receive a message of the server. */
  arriving(socket: SimSocket, mark: Mark, data: string): void;
  /** The client has handled the message. */
  arrived(mark: Mark): void;
  /** The server's close has reached the client. */
  lost(socket: SimSocket, code: number): void;
  silenced(socket: SimSocket): void;
  connectFailed(endpoint: Endpoint, what: string): void;
  upgradeRefused(endpoint: Endpoint, status: number): void;
}

/** One direction of a connection. It delivers what is put in later, in order. */
class Pipe {
  paused = false;
  readonly #timeline: Timeline;
  readonly #delayMs: () => number;
  readonly #bursts: boolean;
  #queue: Array<{ atMs: number; deliver: () => void }> = [];
  #lastMs = 0;
  #scheduled = false;

  constructor(timeline: Timeline, delayMs: () => number, bursts: boolean) {
    this.#timeline = timeline;
    this.#delayMs = delayMs;
    this.#bursts = bursts;
  }

  push(deliver: () => void, extraMs = 0): void {
    const atMs = Math.max(this.#lastMs, this.#timeline.now + this.#delayMs() + extraMs);
    this.#lastMs = atMs;
    this.#queue.push({ atMs, deliver });
    this.#schedule();
  }

  clear(): void {
    this.#queue = [];
  }

  resume(): void {
    this.paused = false;
    this.#schedule();
  }

  #schedule(): void {
    const head = this.#queue[0];
    if (head === undefined || this.#scheduled || this.paused) return;
    this.#scheduled = true;
    this.#timeline.at(Math.max(head.atMs, this.#timeline.now), () => this.#fire());
  }

  #fire(): void {
    this.#scheduled = false;
    let head = this.#queue[0];
    while (head !== undefined && !this.paused && head.atMs <= this.#timeline.now) {
      this.#queue.shift();
      head.deliver();
      if (!this.#bursts) break;
      head = this.#queue[0];
    }
    this.#schedule();
  }
}

/** Both ends of one connection, in memory. The client's end behaves like a socket of `ws`. */
export class SimSocket implements Socket, SocketEnds {
  readonly number: number;
  readonly endpoint: Endpoint;
  readonly live: Request[] = [];
  readonly lanes = new Set<string>();
  state: "connecting" | "open" | "closing" | "closed" = "connecting";
  /** Half-open: the connection passes nothing more, and neither end learns of it. */
  silent = false;
  openedAtMs = 0;
  /** The server's side, once the server has accepted the connection. */
  peer: Peer | undefined;
  readonly #world: NetworkHost;
  readonly #handlers: SocketHandlers;
  readonly #toClient: Pipe;
  readonly #toServer: Pipe;

  constructor(
    world: NetworkHost,
    endpoint: Endpoint,
    target: WebsocketTarget,
    handlers: SocketHandlers,
    random: Random,
  ) {
    this.#world = world;
    this.endpoint = endpoint;
    this.number = endpoint.sockets.push(this);
    this.#handlers = handlers;
    const { oneWayMs, jitterMs, bursts } = world.scenario.network;
    const delayMs = jitterMs === 0 ? () => oneWayMs : () => oneWayMs + random.int(jitterMs + 1);
    this.#toClient = new Pipe(world.timeline, delayMs, bursts);
    this.#toServer = new Pipe(world.timeline, delayMs, bursts);
    world.laws.connects(target);
    this.#receive(world.server.receive(this));
  }

  get name(): string {
    return `${this.endpoint.name}/${this.number}`;
  }

  // The client's end.

  send(data: string | Uint8Array): void {
    if (this.state !== "open") {
      this.#handlers.onError(new Error(`WebSocket is not open: ${this.state}`));
      return;
    }
    const text = String(data);
    const request = this.#world.sent(this, text);
    if (!this.silent) this.#toServer.push(() => this.silent || this.peer?.onMessage(text, request));
    if (request !== undefined) request.turn?.onSent();
  }

  ping(): void {
    if (this.silent || this.state === "closed") return;
    // One delay for the way there and back.
    const { oneWayMs } = this.#world.scenario.network;
    this.#toClient.push(() => this.silent || this.#handlers.onPong(), oneWayMs);
  }

  pause(): void {
    this.#toClient.paused = true;
  }

  resume(): void {
    this.#toClient.resume();
  }

  close(code: number, _reason: string): void {
    this.#trace(`client closes with ${code}`);
    if (this.state !== "open") return;
    this.state = "closing";
    if (this.silent) return;
    this.#toServer.push(() => {
      if (this.silent) return;
      this.peer?.onClose();
      this.#toClient.push(() => this.#closed(code, ""));
    });
  }

  terminate(): void {
    if (this.state === "closed") return;
    this.#trace("client terminates");
    const wasConnecting = this.state === "connecting";
    if (wasConnecting) this.#world.connectFailed(this.endpoint, "took too long");
    this.state = "closing";
    this.#toClient.clear();
    this.#toClient.resume();
    this.#toServer.push(() => this.peer?.onClose());
    this.#world.timeline.schedule(0, () => {
      if (wasConnecting)
        this.#handlers.onError(new Error("WebSocket was closed before the connection was established"));
      this.#closed(1006, "");
    });
  }

  // The server's end.

  deliver(data: string, mark: Mark): void {
    if (this.silent || this.state === "closed") return;
    this.#toClient.push(() => {
      if (this.silent) return;
      this.#world.arriving(this, mark, data);
      this.#handlers.onMessage(data);
      this.#world.arrived(mark);
    });
  }

  /** Closes the connection from the server's side. Code 0 is a reset. */
  drop(code: number, reason = ""): void {
    if (this.silent) return;
    this.#trace(code === 0 ? "server resets" : `server closes with ${code} ${reason}`);
    this.peer?.onClose();
    this.peer = undefined;
    this.#toClient.push(() => {
      if (this.silent || this.state === "closed") return;
      if (this.state !== "closing") this.#world.lost(this, code);
      if (code === 0) this.#handlers.onError(new Error("read ECONNRESET"));
      this.#closed(code === 0 ? 1006 : code, reason);
    });
  }

  /** Makes the connection half-open. */
  goSilent(): void {
    if (this.silent || this.state === "closed") return;
    this.#trace("goes half-open");
    this.silent = true;
    this.peer?.onClose();
    this.#world.silenced(this);
  }

  #receive(reception: Reception): void {
    this.#trace(`connects: ${reception.kind}`);
    if (reception.kind === "never") return;
    this.#toClient.push(() => this.#answer(reception), reception.afterMs);
  }

  #answer(reception: Exclude<Reception, { kind: "never" }>): void {
    if (this.state !== "connecting") return;
    if (reception.kind === "refuse") {
      this.#world.upgradeRefused(this.endpoint, reception.status);
      this.#handlers.onRefused(reception.status, reception.headers, reception.body);
      this.#closed(1006, "");
    } else if (reception.kind === "reset") {
      this.#world.connectFailed(this.endpoint, "reset");
      this.#handlers.onError(new Error("connect ECONNRESET"));
      this.#closed(1006, "");
    } else {
      this.state = "open";
      this.openedAtMs = this.#world.timeline.now;
      this.#world.server.accepted(this);
      this.#handlers.onOpen();
      if (reception.kind === "close at once") this.drop(reception.code, reception.reason);
    }
  }

  #closed(code: number, reason: string): void {
    if (this.state === "closed") return;
    this.state = "closed";
    this.live.length = 0;
    this.#toClient.clear();
    this.#trace(`closed with ${code}`);
    this.#handlers.onClose(code, reason);
  }

  #trace(what: string): void {
    this.#world.trace?.add(this.name, what);
  }
}
