import type { Socket, SocketFactory, SocketHandlers, WebsocketTarget } from "turnwire/provider";

/** Called for each connection attempt, with the server's end and the number of the attempt, from 0. */
export type OnConnect = (server: MemorySocket, index: number) => void;

/**
 * WebSockets without a network: `new ReconnectingWebsocket(target, { socketFactory: network.factory })`. The test holds the
 * server's end of each. The server's actions reach the client in order, one promise job each, but not while the client
 * has paused its socket.
 */
export class MemoryNetwork {
  /** The server's end of every socket that was opened, in order. */
  readonly sockets: MemorySocket[] = [];
  readonly #onConnect: OnConnect;
  #arrived = Promise.withResolvers<void>();
  #taken = 0;

  /** @param onConnect By default every connection is accepted. */
  constructor(onConnect: OnConnect = (server) => server.accept()) {
    this.#onConnect = onConnect;
  }

  readonly factory: SocketFactory = (target, handlers) => {
    const server = new MemorySocket(target, handlers);
    this.sockets.push(server);
    this.#arrived.resolve();
    this.#arrived = Promise.withResolvers();
    this.#onConnect(server, this.sockets.length - 1);
    return server.client;
  };

  /** The server's end of the next connection attempt that no call has returned yet. */
  async next(): Promise<MemorySocket> {
    while (this.#taken >= this.sockets.length) await this.#arrived.promise;
    return this.sockets[this.#taken++] as MemorySocket;
  }

  /** The server's end of the newest connection attempt. */
  get last(): MemorySocket {
    const socket = this.sockets.at(-1);
    if (socket === undefined) throw new Error("no socket has been opened");
    return socket;
  }

  /** The number of sockets that have not ended. */
  get openCount(): number {
    return this.sockets.filter((socket) => socket.state !== "closed").length;
  }
}

/** The server's end of one socket, and a record of what the client did. */
export class MemorySocket {
  readonly target: WebsocketTarget;
  /** The messages the client has sent. */
  readonly sent: Array<string | Uint8Array> = [];
  /** The number of pings that the client has sent. */
  pings = 0;
  /** `pause`, `resume`, `close` and `terminate` in the order the client called them. */
  readonly calls: string[] = [];
  /** The close frame the client sent, first or as an answer. */
  closeReceived: { code: number; reason: string } | undefined;
  state: "connecting" | "open" | "closing" | "closed" = "connecting";
  paused = false;
  /** Whether it answers pings and close frames, as real servers do. */
  answers = true;
  /** The client's end, which the factory returns. */
  readonly client: Socket;
  readonly #handlers: SocketHandlers;
  readonly #read: Array<() => void> = [];
  #delivering = false;
  #arrived = Promise.withResolvers<void>();
  #taken = 0;

  constructor(target: WebsocketTarget, handlers: SocketHandlers) {
    this.target = target;
    this.#handlers = handlers;
    this.client = {
      send: (data) => this.#clientSends(data),
      ping: () => this.#clientPings(),
      pause: () => {
        this.calls.push("pause");
        this.paused = true;
      },
      resume: () => {
        this.calls.push("resume");
        this.paused = false;
        this.#deliverSoon();
      },
      close: (code, reason) => this.#clientCloses(code, reason),
      terminate: () => this.#clientTerminates(),
    };
  }

  /** Whether the client has ended the socket without a handshake. */
  get terminated(): boolean {
    return this.calls.includes("terminate");
  }

  /** Accepts the connection. Without it (or `refuse`, `fail`) the client waits. */
  accept(): this {
    this.#deliver(() => {
      this.state = "open";
      this.#handlers.onOpen();
    });
    return this;
  }

  /** Refuses the upgrade with an HTTP status. */
  refuse(status: number, headers: Record<string, string> = {}, body = ""): void {
    this.#deliver(() => this.#handlers.onRefused(status, headers, body));
    this.#end(1006, "");
  }

  /** Fails with an error of the network: without an HTTP answer if the socket is not open yet. */
  fail(error: Error = new Error("connect ECONNREFUSED")): void {
    this.#deliver(() => this.#handlers.onError(error));
    this.#end(1006, "");
  }

  /** Sends messages: text and bytes as they are, anything else as JSON. */
  send(...messages: unknown[]): void {
    for (const message of messages) {
      const asIs = typeof message === "string" || message instanceof Uint8Array;
      const data = asIs ? message : JSON.stringify(message);
      this.#deliver(() => this.#handlers.onMessage(data));
    }
  }

  pong(): void {
    this.#deliver(() => this.#handlers.onPong());
  }

  /** Closes with a close frame. */
  close(code = 1000, reason = ""): void {
    this.#end(code, reason);
  }

  /** Cuts the connection without a close frame. */
  drop(): void {
    this.#end(1006, "");
  }

  /** Makes the connection half-open: it answers nothing from now on, and the client does not learn of it. */
  goSilent(): this {
    this.answers = false;
    return this;
  }

  /** The client's next message that no call has returned yet. */
  async next(): Promise<string | Uint8Array> {
    while (this.#taken >= this.sent.length) await this.#arrived.promise;
    return this.sent[this.#taken++] as string | Uint8Array;
  }

  /** The client's next message, parsed as JSON. */
  async nextJson<T = Record<string, unknown>>(): Promise<T> {
    return JSON.parse(String(await this.next())) as T;
  }

  #clientSends(data: string | Uint8Array): void {
    // Like `ws`: it does not throw, it passes the error to the callback.
    if (this.state !== "open") {
      this.#handlers.onError(new Error(`WebSocket is not open: ${this.state}`));
      return;
    }
    this.sent.push(data);
    this.#arrived.resolve();
    this.#arrived = Promise.withResolvers();
  }

  #clientPings(): void {
    this.pings += 1;
    if (this.answers && this.state === "open") this.pong();
  }

  #clientCloses(code: number, reason: string): void {
    this.calls.push("close");
    this.closeReceived = { code, reason };
    if (this.state === "open") this.state = "closing";
    if (this.answers) this.#end(code, reason);
  }

  #clientTerminates(): void {
    this.calls.push("terminate");
    if (this.state === "closed") return;
    this.#read.length = 0;
    this.paused = false;
    this.#end(1006, "");
  }

  #end(code: number, reason: string): void {
    this.#deliver(() => {
      this.state = "closed";
      this.#read.length = 0;
      this.#handlers.onClose(code, reason);
    });
  }

  #deliver(event: () => void): void {
    if (this.state === "closed") return;
    this.#read.push(event);
    this.#deliverSoon();
  }

  #deliverSoon(): void {
    if (this.#delivering) return;
    this.#delivering = true;
    queueMicrotask(() => {
      this.#delivering = false;
      if (this.paused) return;
      const event = this.#read.shift();
      if (event === undefined) return;
      try {
        event();
      } finally {
        if (this.#read.length > 0) this.#deliverSoon();
      }
    });
  }
}
