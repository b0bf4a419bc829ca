import type { Agent } from "node:http";
import { WebSocket } from "ws";
import { WebsocketConnectError } from "../errors.ts";
import { tunnelFor } from "./proxy.ts";
import { flatHeaders } from "./proxy-refusal.ts";

/** What a socket tells its owner. After `onClose`, which comes exactly once, nothing more comes. */
export interface SocketHandlers {
  onOpen(): void;
  onMessage(data: string | Uint8Array): void;
  onPong(): void;
  /**
   * The server answered the upgrade with something else than 101, or a proxy refused the way to it. `body` is the
   * answer's beginning. `onClose` follows.
   */
  onRefused(status: number, headers: Record<string, string>, body: string): void;
  /** Why the close that follows came, where it is known. */
  onError(error: Error): void;
  /** The end, with the close code of RFC 6455 section 7.4 (1006: no close frame came). */
  onClose(code: number, reason: string): void;
}

/** One WebSocket, as far as a connection needs it. */
export interface Socket {
  /** Hands a message to the network; what cannot be sent any more ends in `onClose`. */
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

/** Where to connect, with the headers of the upgrade request. */
export interface WebsocketTarget {
  url: string;
  headers?: Readonly<Record<string, string>>;
}

/** Begins to open a socket. Of one that is not wanted any more by the time it is answered, `terminate` is called. */
export type SocketFactory = (target: WebsocketTarget, handlers: SocketHandlers) => Socket | Promise<Socket>;

const refusalBodyLimit = 16 * 1024;

/** Sockets of the `ws` package, through the proxy the environment names at that time: the default. */
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
    ...(tunnel === undefined ? {} : { agent: tunnel }),
  });
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
  socket.on("unexpected-response", (request, response) => {
    let body = "";
    const refuse = (): void => {
      handlers.onRefused(response.statusCode ?? 0, flatHeaders(response.headers), body);
      request.destroy();
      socket.terminate();
    };
    response.setEncoding("utf8");
    response.on("data", (chunk: string) => {
      if (body.length < refusalBodyLimit) body += chunk;
    });
    response.once("close", refuse);
    response.on("error", (error) => handlers.onError(error));
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
