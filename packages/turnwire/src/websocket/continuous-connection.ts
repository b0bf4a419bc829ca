import { type Clock, Deadline, defaultLogger, type Logger, systemClock, untilAborted } from "../async/index.ts";
import { toTurnwireError, type TurnwireError, WebsocketClosedError } from "../errors.ts";
import type { WebsocketConnection } from "./connection.ts";
import { ContinuousRun, type KeepAliveMessage } from "./continuous-run.ts";
import type { ReconnectingWebsocket } from "./reconnecting-websocket.ts";

/**
 * The callbacks of a service with a continuous connection. If `onOpen` throws, the connection is given up. Errors from the
 * other callbacks are only reported.
 */
export interface ContinuousHandlers {
  /**
   * Configures a new connection, the first or a replacement, and sends again what was lost, on `connection` itself. Others
   * can send, and messages are received, after it has resolved.
   */
  onOpen(connection: WebsocketConnection, isReplacement: boolean): void | Promise<void>;
  /** Handles a message. Awaited before the next one, so that a slow consumer slows the socket down. */
  onMessage(message: string | Uint8Array): void | Promise<void>;
  /** The connection was lost. Another one is being made. */
  onLost?(error: WebsocketClosedError): void;
  /** No connection could be made, or connections ended soon after they were made too often. `start` tries again. */
  onFailed(error: TurnwireError): void;
  /** Another handler has thrown; by default the error is logged. */
  onError?(error: TurnwireError): void;
}

export interface ContinuousConnectionOptions {
  keepAliveMessage?: KeepAliveMessage | undefined;
  /** How long `stop` waits for the farewell, and then for the handler that is running, in milliseconds; default 3000. */
  stopTimeoutMs?: number | undefined;
  clock?: Clock | undefined;
  logger?: Logger | undefined;
}

/** Sends the last messages on a connection before it is closed. */
type Farewell = (connection: WebsocketConnection) => void | Promise<void>;

/**
 * A connection whose messages are received all the time, in the background. It is replaced when it is lost, with the
 * back-off of the `ReconnectingWebsocket`, until that gives up: after a policy close, a refused key, or three
 * connections in a row that end soon after they were made.
 */
export class ContinuousConnection {
  readonly #websocket: ReconnectingWebsocket;
  readonly #handlers: ContinuousHandlers;
  readonly #keepAlive: KeepAliveMessage | undefined;
  readonly #stopTimeoutMs: number;
  readonly #clock: Clock;
  readonly #logger: Logger;
  #run: ContinuousRun | undefined;
  #stopping: Promise<void> | undefined;
  #restarting: Promise<void> | undefined;
  /** Why there is no run. */
  #ended: TurnwireError = new WebsocketClosedError(1000, "not started");

  constructor(
    websocket: ReconnectingWebsocket,
    handlers: ContinuousHandlers,
    options: ContinuousConnectionOptions = {},
  ) {
    this.#websocket = websocket;
    this.#handlers = handlers;
    this.#keepAlive = options.keepAliveMessage;
    this.#stopTimeoutMs = options.stopTimeoutMs ?? 3000;
    this.#clock = options.clock ?? systemClock;
    this.#logger = options.logger ?? defaultLogger;
  }

  /** Whether there is a connection that can be sent on. */
  get isConnected(): boolean {
    return this.#run?.current !== undefined;
  }

  /**
   * Connects, and receives messages from then on. Resolves when the first connection is configured.
   * @throws The error given to `onFailed`, or a WebsocketClosedError if it was stopped meanwhile.
   */
  async start(): Promise<void> {
    while (this.#stopping !== undefined) await this.#stopping;
    if (this.#run === undefined) {
      const run = (this.#run = new ContinuousRun(this.#clock, this.#keepAlive));
      run.loop = this.#keepConnected(run);
    }
    await this.#run.ready();
  }

  /**
   * Stops in order: `beforeClose`, while messages are still received; the close; the receive loop. `beforeClose` may take
   * until the connection ends or `stopTimeoutMs` has passed; without a connection it is not called. A call without
   * `beforeClose` stops at once, also if a stop is under way.
   */
  async stop(beforeClose?: Farewell): Promise<void> {
    if (beforeClose === undefined) this.#run?.skipFarewell.abort(new WebsocketClosedError(1000, "stopped at once"));
    this.#stopping ??= this.#stop(beforeClose).finally(() => {
      this.#stopping = undefined;
    });
    await this.#stopping;
  }

