import { type TurnwireError, WebsocketClosedError } from "../errors.ts";
import type { WebsocketConnection } from "./connection.ts";
import type { InactivityTimer } from "../async/index.ts";

/** From a start to the stop or the giving up that ends it: which connection is in use, and what is to become of it. */
export class ContinuousRun {
  /** Fires when the connection that is received from is to be left for `spare`. */
  leave = new AbortController();
  /** The connection that is to take the place of the one in use. */
  spare: WebsocketConnection | undefined;
  idle: InactivityTimer | undefined;
  /** Whether the end of a connection is the end of the run. */
  ending = false;
  /** Whether messages are of no use any more. */
  dropping = false;
  /** Fires when the goodbye is not to be waited for. */
  readonly hurry = new AbortController();
  /** Resolves when the receive loop has ended. */
  loop: Promise<void> = Promise.resolve();
  #current: WebsocketConnection | undefined;
  #ready = withoutComplaint(Promise.withResolvers<WebsocketConnection>());

  /** The connection that can be sent on. */
  get current(): WebsocketConnection | undefined {
    return this.#current?.isOpen ? this.#current : undefined;
  }

  /** The connection is configured: it can be sent on until it closes. */
  use(connection: WebsocketConnection): void {
    this.#current = connection;
    this.#ready.resolve(connection);
    void connection.closed.then(() => this.unuse(connection));
  }

  unuse(connection: WebsocketConnection): void {
    if (this.#current !== connection) return;
    this.#current = undefined;
    this.#ready = withoutComplaint(Promise.withResolvers<WebsocketConnection>());
  }

  takeSpare(): WebsocketConnection | undefined {
    const { spare } = this;
    this.spare = undefined;
    return spare;
  }

  /**
   * The connection that can be sent on, as soon as there is one.
   * @throws The error that ended the run.
   */
  async ready(): Promise<WebsocketConnection> {
    for (;;) {
      const connection = await this.#ready.promise;
      if (connection.isOpen) return connection;
      await connection.closed;
    }
  }

  /** No connection will be ready any more. */
  end(error: TurnwireError = new WebsocketClosedError(1000, "stopped on purpose")): void {
    this.ending = true;
    if (this.#current !== undefined) this.unuse(this.#current);
    this.#ready.reject(error);
  }
}

/** Perhaps nobody waits: a rejection then is nobody's. */
function withoutComplaint<T>(deferred: PromiseWithResolvers<T>): PromiseWithResolvers<T> {
  deferred.promise.catch(() => undefined);
  return deferred;
}
