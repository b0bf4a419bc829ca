import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";

/** A real WebSocket server whose every event is written in the test. */
export class ScriptedServer implements AsyncDisposable {
  readonly url: string;
  readonly received: Array<Record<string, unknown>> = [];
  readonly #server: WebSocketServer;
  readonly #waiters: Array<() => void> = [];
  /** The connection of each client event, counted from 1. */
  readonly origins: number[] = [];
  connections = 0;

  private constructor(server: WebSocketServer) {
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  }

  /** @param onMessage Called with each client event and the number of events so far on all connections, itself included. */
  static async start(
    onMessage: (message: Record<string, unknown>, socket: Peer, count: number, connection: number) => void,
    onConnection: (headers: Record<string, unknown>, peer: Peer) => void = () => undefined,
  ): Promise<ScriptedServer> {
    let asked = 0;
    const server = new WebSocketServer({
      port: 0,
      host: "127.0.0.1",
      // Later connections are slower, so that a first one that becomes free meanwhile is ready before them.
      verifyClient: (_info, accept: (accepted: boolean) => void) => {
        if (++asked === 1) accept(true);
        else setTimeout(() => accept(true), 40);
      },
    });
    await once(server, "listening");
    const scripted = new ScriptedServer(server);
    server.on("connection", (socket, request) => {
      const connection = ++scripted.connections;
      const peer = new Peer(socket);
      socket.on("error", () => undefined);
      onConnection(request.headers, peer);
      socket.on("message", (data: Buffer) => {
        const message = JSON.parse(data.toString()) as Record<string, unknown>;
        scripted.received.push(message);
        scripted.origins.push(connection);
        onMessage(message, peer, scripted.received.length, connection);
        for (const wake of scripted.#waiters.splice(0)) wake();
      });
    });
    return scripted;
  }

  /** Resolves after this many client events have come. */
  async until(count: number): Promise<void> {
    while (this.received.length < count) await new Promise<void>((resolve) => void this.#waiters.push(resolve));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#server.clients) client.terminate();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** The server's end of a connection. */
export class Peer {
  readonly socket: WebSocket;
  constructor(socket: WebSocket) {
    this.socket = socket;
  }

  send(...events: unknown[]): void {
    for (const event of events) this.socket.send(typeof event === "string" ? event : JSON.stringify(event));
  }

  /** A whole text response. */
  respond(id: string, text: string): void {
    this.send(created(id), ...textEvents(id, text), completed(id, text));
  }
}

export function created(id: string): unknown {
  return { type: "response.created", response: { id, status: "in_progress", output: [] } };
}

export function textEvents(id: string, ...deltas: string[]): unknown[] {
  return deltas.map((delta) => ({
    type: "response.output_text.delta",
    item_id: `msg_${id}`,
    output_index: 0,
    content_index: 0,
    delta,
  }));
}

export function message(id: string, text: string): unknown {
  return {
    type: "message",
    id: `msg_${id}`,
    role: "assistant",
    status: "completed",
    content: [{ type: "output_text", text, annotations: [] }],
  };
}

export function completed(id: string, text: string): unknown {
  return { type: "response.completed", response: { id, status: "completed", output: [message(id, text)] } };
}
