import { BoundedQueue, type Clock, Condition, Deadline, type Logger, onAbort, throwIfAborted } from "../async/index.ts";
import { WebsocketClosedError, WebsocketConnectError, withoutKeys } from "../errors.ts";
import { isRetryableCloseCode, isRetryableUpgradeStatus } from "./close-codes.ts";
import { Heartbeat, type HeartbeatOptions } from "./heartbeat.ts";
import type { Socket, SocketFactory, SocketHandlers, WebsocketTarget } from "./socket.ts";

/** How one connection is made and kept. Times are in milliseconds. */
export interface ConnectionSettings {
  socketFactory: SocketFactory;
  connectTimeoutMs: number;
  /** How long the other side may take to answer a close. */
  closeTimeoutMs: number;
  /** Pings that find half-open sockets; false for none. */
  heartbeat: HeartbeatOptions | false;
  /** How many received messages are held before the socket is paused. */
  queueCapacity: number;
  clock: Clock;
  logger: Logger;
}

/** What a server answered to the upgrade instead of accepting it. */
interface Refusal {
  status: number;
  headers: Record<string, string>;
  body: string;
}

/**
 * One open WebSocket. Messages, then the close, are pulled in the order they came; a puller that is slow slows the
 * sender, since a full queue pauses the socket.
 */
