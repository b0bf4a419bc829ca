import {
  type Clock,
  Deadline,
  defaultLogger,
  delay,
  Emitter,
  type Listener,
  type Logger,
  type Random,
  systemClock,
  throwIfAborted,
  untilAborted,
} from "../async/index.ts";
import { TurnwireError, WebsocketClosedError, WebsocketUnstableError } from "../errors.ts";
import { Backoff, type BackoffOptions } from "./backoff.ts";
import { type ConnectionSettings, WebsocketConnection } from "./connection.ts";
import { FailureStreak, type GiveUpAfterOptions } from "./failure-streak.ts";
import type { HeartbeatOptions } from "./heartbeat.ts";
import { type SocketFactory, type WebsocketTarget, wsSocketFactory } from "./socket.ts";

/** How a connection is made and kept alive. Times are in milliseconds. */
export interface ReconnectingWebsocketOptions {
  /** Default 10 000. */
  connectTimeoutMs?: number;
  /** How long the other side may take to answer a close; default 2000. */
  closeTimeoutMs?: number;
  /** Pings on a silent connection; default every 20 000, answered within 10 000. `false` for none. */
  heartbeat?: HeartbeatOptions | false;
  /** How often and how fast connecting is tried again. */
  backoff?: BackoffOptions;
  /** After how many connections in a row that end at once connecting is given up. */
  giveUpAfter?: GiveUpAfterOptions;
  /** How many received messages are held before the socket is paused; default 1024. */
  queueCapacity?: number;
  /** Default: sockets of the `ws` package. */
  socketFactory?: SocketFactory;
  clock?: Clock;
  random?: Random;
  logger?: Logger;
}

export interface ReconnectingWebsocketEvents {
  /** A connection was made, the first or a later one. */
  connected: [];
  /** The connection ended, on purpose or not. */
  disconnected: [error: WebsocketClosedError];
  /** A lost connection has been replaced. */
  reconnected: [];
  /** Connecting has been given up. */
  connectionError: [error: TurnwireError];
}

const verifyTimeoutMs = 2000;

/**
 * A WebSocket connection kept alive: made on request, made again with exponential back-off when it is lost, given up
 * when it cannot get better. It never reconnects by itself: its users do, when they need it.
 */
export class ReconnectingWebsocket {
  readonly events: Emitter<ReconnectingWebsocketEvents>;
  readonly #target: (signal: AbortSignal) => WebsocketTarget | Promise<WebsocketTarget>;
  readonly #settings: ConnectionSettings;
  readonly #backoff: Backoff;
  readonly #failureStreak: FailureStreak;
  #connection: WebsocketConnection | undefined;
  /** Every connection that has not ended. */
  readonly #alive = new Set<WebsocketConnection>();
  #connecting: Promise<WebsocketConnection> | undefined;
  #disconnecting: Promise<void> | undefined;
  #stop = new AbortController();
  /** What ends each connection on purpose: once it has fired, the connection is not replaced any more. */
  readonly #stops = new WeakMap<WebsocketConnection, AbortSignal>();
  /** Whether the last connection ended without being asked to. */
  #lost = false;

