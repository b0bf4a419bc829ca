import { Deadline, untilAborted } from "../async/index.ts";
import { checkValue, is } from "../checks/index.ts";
import {
  LostAfterOutputError,
  ProviderError,
  toTurnwireError,
  WebsocketClosedError,
  WebsocketReconnectedError,
} from "../errors.ts";
import {
  type ConnectionTimeouts,
  ReconnectingWebsocket,
  type ReconnectingWebsocketOptions,
  type WebsocketConnection,
  type WebsocketTarget,
} from "../websocket/index.ts";
import type { Inference } from "./inference.ts";
import { LLMService, type LLMServiceOptions, type LLMTimeouts } from "./llm-service.ts";

/** Time limits of an LLM service with a connection, in milliseconds. */
export interface WebsocketLLMTimeouts extends LLMTimeouts, ConnectionTimeouts {
  /** How long the rest of an interrupted exchange may hold up its connection before that is replaced; default 1000. */
  drainMs?: number;
}

export interface WebsocketLLMServiceOptions
  extends Omit<LLMServiceOptions, "timeouts">, Omit<ReconnectingWebsocketOptions, "timeouts" | "logger"> {
  timeouts?: WebsocketLLMTimeouts;
  /** Whether a connection that is lost within an exchange is replaced at once; default true. */
  reconnectOnError?: boolean;
}

/** How often an exchange starts again after its connection was lost. */
const mostRestarts = 2;

/**
 * The base of LLM services that talk over a WebSocket. Transactional: an exchange sends a request and receives its messages
 * until the last one; between exchanges nothing is received. Speech services receive continuously instead.
 *
 * A subclass says where to connect. Its `inference` calls `exchange`, and in there `wsSend` and `wsRecv`. These replace a
 * lost connection, with exponential back-off, and then throw a `WebsocketReconnectedError`: the exchange has to start
 * again, and whatever the server kept for the old connection is gone. `exchange` starts it again, unless a part of the
 * reply has been delivered.
 */
export abstract class WebsocketLLMService extends LLMService {
  readonly #reconnectOnError: boolean;
  readonly #drainTimeoutMs: number;
  #websocket: ReconnectingWebsocket;
  #stopForwarding: () => void = () => undefined;
  /** The connection of `wsSend` and `wsRecv`. */
  #connection: WebsocketConnection | undefined;
  /** Ends the waiting of `wsSend` and `wsRecv` if they get no signal of their own. */
  #signal: AbortSignal | undefined;
  #hasSent = false;
  /** Resolves when the last exchange that was begun is over. */
  #lastOver: Promise<void> = Promise.resolve();