export class WebsocketConnection {
  /** Resolves when the connection has ended, with why. Never rejects. */
  readonly closed: Promise<WebsocketClosedError>;
  /** When the connection was made, on the clock's scale. */
  readonly openedAtMs: number;
  readonly #socket: Socket;
  readonly #settings: ConnectionSettings;
  readonly #queue: BoundedQueue<string | Uint8Array>;
  readonly #resolveClosed: (error: WebsocketClosedError) => void;
  readonly #verified = new Condition();
  #pongs = 0;
  #heartbeat: Heartbeat | undefined;
  #paused = false;
  #closing = false;
  #discarded = false;
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
      onFull: () => this.#pause(),
      onDrained: () => this.#resume(),
    });
    this.#startHeartbeat();
  }

  /**
   * Opens a connection.
   * @throws WebsocketConnectError when the server cannot be reached or refuses; TimeoutError after `connectTimeoutMs`;
   * the signal's reason when it fires. A signal that has fired already opens no socket.
   */
  static async open(
    target: WebsocketTarget,
    settings: ConnectionSettings,
    signal?: AbortSignal,
  ): Promise<WebsocketConnection> {
    throwIfAborted(signal);
    const { promise, resolve, reject } = Promise.withResolvers<WebsocketConnection>();
    let connection: WebsocketConnection | undefined;
    let refusal: Refusal | undefined;
    let error: Error | undefined;
    const limit = new Deadline("connect", settings.connectTimeoutMs, { signal, clock: settings.clock });
    let socket: Socket;
    const handlers: SocketHandlers = {
      onOpen: () => {
        limit[Symbol.dispose]();
        if (!limit.signal.aborted) resolve((connection = new WebsocketConnection(socket, settings)));
      },
      onMessage: (data) => connection?.onMessage(data),
      onPong: () => connection?.onPong(),
      onRefused: (status, headers, body) => (refusal = { status, headers, body }),
      onError: (cause) => (connection === undefined ? (error ??= cause) : connection.onError(cause)),
      onClose: (code, reason) => {
        limit[Symbol.dispose]();
        if (connection !== undefined) connection.onClose(code, reason);
        else reject(connectError(target, code, refusal, error));
      },
    };
    try {
      const made = settings.socketFactory(target, handlers);
      socket = made instanceof Promise ? await made : made;
    } catch (cause) {
      limit[Symbol.dispose]();
      throw unusableTarget(target, cause);
    }
    onAbort(limit.signal, (reason) => {
      reject(reason);
      socket.terminate();
    });
    return promise;
  }

  /** Whether messages can be sent. */
  get isOpen(): boolean {
    return !this.#closing && !this.#queue.closed;
  }

  /** Milliseconds since the connection was made. */
  get ageMs(): number {
    return this.#settings.clock.now() - this.openedAtMs;
  }

  /** Sends a message. What is lost on the way ends in the close that `receive` reports. */
  send(data: string | Uint8Array): void {
    if (!this.isOpen) throw this.#closeError(1006, "the connection is closed");
    this.#socket.send(data);
  }

  /** The next message, or a rejection with the WebsocketClosedError after the last one. An abort loses no message. */
  receive(signal?: AbortSignal): Promise<string | Uint8Array> {
    return this.#queue.pull(signal);
  }

  /** The next message if one has been received already. */
  poll(): string | Uint8Array | undefined {
    return this.#queue.poll();
  }

  /** Sends a ping. Returns whether the other end answers within `timeoutMs`. */
  async verify(timeoutMs: number): Promise<boolean> {
    if (!this.isOpen) return false;
    const before = this.#pongs;
    const isAnswered = (): boolean => this.#pongs > before;
    using limit = new Deadline("pong", timeoutMs, { clock: this.#settings.clock });
    const verified = this.#verified.wait(() => isAnswered() || this.#queue.closed, limit.signal);
    this.#socket.ping();
    await verified.catch(() => undefined);
    return isAnswered();
  }

  /** Closes with a handshake; ends the connection hard, and logs it, when the other side does not answer in time. */
  async close(code = 1000, reason = ""): Promise<void> {
    if (this.isOpen) {
      this.#closing = this.#discarded = true;
      this.#heartbeat?.stop();
      // A paused socket would not read the other side's close frame.
      this.#resume();
      this.#socket.close(code, reason);
      const cancelTimer = this.#settings.clock.schedule(() => {
        this.#settings.logger.warn("a close was not acknowledged in time", { limitMs: this.#settings.closeTimeoutMs });
        this.terminate("the close was not acknowledged");
      }, this.#settings.closeTimeoutMs);
      void this.closed.then(cancelTimer);
    }
    await this.closed;
  }

  /** Whether the end was decided on here, and says nothing of the other side. */
  get wasDiscarded(): boolean {
    return this.#discarded;
  }

  /** Ends the connection at once because it is of no more use, though nothing is wrong with it. */
  discard(reason: string): void {
    this.#discarded = true;
    this.terminate(reason);
  }

  /** Ends the connection at once. */
  terminate(reason = "ended here"): void {
    this.#end(this.#closeError(1006, reason));
    this.#socket.terminate();
  }

  /** @internal */
  onMessage(data: string | Uint8Array): void {
    this.#heartbeat?.touch();
    // What comes after the decision to close is nobody's any more, and must not pause the socket.
    if (!this.#closing) this.#queue.push(data);
  }

  /** @internal */
  onPong(): void {
    this.#heartbeat?.touch();
    this.#pongs += 1;
    this.#verified.notify();
  }

  /** @internal */
  onError(error: Error): void {
    this.#error ??= error;
  }

  /** @internal */
  onClose(code: number, reason: string): void {
    // Servers quote keys in the reasons of policy closes.
    this.#end(this.#closeError(code, withoutKeys(reason)));
  }

  #end(error: WebsocketClosedError): void {
    if (this.#queue.closed) return;
    this.#heartbeat?.stop();
    this.#queue.close(error);
    this.#verified.notify();
    this.#resolveClosed(error);
  }

  #closeError(code: number, reason: string): WebsocketClosedError {
    return new WebsocketClosedError(code, reason, { cause: this.#error, retryable: isRetryableCloseCode(code) });
  }

  #pause(): void {
    this.#paused = true;
    this.#heartbeat?.stop();
    this.#socket.pause();
  }

  #resume(): void {
    if (!this.#paused || this.#queue.closed) return;
    this.#paused = false;
    if (!this.#closing) this.#startHeartbeat();
    this.#socket.resume();
  }

  // A paused socket reads no pongs: the heartbeat only runs while it reads.
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

function connectError(
  target: WebsocketTarget,
  code: number,
  refusal: Refusal | undefined,
  cause: Error | undefined,
): WebsocketConnectError {
  // A proxy's refusal says all there is to say.
  if (cause instanceof WebsocketConnectError) return cause;
  const where = new URL(target.url).host;
  if (refusal !== undefined) {
    return new WebsocketConnectError(`${where} refused the WebSocket upgrade with status ${refusal.status}`, {
      status: refusal.status,
      body: refusal.body,
      headers: refusal.headers,
      retryable: isRetryableUpgradeStatus(refusal.status),
      cause,
    });
  }
  const detail = cause === undefined ? `closed with code ${code}` : describe(cause);
  return new WebsocketConnectError(`cannot connect to ${where}: ${detail}`, { cause, retryable: true });
}

// Such as a header with a line break: another try would not help. What is not a URL is not quoted: it may hold a key.
function unusableTarget(target: WebsocketTarget, cause: unknown): WebsocketConnectError {
  if (!URL.canParse(target.url)) return new WebsocketConnectError("cannot connect: the address is not a URL");
  const detail = cause instanceof Error ? describe(cause) : String(cause);
  return new WebsocketConnectError(`cannot connect to ${new URL(target.url).host}: ${detail}`, { cause });
}

// Node reports a host whose every address fails as an AggregateError without a message.
function describe(error: Error): string {
  if (error.message !== "") return error.message;
  const inner = error instanceof AggregateError ? (error.errors[0] as unknown) : undefined;
  return inner instanceof Error ? inner.message : "code" in error ? String(error.code) : error.name;
}
