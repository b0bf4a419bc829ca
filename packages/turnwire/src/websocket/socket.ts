import type { Agent, IncomingMessage } from "node:http";
import { WebSocket } from "ws";
import { defined } from "../async/index.ts";
import { WebsocketConnectError } from "../errors.ts";
import { tunnelFor } from "./proxy.ts";
import { flatHeaders } from "./proxy-refusal.ts";

/** The events of a socket. `onClose` is called exactly once, and last. */
export interface SocketHandlers {
  onOpen(): void;
  onMessage(data: string | Uint8Array): void;
  onPong(): void;
  /**
   * The server did not answer the upgrade request with status 101, or a proxy refused the tunnel. `body` is the beginning
   * of the answer's body. `onClose` follows.
   */
  onRefused(status: number, headers: Record<string, string>, body: string): void;
  /** The reason for the `onClose` that follows, if it is known. */
  onError(error: Error): void;
  /** The socket is closed. `code` is that of RFC 6455 section 7.4; 1006 if there was no close frame. */
  onClose(code: number, reason: string): void;
}

/** The part of a WebSocket that a connection needs. */
export interface Socket {
  /** Hands a message to the network. If it cannot be sent, `onClose` follows. */
  send(data: string | Uint8Array): void;
  ping(): void;
  /** Stops reading from the network until `resume`. */
  pause(): void;
  resume(): void;
  /** Starts the closing handshake. */
  close(code: number, reason: string): void;
  /** Ends the connection at once, without a handshake. */
  terminate(): void;
}

/** The address to connect to, and the headers of the upgrade request. */
export interface WebsocketTarget {
  url: string;
  headers?: Readonly<Record<string, string>>;
}

/** Begins to open a socket. Its owner calls `terminate` if it no longer needs the socket when the promise resolves. */
export type SocketFactory = (target: WebsocketTarget, handlers: SocketHandlers) => Socket | Promise<Socket>;

const refusalBodyLimit = 16 * 1024;

/** Opens sockets of the `ws` package, through the proxy that the environment names at that time. The default. */
export const wsSocketFactory: SocketFactory = (target, handlers) => {
  const tunnel = tunnelFor(target.url);
  return tunnel === undefined
    ? openSocket(target, handlers)
    : tunnel.then((agent) => openSocket(target, handlers, agent));
};

function openSocket(target: WebsocketTarget, handlers: SocketHandlers, tunnel?: Agent): Socket {
  const socket = new WebSocket(target.url, {
    headers: { ...target.headers },
    perMessageDeflate: false,
    ...defined({ agent: tunnel }),
  });
  listen(socket, handlers, tunnel);
  socket.on("unexpected-response", (request, response) => {
    readRefusal(response, handlers, () => {
      request.destroy();
      socket.terminate();
    });
  });
  return {
    send: (data) => socket.send(data, (error) => error && handlers.onError(error)),
    ping: () => socket.ping(),
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    close: (code, reason) => socket.close(code, reason),
    terminate: () => socket.terminate(),
  };
}

function listen(socket: WebSocket, handlers: SocketHandlers, tunnel: Agent | undefined): void {
  socket.on("open", () => handlers.onOpen());
  socket.on("message", (data: Buffer, isBinary) => handlers.onMessage(isBinary ? data : data.toString()));
  socket.on("pong", () => handlers.onPong());
  socket.on("error", (error) => {
    handlers.onError(error);
    if (error instanceof WebsocketConnectError && error.status !== undefined)
      handlers.onRefused(error.status, { ...error.headers }, error.message);
  });
  socket.on("close", (code, reason) => {
    tunnel?.destroy();
    handlers.onClose(code, reason.toString());
  });
}

function readRefusal(response: IncomingMessage, handlers: SocketHandlers, close: () => void): void {
  let body = "";
  response.setEncoding("utf8");
  response.on("data", (chunk: string) => {
    if (body.length < refusalBodyLimit) body += chunk;
  });
  response.once("close", () => {
    handlers.onRefused(response.statusCode ?? 0, flatHeaders(response.headers), body);
    close();
  });
  response.on("error", (error) => handlers.onError(error));
}
