import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { checkOptions, checkValue, defined, InvalidArgumentError, is, kindOf } from "turnwire/internal";
import { type WebSocket, WebSocketServer } from "ws";
import { WebsocketTransport } from "../client/websocket-transport.ts";
import { closeCodes, type HelloMessage } from "../protocol.ts";
import { refusalOf, refuseUpgrade } from "./admission.ts";
import { greet } from "./greeting.ts";
import { type ServerSettings, settingsOf, type WebsocketServerTransportOptions } from "./server-options.ts";

const listenChecks = {
  port: is.number({ min: 0, max: 65_535, integer: true }),
  host: is.text,
  path: is.custom("a path that begins with /", (path) => typeof path === "string" && path.startsWith("/")),
};

const httpServer = is.having(["on", "off", "listenerCount"], "an HTTP server");

/**
 * A server for voice clients, with a pipeline for each connection. docs/transports.md describes the protocol.
 *
 * ```ts
 * const server = new WebsocketServerTransport({
 *   onConnection: (client) => new PipelineTask([client.input(), stt, user, llm, tts, client.output(), assistant]).run(),
 * });
 * console.log(await server.listen({ port: 8765 }));
 * ```
 */
export class WebsocketServerTransport implements AsyncDisposable {
  readonly #settings: ServerSettings;
  readonly #sockets: WebSocketServer;
  /** Sockets whose admission is being decided. */
  readonly #applicants = new Set<Duplex>();
  readonly #connections = new Set<WebsocketTransport>();
  readonly #detach = new Set<() => void>();
  #server: Server | undefined;
  #made = 0;
  #closing: Promise<void> | undefined;

  /** @throws InvalidArgumentError for an option that is unknown or unusable. */
  constructor(options: WebsocketServerTransportOptions) {
    this.#settings = settingsOf(options);
    this.#sockets = new WebSocketServer({
      noServer: true,
      perMessageDeflate: false,
      maxPayload: this.#settings.maxMessageBytes,
    });
  }

  /** The clients that are connected and have said hello, the oldest first. */
  get connections(): readonly WebsocketTransport[] {
    return [...this.#connections];
  }

  /**
   * Listens on a port of its own and returns the URL. The default port is 0, any free port; the default host is 127.0.0.1.
   * Rejects with Node's error if it cannot listen on the address.
   */
  async listen(options: { port?: number; host?: string; path?: string } = {}): Promise<string> {
    if (typeof options === "number") {
      const expected = `expected an object with the options of listen(), got ${kindOf(options)}`;
      throw new InvalidArgumentError("options", `${expected}; give the port as { port }`);
    }
    checkOptions("listen()", options, listenChecks);
    const { port = 0, host = "127.0.0.1", path } = options;
    const server = createServer((_request, response) => {
      response.writeHead(426, { connection: "Upgrade", upgrade: "websocket" }).end("This is a WebSocket server.\n");
    });
    this.attach(server, defined({ path }));
    server.listen(port, host);
    await once(server, "listening");
    this.#server = server;
    const name = host.includes(":") ? `[${host}]` : host;
    return `ws://${name}:${(server.address() as AddressInfo).port}${path ?? ""}`;
  }

  /**
   * Takes the upgrades of a server, all or those of a path. Upgrades of other paths are left to other listeners; if there
   * are none, they are refused with 404. The function returned detaches from the server.
   */
  attach(server: Server, options: { path?: string } = {}): () => void {
    checkValue(server, "server", httpServer);
    checkOptions("attach()", options, { path: listenChecks.path });
    const listener = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
      const [path] = (request.url ?? "").split("?", 1);
      if (options.path === undefined || path === options.path) this.handleUpgrade(request, socket, head);
      else if (server.listenerCount("upgrade") === 1) refuseUpgrade(socket, 404);
    };
    const detach = (): void => {
      server.off("upgrade", listener);
      this.#detach.delete(detach);
    };
    server.on("upgrade", listener);
    this.#detach.add(detach);
    return detach;
  }

  /** Takes one upgrade of any server, or refuses it. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on("error", () => socket.destroy());
    if (
      this.#closing !== undefined ||
      this.#applicants.size + this.#sockets.clients.size >= this.#settings.maxConnections
    ) {
      refuseUpgrade(socket, 503);
      return;
    }
    this.#applicants.add(socket);
    socket.once("close", () => this.#applicants.delete(socket));
    void this.#admit(request, socket, head);
  }

  /** Closes every connection (1001), ends their pipelines and stops listening. Never rejects. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #admit(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const status = await refusalOf(request, this.#settings);
    this.#applicants.delete(socket);
    if (socket.destroyed || this.#closing !== undefined) return;
    if (status !== undefined) refuseUpgrade(socket, status);
    else this.#sockets.handleUpgrade(request, socket, head, (webSocket) => this.#greet(webSocket, request));
  }

  #greet(webSocket: WebSocket, request: IncomingMessage): void {
    // `ws` closes the connection with the code that fits. Without a listener the event would end the process.
    webSocket.on("error", () => undefined);
    greet(webSocket, this.#settings, (hello) => void this.#connect(webSocket, request, hello));
  }

  async #connect(webSocket: WebSocket, request: IncomingMessage, hello: HelloMessage): Promise<void> {
    this.#made += 1;
    const transport = new WebsocketTransport(this.#made, webSocket, request, hello, this.#settings);
    this.#connections.add(transport);
    transport.on("disconnected", () => void this.#connections.delete(transport));
    try {
      await this.#settings.onConnection(transport, request);
    } catch (error) {
      this.#settings.logger.warn("onConnection failed; the connection was closed", { client: transport.id, error });
      transport.close(closeCodes.failed, "the conversation failed");
    }
  }

  async #close(): Promise<void> {
    for (const detach of [...this.#detach]) detach();
    for (const socket of this.#applicants) refuseUpgrade(socket, 503);
    const stopped = new Promise<unknown>((resolve) => {
      if (this.#server === undefined) resolve(undefined);
      else this.#server.close(resolve);
    });
    const closed = [...this.#sockets.clients].map((each) => new Promise((resolve) => each.once("close", resolve)));
    const reason = "the server is shutting down";
    for (const transport of this.#connections) transport.close(closeCodes.goingAway, reason);
    for (const each of this.#sockets.clients) each.close(closeCodes.goingAway, reason);
    const { clock, timeouts } = this.#settings;
    const cancelTimer = clock.schedule(() => {
      for (const each of this.#sockets.clients) each.terminate();
    }, timeouts.closeMs);
    await Promise.all(closed);
    cancelTimer();
    this.#server?.closeAllConnections();
    await stopped;
  }
}
