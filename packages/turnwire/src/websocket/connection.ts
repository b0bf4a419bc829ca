import { BoundedQueue, type Clock, Condition, Deadline, type Logger, throwIfAborted } from "../async/index.ts";
import { WebsocketClosedError } from "../errors.ts";
import { withoutKeys } from "../redaction.ts";
import { isRetryableCloseCode } from "./close-codes.ts";
import { Handshake } from "./handshake.ts";
import { Heartbeat, type HeartbeatOptions } from "./heartbeat.ts";
import type { Socket, SocketFactory, SocketHandlers, WebsocketTarget } from "./socket.ts";

/** How one connection is made and kept. Times are in milliseconds. */
export interface ConnectionSettings {
  socketFactory: SocketFactory;
  connectTimeoutMs: number;
  /** How long the other end has to answer a close. */
  closeTimeoutMs: number;
  /** Pings that find half-open sockets; false for none. */
  heartbeat: HeartbeatOptions | false;
  /** With how many received messages the socket is paused. */
  queueCapacity: number;
  clock: Clock;
  logger: Logger;
}

/**
 * One WebSocket that was opened. Its messages are either pulled, with `receive` and `poll`, or pushed, with `onMessage`;
 * the order is that of the wire. When messages are pulled, a slow reader slows the sender: a full queue pauses the socket.
 */
export class WebsocketConnection {
  /** Resolves with the reason when the connection has ended. Never rejects. */
  readonly closed: Promise<WebsocketClosedError>;
  /** When the connection was opened, in milliseconds of the clock. */
  readonly openedAtMs: number;
  readonly #socket: Socket;
  readonly #settings: ConnectionSettings;
  readonly #queue: BoundedQueue<string | Uint8Array>;
  readonly #resolveClosed: (error: WebsocketClosedError) => void;
  readonly #verified = new Condition();
  #state: "open" | "closing" | "closed" = "open";
  #handler: ((message: string | Uint8Array) => void) | undefined;
  #heartbeat: Heartbeat | undefined;
  #pongs = 0;
  #isPaused = false;
  #isDiscarded = false;
  #error: Error | undefined;

