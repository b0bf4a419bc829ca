import { Deadline, delay, throwIfAborted, untilAborted } from "../async/index.ts";
import { TurnwireError, WebsocketUnstableError } from "../errors.ts";
import type { Backoff } from "./backoff.ts";
import { type ConnectionSettings, WebsocketConnection } from "./connection.ts";
import type { FailureStreak } from "./failure-streak.ts";
import type { WebsocketTarget } from "./socket.ts";

/** Returns where to connect. Called for every attempt, since tokens expire. */
export type TargetSource = (signal: AbortSignal) => WebsocketTarget | Promise<WebsocketTarget>;

/** How long the other end has to answer a ping that verifies a connection, in milliseconds. */
export const verifyTimeoutMs = 2000;

export interface ConnectorHooks {
  /** A connection was opened, which may turn out to be dead. */
  opened(connection: WebsocketConnection): void;
  /** The connection can be used. Called before its end can be noticed. */
  ready(connection: WebsocketConnection): void;
}

/** Opens connections, with back-off between the attempts. */
export class Connector {
  readonly #target: TargetSource;
  readonly #settings: ConnectionSettings;
  readonly #backoff: Backoff;
  readonly #failures: FailureStreak;

  constructor(target: TargetSource, settings: ConnectionSettings, backoff: Backoff, failures: FailureStreak) {
    this.#target = target;
    this.#settings = settings;
    this.#backoff = backoff;
    this.#failures = failures;
  }

  /**
   * Opens a connection, in as many attempts as there may be.
   * @throws The error of the last attempt; WebsocketUnstableError when too many connections ended at once; the signal's
   * reason.
   */
  async open(signal: AbortSignal, hooks: ConnectorHooks): Promise<WebsocketConnection> {
    for (let attempt = 1; ; attempt += 1) {
      if (this.#failures.hasGivenUp) throw new WebsocketUnstableError(this.#failures.limit, this.#failures.withinMs);
      const delayMs = this.#backoff.delayMs(attempt);
      if (delayMs > 0) await delay(delayMs, { signal, clock: this.#settings.clock });
      try {
        const connection = await WebsocketConnection.open(await this.#nextTarget(signal), this.#settings, signal);
        hooks.opened(connection);
        // The first request shows whether a first connection works; after a failed attempt, a ping does so before it.
        if (attempt > 1) await verify(connection, signal);
        hooks.ready(connection);
        return connection;
      } catch (error) {
        if (signal.aborted || attempt >= this.#backoff.maxAttempts || !isRetryable(error)) throw error;
        this.#settings.logger.debug("connecting failed, trying again", { attempt, error });
      }
    }
  }

  async #nextTarget(signal: AbortSignal): Promise<WebsocketTarget> {
    const { connectTimeoutMs, clock } = this.#settings;
    using limit = new Deadline("connection target", connectTimeoutMs, { signal, clock });
    return await untilAborted(Promise.resolve(this.#target(limit.signal)), limit.signal);
  }
}

/** @throws WebsocketClosedError when the other end does not answer; the signal's reason. */
async function verify(connection: WebsocketConnection, signal: AbortSignal): Promise<void> {
  const isAlive = await untilAborted(connection.verify(verifyTimeoutMs), signal).catch(() => false);
  if (isAlive) return;
  connection.terminate("no answer to a ping");
  throwIfAborted(signal);
  throw await connection.closed;
}

function isRetryable(error: unknown): boolean {
  return error instanceof TurnwireError && error.retryable;
}