  /** @param target Asked at every connect, since tokens expire. */
  constructor(
    target: (signal: AbortSignal) => WebsocketTarget | Promise<WebsocketTarget>,
    options: ReconnectingWebsocketOptions = {},
  ) {
    this.#target = target;
    this.#settings = {
      socketFactory: options.socketFactory ?? wsSocketFactory,
      connectTimeoutMs: options.connectTimeoutMs ?? 10_000,
      closeTimeoutMs: options.closeTimeoutMs ?? 2000,
      heartbeat: options.heartbeat ?? { intervalMs: 20_000, timeoutMs: 10_000 },
      queueCapacity: options.queueCapacity ?? 1024,
      clock: options.clock ?? systemClock,
      logger: options.logger ?? defaultLogger,
    };
    this.#backoff = new Backoff(options.backoff ?? {}, options.random ?? Math.random);
    this.#failureStreak = new FailureStreak(options.giveUpAfter);
    this.events = new Emitter((event, error) =>
      this.#settings.logger.warn(`a listener of "${event}" failed`, { error }),
    );
  }

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
   * The open connection; makes one when there is none, which also takes back having given up.
   * @throws The last try's error, or the signal's reason: the connecting itself then goes on for the next who asks.
   */
  async connect(signal?: AbortSignal): Promise<WebsocketConnection> {
    throwIfAborted(signal);
    const stop = this.#stop.signal;
    if (this.#disconnecting !== undefined) await untilAborted(this.#disconnecting, signal);
    throwIfAborted(stop);
    if (this.connection !== undefined) return this.connection;
    if (this.#failureStreak.hasGivenUp) this.#failureStreak.reset();
    return untilAborted(this.#connectOnce(), signal);
  }

  /**
   * Replaces the connection `lost`; when that has already been done, answers the one that took its place.
   * @throws `cause` when reconnecting cannot help or does not, or when there has been a `disconnect` on purpose since.
   */
  async reconnect(lost: WebsocketConnection, cause: TurnwireError, signal?: AbortSignal): Promise<WebsocketConnection> {
    throwIfAborted(signal);
    if (this.connection !== undefined && this.connection !== lost) return this.connection;
    if (this.#stops.get(lost)?.aborted ?? true) throw cause;
    if (cause instanceof WebsocketClosedError && !cause.retryable) {
      this.events.emit("connectionError", cause);
      throw cause;
    }
    if (lost.isOpen) lost.discard("replaced");
    try {
      return await untilAborted(this.#connectOnce(), signal);
    } catch (error) {
      if (signal?.aborted) throw error;
      // Why the connection was lost is the error; why it could not be replaced tells what else to try.
      cause.cause ??= error;
      throw cause;
    }
  }

  /**
   * Opens a connection beside the current one: a spare, until it is adopted.
   * @throws As `connect`.
   */
  async open(signal?: AbortSignal): Promise<WebsocketConnection> {
    throwIfAborted(signal);
    while (this.#disconnecting !== undefined) await untilAborted(this.#disconnecting, signal);
    const opening = this.#tryToConnect("spare");
    try {
      return await untilAborted(opening, signal);
    } catch (error) {
      // Nobody is left to take it.
      void opening.then(
        (connection) => connection.discard("not wanted"),
        () => undefined,
      );
      throw error;
    }
  }

  /** Makes a spare the current connection. The answer is the one it takes the place of, still open. */
  promote(spare: WebsocketConnection): WebsocketConnection | undefined {
    const before = this.connection;
    if (before === spare) return undefined;
    this.#makeCurrent(spare);
    return before;
  }

  /** The connection has served its purpose: those that died young before it are no reason to give up any more. */
  markHealthy(): void {
    this.#failureStreak.reset();
  }

  /** Whether the other end answers a ping. */
  async verify(timeoutMs: number = verifyTimeoutMs): Promise<boolean> {
    return (await this.connection?.verify(timeoutMs)) ?? false;
  }

  /** Closes the connection on purpose and stops any connecting. */
  async disconnect(): Promise<void> {
    this.#stop.abort(new WebsocketClosedError(1000, "disconnected on purpose"));
    this.#stop = new AbortController();
    this.#lost = false;
    this.#disconnecting ??= this.#close().finally(() => {
      this.#disconnecting = undefined;
    });
    await this.#disconnecting;
  }

  async #close(): Promise<void> {
    await this.#connecting?.catch(() => undefined);
    await Promise.all([...this.#alive].map((connection) => connection.close()));
  }

  #connectOnce(): Promise<WebsocketConnection> {
    this.#connecting ??= this.#tryToConnect("current").finally(() => {
      this.#connecting = undefined;
    });
    return this.#connecting;
  }

  #makeCurrent(connection: WebsocketConnection): void {
    this.#connection = connection;
    this.events.emit("connected");
    if (this.#lost) this.events.emit("reconnected");
    this.#lost = false;
  }

  async #tryToConnect(as: "current" | "spare"): Promise<WebsocketConnection> {
    const { signal } = this.#stop;
    try {
      for (let attempt = 1; ; attempt += 1) {
        if (this.#failureStreak.hasGivenUp) {
          throw new WebsocketUnstableError(this.#failureStreak.limit, this.#failureStreak.withinMs);
        }
        await this.#pause(attempt, signal);
        try {
          return await this.#open(attempt, as, signal);
        } catch (error) {
          if (signal.aborted || attempt >= this.#backoff.maxAttempts || !isRetryable(error)) throw error;
          this.#settings.logger.debug("connecting failed, trying again", { attempt, error });
        }
      }
    } catch (error) {
      if (!signal.aborted && error instanceof TurnwireError) this.events.emit("connectionError", error);
      throw error;
    }
  }

  async #pause(attempt: number, signal: AbortSignal): Promise<void> {
    const delayMs = this.#backoff.delayMs(attempt);
    if (delayMs > 0) await delay(delayMs, { signal, clock: this.#settings.clock });
  }

  async #open(attempt: number, as: "current" | "spare", signal: AbortSignal): Promise<WebsocketConnection> {
    const connection = await WebsocketConnection.open(await this.#askForTarget(signal), this.#settings, signal);
    this.#stops.set(connection, signal);
    this.#alive.add(connection);
    void connection.closed.then((error) => this.#onClosed(connection, error));
    // The first connection is tried by its first request; after a failure a round trip is spent to be sure.
    if (attempt > 1) await this.#makeSure(connection, signal);
    if (as === "current") this.#makeCurrent(connection);
    return connection;
  }

  async #askForTarget(signal: AbortSignal): Promise<WebsocketTarget> {
    const { connectTimeoutMs, clock } = this.#settings;
    using limit = new Deadline("connection target", connectTimeoutMs, { signal, clock });
    return await untilAborted(Promise.resolve(this.#target(limit.signal)), limit.signal);
  }

  async #makeSure(connection: WebsocketConnection, signal: AbortSignal): Promise<void> {
    const isAlive = await untilAborted(connection.verify(verifyTimeoutMs), signal).catch(() => false);
    if (isAlive) return;
    connection.terminate("no answer to a ping");
    throwIfAborted(signal);
    throw await connection.closed;
  }

  #onClosed(connection: WebsocketConnection, error: WebsocketClosedError): void {
    this.#alive.delete(connection);
    const onPurpose = this.#stops.get(connection)?.aborted ?? false;
    if (onPurpose) this.#failureStreak.reset();
    else if (!connection.wasDiscarded) this.#failureStreak.recordEnd(connection.ageMs);
    if (this.#connection !== connection) return;
    this.#connection = undefined;
    this.#lost = !onPurpose;
    this.events.emit("disconnected", error);
  }
}

function isRetryable(error: unknown): boolean {
  return error instanceof TurnwireError && error.retryable;
}
