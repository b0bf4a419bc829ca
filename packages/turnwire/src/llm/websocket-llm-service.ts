import { toTurnwireError, WebsocketClosedError, WebsocketReconnectedError } from "../errors.ts";
import {
  type ConnectionTimeouts,
  type WebsocketConnection,
  ReconnectingWebsocket,
  type ReconnectingWebsocketOptions,
  type WebsocketTarget,
} from "../websocket/index.ts";
import { LLMService, type LLMServiceOptions, type LLMTimeouts } from "./llm-service.ts";

/** Time limits of an LLM service with a connection, in milliseconds. */
export interface WebsocketLLMTimeouts extends LLMTimeouts, ConnectionTimeouts {}

export interface WebsocketLLMServiceOptions
  extends Omit<LLMServiceOptions, "timeouts">, Omit<ReconnectingWebsocketOptions, "timeouts" | "logger"> {
  timeouts?: WebsocketLLMTimeouts;
  /** Whether a connection lost within an exchange is replaced there and then; default true. */
  reconnectOnError?: boolean;
}

/** What an exchange goes over: a connection, or a part of one that several share. */
export interface MessageLink<Message> {
  readonly connection: WebsocketConnection;
  /** @throws WebsocketClosedError */
  send(message: string): void;
  /** The next message; rejects with the WebsocketClosedError after the last, or with the signal's reason. */
  receive(signal?: AbortSignal): Promise<Message>;
}

/**
 * The base of LLM services that talk over a WebSocket. Transactional: a turn is one exchange, a request and its events
 * until the last one; between turns nothing is received. (Speech services receive continuously instead.)
 *
 * A subclass says where to connect, and implements `inference` with `ensureConnected`, `wsSend` and `wsRecv`. A connection
 * lost within an exchange is replaced by these themselves, with exponential back-off, and reported as a
 * `WebsocketReconnectedError`: the exchange has to start again.
 */
export abstract class WebsocketLLMService extends LLMService {
  readonly #reconnectOnError: boolean;
  #websocket: ReconnectingWebsocket;
  #stopForwarding: () => void = () => undefined;
  #connection: WebsocketConnection | undefined;

  constructor(options: WebsocketLLMServiceOptions = {}) {
    super(options);
    this.#reconnectOnError = options.reconnectOnError ?? true;
    this.#websocket = new ReconnectingWebsocket((signal) => this.websocketTarget(signal), {
      ...options,
      logger: this.logger,
    });
    this.useWebsocket(this.#websocket);
  }

  /** Where to connect, with which headers. Asked at every connect, since tokens expire. */
  protected abstract websocketTarget(signal: AbortSignal): WebsocketTarget | Promise<WebsocketTarget>;

  /** Makes the connection, in a pipeline without holding up the StartFrame: the first turn waits for it if need be. */
  override start(): void {
    void this.connect().catch((error: unknown) => {
      const onPurpose = error instanceof WebsocketClosedError && error.closeCode === 1000;
      if (!onPurpose) void this.pushError(toTurnwireError(error, "connection_failed", `${this.name} cannot connect`));
    });
  }

  override async stop(): Promise<void> {
    // In one go: a turn that begins from now on is not one of those that end, and waits for a connection of its own.
    await Promise.all([super.stop(), this.disconnect()]);
  }

  /** Makes the connection unless there is one. */
  async connect(signal?: AbortSignal): Promise<void> {
    await this.ensureConnected(signal);
  }

  /** Closes the connection on purpose; the next turn makes another. */
  async disconnect(): Promise<void> {
    await this.#websocket.disconnect();
  }

  /** Whether a connection is open. */
  get isConnected(): boolean {
    return this.#websocket.connection !== undefined;
  }

  /** What keeps the connection alive. */
  protected get websocket(): ReconnectingWebsocket {
    return this.#websocket;
  }

  /** Goes over to a WebSocket that others keep, too. */
  protected useWebsocket(websocket: ReconnectingWebsocket): void {
    this.#stopForwarding();
    this.#websocket = websocket;
    this.#stopForwarding = this.events.forward(websocket, [
      "connected",
      "disconnected",
      "reconnected",
      "connectionError",
    ]);
  }

  /** The open connection, made if need be: the one `wsSend` and `wsRecv` use from now on. */
  protected async ensureConnected(signal?: AbortSignal): Promise<WebsocketConnection> {
    this.#connection = await this.#websocket.connect(signal);
    return this.#connection;
  }

  /**
   * Sends a message of the exchange; anything but a string as JSON.
   * @param link What the exchange goes over; default: the connection.
   * @throws WebsocketReconnectedError when the connection was lost and has been replaced; the close error when it could
   * not be, or is not to be.
   */
  protected async wsSend(message: unknown, signal?: AbortSignal, link?: MessageLink<unknown>): Promise<void> {
    const over = link ?? this.#connection ?? (await this.ensureConnected(signal));
    try {
      over.send(typeof message === "string" ? message : JSON.stringify(message));
    } catch (error) {
      throw await this.#afterLoss(link?.connection ?? (over as WebsocketConnection), error, signal);
    }
  }

  /**
   * The next message of the exchange: as text, or as the link gives it.
   * @throws As `wsSend`; the signal's reason when it fires, and no message is lost then.
   */
  protected async wsRecv(signal?: AbortSignal): Promise<string>;
  protected async wsRecv<Message>(signal: AbortSignal | undefined, link: MessageLink<Message>): Promise<Message>;
  protected async wsRecv(signal?: AbortSignal, link?: MessageLink<unknown>): Promise<unknown> {
    const over = link ?? this.#connection ?? (await this.ensureConnected(signal));
    try {
      const message: unknown = await over.receive(signal);
      return message instanceof Uint8Array ? new TextDecoder().decode(message) : message;
    } catch (error) {
      throw await this.#afterLoss(link?.connection ?? (over as WebsocketConnection), error, signal);
    }
  }

  /** An exchange has come to its end: connections to this server are worth making. */
  protected exchangeSucceeded(): void {
    this.#websocket.markHealthy();
  }

  async #afterLoss(connection: WebsocketConnection, error: unknown, signal: AbortSignal | undefined): Promise<unknown> {
    if (!(error instanceof WebsocketClosedError) || !this.#reconnectOnError) return error;
    try {
      this.#connection = await this.#websocket.reconnect(connection, error, signal);
      return new WebsocketReconnectedError({ cause: error });
    } catch (failure) {
      return failure;
    }
  }
}
