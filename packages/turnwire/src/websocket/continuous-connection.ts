import {
  type Clock,
  Deadline,
  defaultLogger,
  InactivityTimer,
  type Logger,
  systemClock,
  throwIfAborted,
  untilAborted,
} from "../async/index.ts";
import { toTurnwireError, type TurnwireError, WebsocketClosedError } from "../errors.ts";
import type { WebsocketConnection } from "./connection.ts";
import type { ReconnectingWebsocket } from "./reconnecting-websocket.ts";
import { ContinuousRun } from "./continuous-run.ts";

/** What a continuous service does with its connection. What `opened` throws is given up for; others are reported. */
export interface ContinuousHandlers {
  /**
   * A connection is there, or there again: configure it, send again what was lost, on `connection` itself. Others send
   * and messages are received once it has resolved.
   */
  opened(connection: WebsocketConnection, again: boolean): void | Promise<void>;
  /** Awaited before the next message: a slow consumer slows the socket down. */
  message(message: string | Uint8Array): void | Promise<void>;
  /** Lost without being asked to; a new one is being made. */
  lost?(error: WebsocketClosedError): void;
  /** Given up: could not be made, the first time or again, or died young too often. `start` takes it up again. */
  givenUp(error: TurnwireError): void;
  /** Another handler has thrown; by default that is logged. */
  failed?(error: TurnwireError): void;
}

export interface ContinuousConnectionOptions {
  /** What is sent whenever nothing else has been for `intervalMs`. */
  keepAliveMessage?: { intervalMs: number; message: () => string | Uint8Array } | undefined;
  /** How long `stop` waits for the goodbye, and then for the handler in work, in milliseconds; default 3000. */
  stopTimeoutMs?: number | undefined;
  clock?: Clock | undefined;
  logger?: Logger | undefined;
}

/**
 * A connection that is received from all the time, in the background. When it is lost it is made again, with the
 * back-off of the `ReconnectingWebsocket`, until that gives up: at a policy close, a refused key, or connections that die
 * young three times in a row.
 */
