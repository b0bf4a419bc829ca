import type { Clock } from "../async/index.ts";

export interface HeartbeatOptions {
  /** How long a connection may be silent before it is asked with a ping, in milliseconds. */
  intervalMs: number;
  /** How long an answer to the ping may take, in milliseconds. */
  timeoutMs: number;
}

/** Finds half-open connections: ones whose other end is gone without a close frame. */
export class Heartbeat {
  readonly #options: HeartbeatOptions;
  readonly #clock: Clock;
  readonly #ping: () => void;
  readonly #onDead: () => void;
  #lastSignMs: number;
  #pingedMs: number | undefined;
  #cancelTimer: () => void = () => undefined;

  constructor(options: HeartbeatOptions, clock: Clock, ping: () => void, onDead: () => void) {
    this.#options = options;
    this.#clock = clock;
    this.#ping = ping;
    this.#onDead = onDead;
    this.#lastSignMs = clock.now();
    this.#wait(options.intervalMs);
  }

  /** Something came from the other end. */
  sawSign(): void {
    this.#lastSignMs = this.#clock.now();
    if (this.#pingedMs === undefined) return;
    this.#pingedMs = undefined;
    this.#cancelTimer();
    this.#wait(this.#options.intervalMs);
  }

  /** For good: a sign that comes later does not set it going again. */
  stop(): void {
    this.#pingedMs = undefined;
    this.#cancelTimer();
  }

  // One timer is re-armed when it fires, not at every message: messages come by the thousand.
  #wait(ms: number): void {
    this.#cancelTimer = this.#clock.schedule(() => this.#tick(), ms, { keepAlive: false });
  }

  #tick(): void {
    if (this.#pingedMs !== undefined) {
      this.#onDead();
      return;
    }
    const silentMs = this.#clock.now() - this.#lastSignMs;
    if (silentMs < this.#options.intervalMs) {
      this.#wait(this.#options.intervalMs - silentMs);
      return;
    }
    this.#pingedMs = this.#clock.now();
    this.#wait(this.#options.timeoutMs);
    this.#ping();
  }
}
