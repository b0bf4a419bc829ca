import { defaultLogger, Emitter, type Listener, systemClock, throwIfAborted, untilAborted } from "../async/index.ts";
import { checkValue, is } from "../checks/index.ts";
import { TurnwireError, WebsocketClosedError } from "../errors.ts";
import { Backoff } from "./backoff.ts";
import type { ConnectionSettings, WebsocketConnection } from "./connection.ts";
import { Connector, type TargetSource, verifyTimeoutMs } from "./connector.ts";
import { FailureStreak } from "./failure-streak.ts";
import { type ReconnectingWebsocketOptions, checkConnectionOptions } from "./connection-options.ts";
import { wsSocketFactory } from "./socket.ts";

export interface ReconnectingWebsocketEvents {
  /** A connection was opened, the first or a later one. */
  connected: [];
  /** The connection ended, on purpose or not. */
  disconnected: [error: WebsocketClosedError];
  /** A lost connection has been replaced. */
  reconnected: [];
  /** Connecting was given up. */
  connectionError: [error: TurnwireError];
}

/** The names of these events. */
export const connectionEvents = ["connected", "disconnected", "reconnected", "connectionError"] as const;

/**
 * A WebSocket connection that is kept alive: opened on request, replaced with exponential back-off when it is lost, and
 * given up when another one would not help. It never reconnects by itself; its users call `reconnect` when they need to.
 */
export class ReconnectingWebsocket {
  readonly events: Emitter<ReconnectingWebsocketEvents>;
  readonly #connector: Connector;
  readonly #failures: FailureStreak;
  #connection: WebsocketConnection | undefined;
  /** Every connection that has not ended. */
  readonly #alive = new Set<WebsocketConnection>();
  #connecting: Promise<WebsocketConnection> | undefined;
  #disconnecting: Promise<void> | undefined;
  /** Aborted by the next `disconnect`. */
  #disconnect = new AbortController();
  /** The signal of the `disconnect` that closes each connection. Once it has fired, the connection is not replaced. */
  readonly #disconnects = new WeakMap<WebsocketConnection, AbortSignal>();
  /** Whether the last connection was lost, so that the next one replaces it. */
  #isLost = false;

  /**
   * @param options Services pass all of their own options, so unknown names are not refused.
   * @throws InvalidArgumentError for an option that is unusable.
   */
  constructor(target: TargetSource, options: ReconnectingWebsocketOptions = {}) {
    checkValue(target, "target", is.func);
    checkConnectionOptions(options);
    const { timeouts = {}, environment = {} } = options;
    const settings: ConnectionSettings = {
      socketFactory: environment.socketFactory ?? wsSocketFactory,
      connectTimeoutMs: timeouts.connectMs ?? 10_000,
      closeTimeoutMs: timeouts.closeMs ?? 2000,
      heartbeat: options.heartbeat ?? { intervalMs: 20_000, timeoutMs: 10_000 },
      queueCapacity: options.queueCapacity ?? 1024,
      clock: environment.clock ?? systemClock,
      logger: options.logger ?? defaultLogger,
    };
    this.#failures = new FailureStreak(options.giveUpAfter);
    const backoff = new Backoff(options.backoff ?? {}, environment.random ?? Math.random);
    this.#connector = new Connector(target, settings, backoff, this.#failures);
    this.events = Emitter.logging("ReconnectingWebsocket", settings.logger, connectionEvents);
  }

  /** Adds a listener. The function returned removes it. */
  on<K extends keyof ReconnectingWebsocketEvents>(
    event: K,
    listener: Listener<ReconnectingWebsocketEvents[K]>,
  ): () => void {
    return this.events.on(event, listener);
  }

  /** The open connection, if there is one. */
  get connection(): WebsocketConnection | undefined {
    return this.#connection?.isOpen ? this.#connection : undefined;
  }

