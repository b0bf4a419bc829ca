import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Upgrade, WebSocketHost } from "./websocket-host.ts";

/** How long WebSocket connections get to close properly when a server is closed. */
const closeGraceMs = 100;

export interface ListenerOptions {
  /** 0 for any free port. */
  readonly port: number;
  readonly host: string;
  readonly onRequest: (request: IncomingMessage, response: ServerResponse) => void;
  readonly onUpgrade: (upgrade: Upgrade) => void;
}

/** An HTTP server that listens on a port. */
export class Listener {
  /** The host and port for URLs, such as `127.0.0.1:8876` or `[::1]:8876`. */
  readonly authority: string;
  readonly #server: Server;

  private constructor(server: Server, host: string) {
    this.#server = server;
    const { port } = server.address() as AddressInfo;
    this.authority = `${host.includes(":") ? `[${host}]` : host}:${port}`;
  }

  /** @throws Node's error when the address cannot be listened on. */
  static async start({ port, host, onRequest, onUpgrade }: ListenerOptions): Promise<Listener> {
    const server = createServer(onRequest);
    server.on("upgrade", (request, socket, head) => {
      socket.on("error", () => socket.destroy());
      onUpgrade({ request, socket, head });
    });
    await new Promise<void>((resolve, reject) => {
      server.once("error", (error) => reject(withWayOut(error, port)));
      server.listen(port, host, () => {
        server.removeAllListeners("error");
        resolve();
      });
    });
    return new Listener(server, host);
  }

  /** Stops listening and ends every connection, those of `webSockets` with a close frame. Never rejects. */
  async close(webSockets: WebSocketHost): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    await webSockets.close(closeGraceMs);
    this.#server.closeAllConnections();
    await closed;
  }
}

/** Node's error, or one with the same fields that names the option. */
function withWayOut(error: Error, port: number): Error {
  if (!("code" in error) || error.code !== "EADDRINUSE") return error;
  const message = `port: ${port} is in use; give another one, or leave it out for any free one`;
  return Object.assign(new Error(message, { cause: error }), error);
}

/** The URL of a request. Only its path and query mean anything. */
export function requestURL({ url = "/" }: IncomingMessage): URL {
  return URL.parse(url, "http://server") ?? new URL("http://server/");
}
