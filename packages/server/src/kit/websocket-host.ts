import { type IncomingMessage, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { type ServerOptions, type WebSocket, WebSocketServer } from "ws";

/** A request to make a WebSocket of an HTTP connection. */
export interface Upgrade {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
}

export interface UpgradeHandlers {
  /** Awaited before the upgrade is answered. If it rejects, the upgrade is refused with the error. */
  prepare(signal: AbortSignal): Promise<void>;
  /** @internal `@types/ws` is no dependency of the package. */
  accept(webSocket: WebSocket): void;
  refuse(error: unknown): void;
  /** Further header lines of the answer. */
  readonly headers?: readonly string[];
}

/** Accepts WebSocket connections, and closes them with the server. */
export class WebSocketHost {
  readonly #server: WebSocketServer;
  readonly #open = new Set<WebSocket>();
  readonly #closing = new AbortController();

  /** @internal */
  constructor(options: Pick<ServerOptions, "maxPayload" | "handleProtocols">) {
    this.#server = new WebSocketServer({ ...options, noServer: true, clientTracking: false, perMessageDeflate: false });
  }

  /** Accepts an upgrade or refuses it. Never rejects. */
  async upgrade({ request, socket, head }: Upgrade, handlers: UpgradeHandlers): Promise<void> {
    const addHeaders = (lines: string[]): void => void lines.push(...(handlers.headers ?? []));
    try {
      await handlers.prepare(this.#closing.signal);
      if (socket.destroyed) return;
      this.#server.once("headers", addHeaders);
      this.#server.handleUpgrade(request, socket, head, (webSocket) => {
        this.#open.add(webSocket);
        webSocket.once("close", () => this.#open.delete(webSocket));
        // `ws` closes the connection itself, with the code that fits. Without a listener the event would end the process.
        webSocket.on("error", () => undefined);
        handlers.accept(webSocket);
      });
    } catch (error) {
      if (this.#closing.signal.aborted) socket.destroy();
      else handlers.refuse(error);
    } finally {
      this.#server.off("headers", addHeaders);
    }
  }

  /** Closes every connection, and cuts off those that do not answer within `graceMs`. */
  async close(graceMs: number): Promise<void> {
    this.#closing.abort();
    const sockets = [...this.#open];
    const closed = Promise.all(sockets.map((socket) => new Promise((resolve) => socket.once("close", resolve))));
    for (const socket of sockets) socket.close(1001, "the server is shutting down");
    const timer = setTimeout(() => sockets.forEach((socket) => socket.terminate()), graceMs);
    await closed;
    clearTimeout(timer);
    this.#server.close();
  }
}

/** Answers an upgrade with an HTTP status and a body instead. */
export function refuseUpgrade(
  socket: Duplex,
  status: number,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? "Refused"}`,
    `content-length: ${Buffer.byteLength(body)}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
  ];
  // A client that does not close its side would keep the server from closing.
  socket.once("finish", () => socket.destroy());
  socket.end([...lines, "connection: close", "", body].join("\r\n"));
}