  constructor(options: WebsocketLLMServiceOptions = {}) {
    super(options);
    this.#reconnectOnError = options.reconnectOnError ?? true;
    this.#drainTimeoutMs = options.timeouts?.drainMs ?? 1000;
    this.#websocket = new ReconnectingWebsocket((signal) => this.websocketTarget(signal), {
      ...options,
      logger: this.logger,
    });
    this.useWebsocket(this.#websocket);
  }

  /** Returns the address and the headers. Called for every connection, since tokens expire. */
  protected abstract websocketTarget(signal: AbortSignal): WebsocketTarget | Promise<WebsocketTarget>;

  /** Begins to connect. The StartFrame does not wait for that; the first turn does. */
  override start(): void {
    void this.connect().catch((error: unknown) => {
      const onPurpose = error instanceof WebsocketClosedError && error.closeCode === 1000;
      if (!onPurpose) void this.pushError(toTurnwireError(error, "connection_failed", `${this.name} cannot connect`));
    });
  }

  override async stop(): Promise<void> {
    // Both begin before anything else can: a turn that begins later is not ended, and gets a connection of its own.
    await Promise.all([super.stop(), this.disconnect()]);
  }

  /**
   * Connects unless a connection is open.
   * @throws InvalidArgumentError for something that is not a signal.
   */
  async connect(signal?: AbortSignal): Promise<void> {
    if (signal !== undefined) checkValue(signal, "signal", is.signal);
    await this.ensureConnected(signal);
  }

  /** Closes the connection on purpose. The next turn opens another. */
  async disconnect(): Promise<void> {
    await this.#websocket.disconnect();
  }

  /** Whether a connection is open. */
  get isConnected(): boolean {
    return this.#websocket.connection !== undefined;
  }

  /** Keeps the connection open. */
  protected get websocket(): ReconnectingWebsocket {
    return this.#websocket;
  }

  /** Uses a WebSocket that others use, too. */
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

  /** Returns the open connection, after connecting if need be. `wsSend` and `wsRecv` use it from then on. */
  protected async ensureConnected(signal?: AbortSignal): Promise<WebsocketConnection> {
    this.#connection = await this.#websocket.connect(signal);
    return this.#connection;
  }

  /**
   * Runs one exchange: `run` sends a request and receives its messages until the last one, and returns the result. One
   * exchange runs at a time. `run` is called again when the connection was lost before any output. When it fails in the
   * middle, as when the turn is interrupted, `cancelExchange` makes the connection ready for the next exchange.
   * @throws LostAfterOutputError when the connection was lost after output; otherwise what `run` throws.
   */
  protected async exchange<Result>(inference: Inference, run: () => Promise<Result>): Promise<Result> {
    const before = this.#lastOver;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#lastOver = before.then(() => promise);
    try {
      await untilAborted(before, inference.signal);
    } catch (error) {
      resolve();
      throw error;
    }
    let failure: { error: unknown } | undefined;
    try {
      return await this.#run(inference, run);
    } catch (error) {
      failure = { error };
      throw error;
    } finally {
      void this.#leave(failure).then(resolve);
    }
  }

  /**
   * Ends an exchange that was left in the middle. A provider whose server can cancel sends that, receives until the last
   * message of the exchange, and returns true: the connection is used again. Otherwise the connection is replaced, as it is
   * when this takes longer than `timeouts.drainMs`; the messages still to come would be taken for those of the next exchange.
   */
  protected cancelExchange(): boolean | Promise<boolean> {
    return false;
  }

  /**
   * Sends a message of the exchange; anything but a string as JSON.
   * @param signal Default: the turn's, or within `cancelExchange` its limit.
   * @throws WebsocketReconnectedError when the connection was lost and has been replaced; the close error when it could not
   * be replaced, or is not to be.
   */
  protected async wsSend(message: unknown, signal: AbortSignal | undefined = this.#signal): Promise<void> {
    const connection = this.#connection ?? (await this.ensureConnected(signal));
    this.#hasSent = true;
    try {
      connection.send(typeof message === "string" ? message : JSON.stringify(message));
    } catch (error) {
      throw await this.replaceLost(connection, error, signal);
    }
  }

  /**
   * Returns the next message of the exchange, as text.
   * @throws As `wsSend`; the signal's reason when it fires, and no message is lost then.
   */
  protected async wsRecv(signal: AbortSignal | undefined = this.#signal): Promise<string> {
    const connection = this.#connection ?? (await this.ensureConnected(signal));
    try {
      const message = await connection.receive(signal);
      return typeof message === "string" ? message : new TextDecoder().decode(message);
    } catch (error) {
      throw await this.replaceLost(connection, error, signal);
    }
  }

  /**
   * Replaces a connection that was lost within an exchange. Returns the error to throw: a WebsocketReconnectedError after
   * that; otherwise `error`, or what it could not be replaced for.
   */
  protected async replaceLost(connection: WebsocketConnection, error: unknown, signal?: AbortSignal): Promise<unknown> {
    if (!(error instanceof WebsocketClosedError) || !this.#reconnectOnError) return error;
    try {
      this.#connection = await this.#websocket.reconnect(connection, error, signal);
      return new WebsocketReconnectedError({ cause: error });
    } catch (failure) {
      return failure;
    }
  }

  /** Tells that an exchange has come to its end: earlier connections that ended at once no longer count. */
  protected exchangeSucceeded(): void {
    this.#websocket.markHealthy();
  }

  async #run<Result>(inference: Inference, run: () => Promise<Result>): Promise<Result> {
    this.#signal = inference.signal;
    this.#hasSent = false;
    for (let restarts = 0; ; restarts += 1) {
      try {
        inference.trace.enter("connectingMs");
        await this.ensureConnected(inference.signal);
        inference.trace.enter("firstEventMs");
        const result = await run();
        this.exchangeSucceeded();
        return result;
      } catch (error) {
        const lost = error instanceof WebsocketReconnectedError ? error.cause : error;
        if (inference.hasOutput && lost instanceof WebsocketClosedError) {
          throw new LostAfterOutputError(inference.characters, { cause: lost });
        }
        if (lost === error || restarts >= mostRestarts) throw lost;
        inference.trace.retrying("connection-lost");
      }
    }
  }

  /** Makes the connection ready for the next exchange. A ProviderError is the server's own end of an exchange. */
  async #leave(failure: { error: unknown } | undefined): Promise<void> {
    const connection = this.#connection;
    const isOver = failure === undefined || failure.error instanceof ProviderError || !this.#hasSent;
    this.#signal = undefined;
    if (isOver || connection === undefined || !connection.isOpen) return;
    using limit = new Deadline("cancel", this.#drainTimeoutMs, { clock: this.clock });
    this.#signal = limit.signal;
    const quiet = await untilAborted(
      Promise.resolve().then(() => this.cancelExchange()),
      limit.signal,
    ).catch(() => false);
    this.#signal = undefined;
    if (!quiet) connection.discard("an exchange was left in the middle");
  }
}