  private constructor(socket: Socket, settings: ConnectionSettings) {
    this.#socket = socket;
    this.#settings = settings;
    this.openedAtMs = settings.clock.now();
    const { promise, resolve } = Promise.withResolvers<WebsocketClosedError>();
    this.closed = promise;
    this.#resolveClosed = resolve;
    this.#queue = new BoundedQueue({
      capacity: settings.queueCapacity,
      onFull: () => this.pause(),
      onDrained: () => this.resume(),
    });
    this.#startHeartbeat();
  }

  /**
   * Opens a connection.
   * @throws WebsocketConnectError when the server cannot be reached or refuses; TimeoutError after `connectTimeoutMs`;
   * the signal's reason when it fires. No socket is opened if it has fired already.
   */
  static async open(
    target: WebsocketTarget,
    settings: ConnectionSettings,
    signal?: AbortSignal,
  ): Promise<WebsocketConnection> {
    throwIfAborted(signal);
    const { connectTimeoutMs: limitMs, clock } = settings;
    const handshake = new Handshake<WebsocketConnection>(target, { limitMs, clock, signal });
    let socket: Socket;
    let connection: WebsocketConnection | undefined;
    const handlers: SocketHandlers = {
      onOpen: () => (connection = handshake.succeed(() => new WebsocketConnection(socket, settings))),
      onMessage: (message) => connection && connection.#onMessage(message),
      onPong: () => connection && connection.#onPong(),
      onRefused: (...refusal) => handshake.onRefused(...refusal),
      onError: (error) => (connection === undefined ? handshake.onError(error) : connection.#onError(error)),
      onClose: (...close) => (connection === undefined ? handshake.fail(close[0]) : connection.#onClose(...close)),
    };
    return handshake.run(settings.socketFactory, handlers, (started) => void (socket = started));
  }

  /** Whether messages can be sent. */
  get isOpen(): boolean {
    return this.#state === "open";
  }

  /** Whether this end decided to close the connection: its end then says nothing about the other end. */
  get wasDiscarded(): boolean {
    return this.#isDiscarded;
  }

  /** Milliseconds since the connection was opened. */
  get ageMs(): number {
    return this.#settings.clock.now() - this.openedAtMs;
  }

  /**
   * Sends a message. If it is lost on its way, the connection ends.
   * @throws WebsocketClosedError when the connection is not open.
   */
  send(message: string | Uint8Array): void {
    if (!this.isOpen) throw this.#closeError(1006, "the connection is closed");
    this.#socket.send(message);
  }

  /**
   * Takes the next message, as soon as there is one.
   * @throws WebsocketClosedError after the last message; the signal's reason, and no message is lost then.
   */
  receive(signal?: AbortSignal): Promise<string | Uint8Array> {
    return this.#queue.pull(signal);
  }

  /** Takes the next message if one has been received already. */
  poll(): string | Uint8Array | undefined {
    return this.#queue.poll();
  }

  /**
   * Passes every message to `handler`, at once, from now on: first those received already, later ones from within the
   * socket's event. `closed` resolves after the last. A handler that cannot keep up calls `pause`; it may be given a few
   * more messages then. An error that it throws is logged.
   */
  onMessage(handler: (message: string | Uint8Array) => void): void {
    this.#handler = handler;
    const received: Array<string | Uint8Array> = [];
    for (let message = this.poll(); message !== undefined; message = this.poll()) received.push(message);
    for (const message of received) this.#handle(handler, message);
  }

  /** Stops reading from the network, and the heartbeat with it, until `resume`. */
  pause(): void {
    if (!this.isOpen || this.#isPaused) return;
    this.#isPaused = true;
    this.#heartbeat?.stop();
    this.#socket.pause();
  }

  resume(): void {
    if (!this.#isPaused || this.#state === "closed") return;
    this.#isPaused = false;
    if (this.isOpen) this.#startHeartbeat();
    this.#socket.resume();
  }

  /** Sends a ping. Returns whether the other end answers within `timeoutMs`. */
  async verify(timeoutMs: number): Promise<boolean> {
    if (!this.isOpen) return false;
    const before = this.#pongs;
    const isAnswered = (): boolean => this.#pongs > before;
    using limit = new Deadline("pong", timeoutMs, { clock: this.#settings.clock });
    const verified = this.#verified.wait(() => isAnswered() || this.#state === "closed", limit.signal);
    this.#socket.ping();
    await verified.catch(() => undefined);
    return isAnswered();
  }

  /** Closes with a handshake. If the other end does not answer in time, ends the connection at once and logs that. */
  async close(code = 1000, reason = ""): Promise<void> {
    if (this.isOpen) {
      this.#state = "closing";
      this.#isDiscarded = true;
      this.#heartbeat?.stop();
      // A paused socket would not read the close frame of the other end.
      this.resume();
      this.#socket.close(code, reason);
      const cancelTimer = this.#settings.clock.schedule(() => {
        this.#settings.logger.warn("a close was not acknowledged in time", { limitMs: this.#settings.closeTimeoutMs });
        this.terminate("the close was not acknowledged");
      }, this.#settings.closeTimeoutMs);
      void this.closed.then(cancelTimer);
    }
    await this.closed;
  }

  /** Ends the connection at once because it is no longer needed, although nothing is wrong with it. */
  discard(reason: string): void {
    this.#isDiscarded = true;
    this.terminate(reason);
  }

  /** Ends the connection at once. */
  terminate(reason = "ended here"): void {
    this.#end(this.#closeError(1006, reason));
    this.#socket.terminate();
  }

  #onMessage(message: string | Uint8Array): void {
    this.#heartbeat?.touch();
    // After the decision to close no messages are read, and they must not pause the socket.
    if (this.#state !== "open") return;
    if (this.#handler === undefined) this.#queue.push(message);
    else this.#handle(this.#handler, message);
  }

  #handle(handler: (message: string | Uint8Array) => void, message: string | Uint8Array): void {
    try {
      handler(message);
    } catch (error) {
      this.#settings.logger.warn("a handler of messages failed", { error });
    }
  }

  #onPong(): void {
    this.#heartbeat?.touch();
    this.#pongs += 1;
    this.#verified.notify();
  }

  #onError(error: Error): void {
    this.#error ??= error;
  }

  #onClose(code: number, reason: string): void {
    // Servers quote keys in the reasons of policy closes.
    this.#end(this.#closeError(code, withoutKeys(reason)));
  }

  #end(error: WebsocketClosedError): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#heartbeat?.stop();
    this.#queue.close(error);
    this.#verified.notify();
    this.#resolveClosed(error);
  }

  #closeError(code: number, reason: string): WebsocketClosedError {
    return new WebsocketClosedError(code, reason, { cause: this.#error, retryable: isRetryableCloseCode(code) });
  }

  // Only while the socket is read: a paused one gets no pongs.
  #startHeartbeat(): void {
    const { heartbeat, clock } = this.#settings;
    if (heartbeat === false) return;
    this.#heartbeat = new Heartbeat(
      heartbeat,
      clock,
      () => this.#socket.ping(),
      () => this.terminate(`no sign of the other side for ${heartbeat.intervalMs + heartbeat.timeoutMs} ms`),
    );
  }
}