  /**
   * Resolves as soon as there is a connection that can be sent on.
   * @throws The error that ended the connection, or the signal's reason.
   */
  async ready(signal?: AbortSignal): Promise<void> {
    if (this.#run === undefined) throw this.#ended;
    await untilAborted(this.#run.ready(), signal);
  }

  /** Sends if there is a connection that can be sent on. Returns whether there is. */
  trySend(message: string | Uint8Array): boolean {
    return this.#run?.send(message) ?? false;
  }

  /** The connection serves its purpose: earlier ones that ended too soon no longer count. */
  markHealthy(): void {
    this.#websocket.markHealthy();
  }

  /**
   * Replaces the connection with a new one, which is made while the old one still serves. Resolves when the new one is
   * configured. Does nothing if the connection is not started.
   * @throws Why the new one could not be made; the old one then stays in use.
   */
  async restart(): Promise<void> {
    const run = this.#run;
    if (run === undefined) return;
    const before = this.#restarting?.catch(() => undefined);
    const restarting = Promise.resolve(before).then(() => this.#replace(run));
    this.#restarting = restarting;
    await restarting;
  }

  async #keepConnected(run: ContinuousRun): Promise<void> {
    // Why a connection could not be made. The rejection of `reconnect` only tells why the last one was lost.
    let failure: TurnwireError | undefined;
    const stopListening = this.#websocket.on("connectionError", (error) => void (failure = error));
    try {
      let connection = await this.#websocket.connect();
      for (let isReplacement = false; run.isRunning; isReplacement = true) {
        const closed = await this.#serve(run, connection, isReplacement);
        if (!run.isRunning) break;
        failure = undefined;
        connection = run.takeNext() ?? (await this.#reconnect(connection, closed));
      }
    } catch (error) {
      if (run.isRunning) this.#fail(run, failure ?? toTurnwireError(error, "connection_failed", "cannot connect"));
    } finally {
      stopListening();
      run.end();
    }
  }

  #reconnect(connection: WebsocketConnection, closed: WebsocketClosedError): Promise<WebsocketConnection> {
    this.#guard(() => this.#handlers.onLost?.(closed));
    return this.#websocket.reconnect(connection, closed);
  }

  /** Configures the connection and receives from it until it ends or is left for another one. */
  async #serve(
    run: ContinuousRun,
    connection: WebsocketConnection,
    isReplacement: boolean,
  ): Promise<WebsocketClosedError> {
    const leave = run.beginReceiving();
    await this.#configure(run, connection, isReplacement);
    try {
      for (;;) await this.#handle(run, await connection.receive(leave));
    } catch (reason) {
      if (reason instanceof WebsocketClosedError) return reason;
    }
    for (let message = connection.poll(); message !== undefined; message = connection.poll()) {
      await this.#handle(run, message);
    }
    void connection.close();
    return new WebsocketClosedError(1000, "replaced");
  }

  async #configure(run: ContinuousRun, connection: WebsocketConnection, isReplacement: boolean): Promise<void> {
    try {
      const opening = this.#handlers.onOpen(connection, isReplacement);
      // After a synchronous handler, nothing else may run before the connection is in use.
      if (opening instanceof Promise) await Promise.race([opening, connection.closed]);
      if (run.isRunning && connection.isOpen) run.use(connection);
    } catch (error) {
      // If the connection was lost meanwhile, that is why nothing could be sent.
      if (connection.isOpen) throw error;
    }
  }

  async #handle(run: ContinuousRun, message: string | Uint8Array): Promise<void> {
    if (run.discardsMessages) return;
    try {
      await this.#handlers.onMessage(message);
    } catch (error) {
      this.#report(error);
    }
  }

  #guard(handler: () => void): void {
    try {
      handler();
    } catch (error) {
      this.#report(error);
    }
  }

  #report(cause: unknown): void {
    const error = toTurnwireError(cause, "connection_failed", "a handler of a connection failed");
    if (this.#handlers.onError === undefined) this.#logger.warn("a handler of a connection failed", { error });
    else this.#handlers.onError(error);
  }

  async #replace(run: ContinuousRun): Promise<void> {
    const before = await run.ready();
    const spare = await this.#websocket.open(run.skipFarewell.signal);
    if (run.isRunning && run.current === before) {
      this.#websocket.promote(spare);
      run.switchTo(spare);
    } else {
      // The old one was lost meanwhile; the connection that replaces it is new, too.
      spare.discard("not wanted");
    }
    await run.ready();
  }

  async #stop(beforeClose: Farewell | undefined): Promise<void> {
    const run = this.#run;
    if (run === undefined) return;
    const { current } = run;
    if (beforeClose === undefined || current === undefined) run.advance("discarding");
    else await this.#sayFarewell(run, current, beforeClose);
    const disconnected = this.#websocket.disconnect();
    await this.#within("receive loop", run.loop);
    run.end();
    await disconnected;
    this.#run = undefined;
    this.#ended = new WebsocketClosedError(1000, "stopped on purpose");
  }

  async #sayFarewell(run: ContinuousRun, connection: WebsocketConnection, beforeClose: Farewell): Promise<void> {
    run.advance("closing");
    const say = async (): Promise<void> => beforeClose(connection);
    const said = say().catch((error: unknown) => this.#report(error));
    const inTime = await this.#within("farewell", Promise.race([said, run.loop]), run.skipFarewell.signal);
    if (!inTime) run.advance("discarding");
  }

  /** Waits for the work, for a limited time. Returns whether it ended in time. */
  async #within(what: string, work: Promise<void>, signal?: AbortSignal): Promise<boolean> {
    using limit = new Deadline(what, this.#stopTimeoutMs, { signal, clock: this.#clock });
    try {
      await untilAborted(work, limit.signal);
      return true;
    } catch {
      if (limit.expired) {
        this.#logger.warn(`the ${what} of a connection took too long`, { limitMs: this.#stopTimeoutMs });
      }
      return false;
    }
  }

  #fail(run: ContinuousRun, error: TurnwireError): void {
    run.end(error);
    this.#ended = error;
    if (this.#run === run) this.#run = undefined;
    void this.#websocket.disconnect();
    this.#guard(() => this.#handlers.onFailed(error));
  }
}