  /**
   * Returns the open connection. Opens one if there is none, also after connecting was given up.
   * @throws The error of the last attempt, or the signal's reason. Aborting does not cancel the attempts; the next caller
   * joins them.
   */
  async connect(signal?: AbortSignal): Promise<WebsocketConnection> {
    throwIfAborted(signal);
    const disconnect = this.#disconnect.signal;
    if (this.#disconnecting !== undefined) await untilAborted(this.#disconnecting, signal);
    throwIfAborted(disconnect);
    if (this.connection !== undefined) return this.connection;
    if (this.#failures.hasGivenUp) this.#failures.reset();
    return untilAborted(this.#connectOnce(), signal);
  }

  /**
   * Replaces the connection `lost`. If it has been replaced already, returns the connection that took its place.
   * @throws `cause` when reconnecting cannot help or fails, or when `disconnect` was called since.
   */
  async reconnect(lost: WebsocketConnection, cause: TurnwireError, signal?: AbortSignal): Promise<WebsocketConnection> {
    throwIfAborted(signal);
    if (this.connection !== undefined && this.connection !== lost) return this.connection;
    if (this.#isOnPurpose(lost)) throw cause;
    if (cause instanceof WebsocketClosedError && !cause.retryable) {
      this.events.emit("connectionError", cause);
      throw cause;
    }
    if (lost.isOpen) lost.discard("replaced");
    try {
      return await untilAborted(this.#connectOnce(), signal);
    } catch (error) {
      if (signal?.aborted) throw error;
      // The loss is the error. Its cause, the failure to reconnect, tells the caller what else to try.
      cause.cause ??= error;
      throw cause;
    }
  }

  /**
   * Opens a spare: a second connection, until `promote` makes it the current one.
   * @throws As `connect`.
   */
  async open(signal?: AbortSignal): Promise<WebsocketConnection> {
    throwIfAborted(signal);
    while (this.#disconnecting !== undefined) await untilAborted(this.#disconnecting, signal);
    const opening = this.#openConnection(() => undefined);
    try {
      return await untilAborted(opening, signal);
    } catch (error) {
      // The caller has gone.
      void opening.then(
        (connection) => connection.discard("not wanted"),
        () => undefined,
      );
      throw error;
    }
  }

  /** Makes a spare the current connection. Returns the one that it replaces, which is still open. */
  promote(spare: WebsocketConnection): WebsocketConnection | undefined {
    const before = this.connection;
    if (before === spare) return undefined;
    this.#makeCurrent(spare);
    return before;
  }

  /** Records that the connection has been of use, so that earlier connections that ended at once no longer count. */
  markHealthy(): void {
    this.#failures.reset();
  }

  /** Returns whether the other end answers a ping within `timeoutMs`; false without a connection. */
  async verify(timeoutMs: number = verifyTimeoutMs): Promise<boolean> {
    return (await this.connection?.verify(timeoutMs)) ?? false;
  }

  /** Closes every connection on purpose, and ends all connecting. */
  async disconnect(): Promise<void> {
    this.#disconnect.abort(new WebsocketClosedError(1000, "disconnected on purpose"));
    this.#disconnect = new AbortController();
    this.#isLost = false;
    this.#disconnecting ??= this.#closeAll().finally(() => {
      this.#disconnecting = undefined;
    });
    await this.#disconnecting;
  }

  async #closeAll(): Promise<void> {
    await this.#connecting?.catch(() => undefined);
    await Promise.all([...this.#alive].map((connection) => connection.close()));
  }

  #connectOnce(): Promise<WebsocketConnection> {
    this.#connecting ??= this.#openConnection((connection) => this.#makeCurrent(connection)).finally(() => {
      this.#connecting = undefined;
    });
    return this.#connecting;
  }

  async #openConnection(ready: (connection: WebsocketConnection) => void): Promise<WebsocketConnection> {
    const { signal } = this.#disconnect;
    const opened = (connection: WebsocketConnection): void => {
      this.#disconnects.set(connection, signal);
      this.#alive.add(connection);
      void connection.closed.then((error) => this.#onClosed(connection, error));
    };
    try {
      return await this.#connector.open(signal, { opened, ready });
    } catch (error) {
      if (!signal.aborted && error instanceof TurnwireError) this.events.emit("connectionError", error);
      throw error;
    }
  }

  #makeCurrent(connection: WebsocketConnection): void {
    this.#connection = connection;
    this.events.emit("connected");
    if (this.#isLost) this.events.emit("reconnected");
    this.#isLost = false;
  }

  #onClosed(connection: WebsocketConnection, error: WebsocketClosedError): void {
    this.#alive.delete(connection);
    const isOnPurpose = this.#isOnPurpose(connection);
    if (isOnPurpose) this.#failures.reset();
    else if (!connection.wasDiscarded) this.#failures.recordEnd(connection.ageMs);
    if (this.#connection !== connection) return;
    this.#connection = undefined;
    this.#isLost = !isOnPurpose;
    this.events.emit("disconnected", error);
  }

  #isOnPurpose(connection: WebsocketConnection): boolean {
    return this.#disconnects.get(connection)?.aborted ?? true;
  }
}
