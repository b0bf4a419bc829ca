import { type Clock, InactivityTimer } from "../async/index.ts";
import { type TurnwireError, WebsocketClosedError } from "../errors.ts";
import type { WebsocketConnection } from "./connection.ts";

/** A message of the application that is sent when nothing else has been sent for a while. */
export interface KeepAliveMessage {
  /** After how many milliseconds without a message it is sent. */
  intervalMs: number;
  message: () => string | Uint8Array;
}

/**
 * - `running`: a connection that ends is replaced.
 * - `closing`: the connection is about to be closed; messages are still handled.
 * - `discarding`: the same, but messages are discarded.
 * - `ended`: no connection will be used any more.
 */
type RunState = "running" | "closing" | "discarding" | "ended";

const order: readonly RunState[] = ["running", "closing", "discarding", "ended"];

/** One run of a continuous connection, from its start until it is stopped or fails: its state, and the connection in use. */
export class ContinuousRun {
  /** Fires when the farewell is not to be waited for. */
  readonly skipFarewell = new AbortController();
  /** Resolves when the receive loop has ended. */
  loop: Promise<void> = Promise.resolve();
  readonly #clock: Clock;
  readonly #keepAlive: KeepAliveMessage | undefined;
  #state: RunState = "running";
  #current: WebsocketConnection | undefined;
  #ready = deferredConnection();
  #idle: InactivityTimer | undefined;
  #leave = new AbortController();
  #next: WebsocketConnection | undefined;

  constructor(clock: Clock, keepAlive: KeepAliveMessage | undefined) {
    this.#clock = clock;
    this.#keepAlive = keepAlive;
  }

  get isRunning(): boolean {
    return this.#state === "running";
  }

  get discardsMessages(): boolean {
    return this.#state === "discarding" || this.#state === "ended";
  }

  /** The connection that can be sent on. */
  get current(): WebsocketConnection | undefined {
    return this.#current?.isOpen ? this.#current : undefined;
  }

  /** Moves on to a later state; a state never comes back. */
  advance(to: "closing" | "discarding" | "ended"): void {
    if (order.indexOf(to) <= order.indexOf(this.#state)) return;
    this.#state = to;
    this.#idle?.stop();
  }

  /** Resolves as soon as there is a connection that can be sent on. @throws The error that ended the run. */
  async ready(): Promise<WebsocketConnection> {
    for (;;) {
      const connection = await this.#ready.promise;
      if (connection.isOpen) return connection;
      await connection.closed;
    }
  }

  /** The connection is configured: it can be sent on until it closes or is released. */
  use(connection: WebsocketConnection): void {
    this.#current = connection;
    this.#ready.resolve(connection);
    this.#idle = this.#keepAliveOn(connection);
    void connection.closed.then(() => this.#release(connection));
  }

  /** Sends on the current connection. Returns false if there is none. */
  send(message: string | Uint8Array): boolean {
    const connection = this.current;
    if (connection === undefined) return false;
    connection.send(message);
    this.#idle?.touch();
    return true;
  }

  /** Returns a signal for receiving from the next connection; it fires at `switchTo`. */
  beginReceiving(): AbortSignal {
    this.#leave = new AbortController();
    return this.#leave.signal;
  }

  /** Leaves the current connection for another one. */
  switchTo(next: WebsocketConnection): void {
    this.#next = next;
    if (this.#current !== undefined) this.#release(this.#current);
    this.#leave.abort();
  }

  /** The connection given to `switchTo`, once. */
  takeNext(): WebsocketConnection | undefined {
    const next = this.#next;
    this.#next = undefined;
    return next;
  }

  /** Ends the run: it gives out no connection any more. */
  end(error: TurnwireError = new WebsocketClosedError(1000, "stopped on purpose")): void {
    this.advance("ended");
    if (this.#current !== undefined) this.#release(this.#current);
    this.#ready.reject(error);
  }

  #release(connection: WebsocketConnection): void {
    if (this.#current !== connection) return;
    this.#current = undefined;
    this.#idle?.stop();
    this.#ready = deferredConnection();
  }

  #keepAliveOn(connection: WebsocketConnection): InactivityTimer | undefined {
    const keepAlive = this.#keepAlive;
    if (keepAlive === undefined) return undefined;
    const idle = new InactivityTimer(this.#clock, keepAlive.intervalMs, () => {
      idle.touch();
      if (connection.isOpen) connection.send(keepAlive.message());
    });
    return idle;
  }
}

function deferredConnection(): PromiseWithResolvers<WebsocketConnection> {
  const deferred = Promise.withResolvers<WebsocketConnection>();
  // If no caller waits, a rejection must not count as unhandled.
  deferred.promise.catch(() => undefined);
  return deferred;
}