export class ContinuousConnection {
  readonly #websocket: ReconnectingWebsocket;
  readonly #handlers: ContinuousHandlers;
  readonly #keepAliveMessage: ContinuousConnectionOptions["keepAliveMessage"];
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
    this.#keepAliveMessage = options.keepAliveMessage;
    this.#stopTimeoutMs = options.stopTimeoutMs ?? 3000;
    this.#clock = options.clock ?? systemClock;
    this.#logger = options.logger ?? defaultLogger;
  }

  /** Whether there is a connection that can be sent on. */
  get isConnected(): boolean {
    return this.#run?.current !== undefined;
  }

  /**
   * Connects, and receives from then on. Resolves once the first connection is configured.
   * @throws What `givenUp` is told of, or a WebsocketClosedError when it was stopped meanwhile.
   */
  async start(): Promise<void> {
    while (this.#stopping !== undefined) await this.#stopping;
    if (this.#run === undefined) {
      const run = (this.#run = new ContinuousRun());
      run.loop = this.#keep(run);
    }
    await this.#run.ready();
  }

  /**
   * Ends it in order: the goodbye, while messages are still received; the close; the receive loop. The goodbye is
   * waited for until the connection ends or the time is up, and left out when there is no connection. Without one
   * everything ends at once, also a stop that is under way.
   */
  async stop(goodbye?: (connection: WebsocketConnection) => void | Promise<void>): Promise<void> {
    if (goodbye === undefined) this.#run?.hurry.abort(new WebsocketClosedError(1000, "stopped at once"));
    this.#stopping ??= this.#stop(goodbye).finally(() => {
      this.#stopping = undefined;
    });
    await this.#stopping;
  }

  /**
   * Sends, as soon as there is a connection: at once, or after the reconnect that is under way. Not for `opened`.
   * @throws The error that ended it, or the signal's reason.
   */
  async sendWithRetry(message: string | Uint8Array, signal?: AbortSignal): Promise<void> {
    throwIfAborted(signal);
    while (!this.trySend(message)) await this.ready(signal);
  }

  /**
   * Resolves as soon as there is a connection that can be sent on.
   * @throws The error that ended it, or the signal's reason.
   */
  async ready(signal?: AbortSignal): Promise<void> {
    if (this.#run === undefined) throw this.#ended;
    await untilAborted(this.#run.ready(), signal);
  }

  /** Sends if there is a connection that can be sent on, and answers whether there is. */
  trySend(message: string | Uint8Array): boolean {
    const connection = this.#run?.current;
    if (connection === undefined) return false;
    connection.send(message);
    this.#run?.idle?.touch();
    return true;
  }

  /** The connection serves its purpose: those that died young before it are no reason to give up any more. */
  markHealthy(): void {
    this.#websocket.markHealthy();
  }

  /**
   * Takes a new connection into use, made while the old one still serves; resolves once it is configured. Does nothing
   * when it is not running.
   * @throws Why the new one could not be made: the old one then stays in use.
   */
  async restart(): Promise<void> {
    const run = this.#run;
    if (run === undefined) return;
    const before = this.#restarting?.catch(() => undefined);
    const restarting = Promise.resolve(before).then(() => this.#replace(run));
    this.#restarting = restarting;
    await restarting;
  }

  async #keep(run: ContinuousRun): Promise<void> {
    // Tells more than the rejection of `reconnect`, which says why the connection was lost.
    let failure: TurnwireError | undefined;
    const stopListening = this.#websocket.on("connectionError", (error) => void (failure = error));
    try {
      let connection = await this.#websocket.connect();
      for (let again = false; !run.ending; again = true) {
        const closed = await this.#serve(run, connection, again);
        if (run.ending) break;
        failure = undefined;
        connection = run.takeSpare() ?? (await this.#reconnect(connection, closed));
      }
    } catch (error) {
      if (!run.ending) this.#giveUp(run, failure ?? toTurnwireError(error, "connection_failed", "cannot connect"));
    } finally {
      stopListening();
      run.end();
    }
  }

  #reconnect(connection: WebsocketConnection, closed: WebsocketClosedError): Promise<WebsocketConnection> {
    this.#guard(() => this.#handlers.lost?.(closed));
    return this.#websocket.reconnect(connection, closed);
  }

  /** Configures the connection and receives from it until it ends or is left for another one. */
  async #serve(run: ContinuousRun, connection: WebsocketConnection, again: boolean): Promise<WebsocketClosedError> {
    run.leave = new AbortController();
    try {
      const opening = this.#handlers.opened(connection, again);
      // Nothing comes between the end of a handler that is not asynchronous and the use of the connection.
      if (opening instanceof Promise) await Promise.race([opening, connection.closed]);
      if (!run.ending && connection.isOpen) this.#use(run, connection);
    } catch (error) {
      // On a connection that was lost meanwhile, nothing can be sent.
      if (connection.isOpen) throw error;
    }
    try {
      for (;;) await this.#handle(run, await connection.receive(run.leave.signal));
    } catch (reason) {
      run.idle?.stop();
      if (reason instanceof WebsocketClosedError) return reason;
    }
    for (let message = connection.poll(); message !== undefined; message = connection.poll()) {
      await this.#handle(run, message);
    }
    void connection.close();
    return new WebsocketClosedError(1000, "replaced");
  }

  #use(run: ContinuousRun, connection: WebsocketConnection): void {
    run.use(connection);
    const keepAlive = this.#keepAliveMessage;
    if (keepAlive === undefined) return;
    const idle = new InactivityTimer(this.#clock, keepAlive.intervalMs, () => {
      idle.touch();
      if (connection.isOpen) connection.send(keepAlive.message());
    });
    run.idle = idle;
  }

  async #handle(run: ContinuousRun, message: string | Uint8Array): Promise<void> {
    if (run.dropping) return;
    try {
      await this.#handlers.message(message);
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
    if (this.#handlers.failed === undefined) this.#logger.warn("a handler of a connection failed", { error });
    else this.#handlers.failed(error);
  }

  async #replace(run: ContinuousRun): Promise<void> {
    const before = await run.ready();
    const spare = await this.#websocket.open(run.hurry.signal);
    if (run.ending || run.current !== before) {
      // Lost meanwhile: the connection that takes its place is a new one, too.
      spare.discard("not wanted");
    } else {
      this.#websocket.promote(spare);
      run.spare = spare;
      run.unuse(before);
      run.leave.abort();
    }
    await run.ready();
  }

  async #stop(goodbye?: (connection: WebsocketConnection) => void | Promise<void>): Promise<void> {
    const run = this.#run;
    if (run === undefined) return;
    const { current } = run;
    run.ending = true;
    run.idle?.stop();
    if (goodbye !== undefined && current !== undefined) await this.#sayGoodbye(run, current, goodbye);
    else run.dropping = true;
    const disconnected = this.#websocket.disconnect();
    await this.#within("receive loop", run.loop);
    run.dropping = true;
    run.end();
    await disconnected;
    this.#run = undefined;
    this.#ended = new WebsocketClosedError(1000, "stopped on purpose");
  }

  async #sayGoodbye(
    run: ContinuousRun,
    connection: WebsocketConnection,
    goodbye: (connection: WebsocketConnection) => void | Promise<void>,
  ): Promise<void> {
    const say = async (): Promise<void> => goodbye(connection);
    const said = say().catch((error: unknown) => this.#report(error));
    run.dropping = !(await this.#within("goodbye", Promise.race([said, run.loop]), run.hurry.signal));
  }

  /** Whether it came to its end in time. */
  async #within(what: string, work: Promise<void>, signal?: AbortSignal): Promise<boolean> {
    using limit = new Deadline(what, this.#stopTimeoutMs, { signal, clock: this.#clock });
    try {
      await untilAborted(work, limit.signal);
      return true;
    } catch {
      if (limit.expired)
        this.#logger.warn(`the ${what} of a connection took too long`, { limitMs: this.#stopTimeoutMs });
      return false;
    }
  }

  #giveUp(run: ContinuousRun, error: TurnwireError): void {
    run.end(error);
    this.#ended = error;
    if (this.#run === run) this.#run = undefined;
    void this.#websocket.disconnect();
    this.#guard(() => this.#handlers.givenUp(error));
  }
}
