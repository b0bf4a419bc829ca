import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo, Socket as NetSocket } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";
import { systemClock } from "../../src/async/index.ts";
import { type ConnectionSettings, WebsocketConnection, wsSocketFactory } from "../../src/websocket/index.ts";
import { MemoryNetwork, type MemorySocket, type OnConnect, RecordingLogger, VirtualClock } from "@turnwire/test-kit";

export const target = { url: "ws://memory.test/v1" };

export interface TestSettings extends ConnectionSettings {
  logger: RecordingLogger;
}

/** Settings for real sockets and the real clock, without a heartbeat. */
export function settingsFor(settings: Partial<ConnectionSettings> = {}): TestSettings {
  return {
    socketFactory: wsSocketFactory,
    connectTimeoutMs: 5000,
    closeTimeoutMs: 2000,
    heartbeat: false,
    queueCapacity: 16,
    clock: systemClock,
    ...settings,
    logger: new RecordingLogger(),
  };
}

export interface MemoryPair {
  clock: VirtualClock;
  settings: TestSettings;
  network: MemoryNetwork;
  connection: WebsocketConnection;
  server: MemorySocket;
}

/** Settings with a clock and a network that the test controls. */
export function inMemory(
  settings: Partial<ConnectionSettings> = {},
  onConnect?: OnConnect,
): Omit<MemoryPair, "connection" | "server"> {
  const clock = new VirtualClock();
  const network = new MemoryNetwork(onConnect);
  return { clock, network, settings: settingsFor({ clock, socketFactory: network.factory, ...settings }) };
}

/** Opens a connection over memory sockets. */
export async function openInMemory(settings: Partial<ConnectionSettings> = {}): Promise<MemoryPair> {
  const memory = inMemory(settings);
  const connection = await WebsocketConnection.open(target, memory.settings);
  return { ...memory, connection, server: memory.network.last };
}

/** May answer an upgrade request itself. Returns true if it has. */
export type Upgrade = (request: IncomingMessage, socket: NetSocket) => boolean;

/** A real `ws` server on a loopback port. */
export class LoopbackServer implements AsyncDisposable {
  readonly #http: Server;
  readonly #websockets: WebSocketServer;
  readonly #accepted: WebSocket[] = [];
  readonly #sockets = new Set<NetSocket>();
  readonly requests: IncomingMessage[] = [];
  #arrived = Promise.withResolvers<void>();
  #taken = 0;

  private constructor(upgrade: Upgrade | undefined) {
    this.#http = createServer();
    this.#websockets = new WebSocketServer({ noServer: true });
    this.#http.on("connection", (socket) => this.#sockets.add(socket));
    this.#http.on("upgrade", (request: IncomingMessage, socket: NetSocket, head: Buffer) => {
      this.requests.push(request);
      if (upgrade !== undefined && upgrade(request, socket)) return;
      this.#websockets.handleUpgrade(request, socket, head, (client) => {
        client.on("error", () => undefined);
        this.#accepted.push(client);
        this.#arrived.resolve();
        this.#arrived = Promise.withResolvers();
      });
    });
  }

  static async start(upgrade?: Upgrade): Promise<LoopbackServer> {
    const server = new LoopbackServer(upgrade);
    server.#http.listen(0, "127.0.0.1");
    await once(server.#http, "listening");
    return server;
  }

  get port(): number {
    return (this.#http.address() as AddressInfo).port;
  }

  get target(): { url: string } {
    return { url: `ws://127.0.0.1:${this.port}/v1` };
  }

  /** Returns the server's end of the next connection that no call has returned yet. */
  async next(): Promise<WebSocket> {
    while (this.#taken >= this.#accepted.length) await this.#arrived.promise;
    return this.#accepted[this.#taken++] as WebSocket;
  }

  write(bytes: Buffer): void {
    for (const socket of this.#sockets) socket.write(bytes);
  }

  get openCount(): number {
    return this.#websockets.clients.size;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#http.close(resolve));
  }
}

export function refuseWith(status: string, headers: string[], body: string): Upgrade {
  return (_request, socket) => {
    const lines = [`HTTP/1.1 ${status}`, ...headers, `Content-Length: ${Buffer.byteLength(body)}`, "Connection: close"];
    socket.end(`${lines.join("\r\n")}\r\n\r\n${body}`);
    return true;
  };
}
