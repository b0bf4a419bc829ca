import type { WebSocket } from "ws";
import { Alarm, type Clock, Condition } from "turnwire/internal";
import type { ServerMessage } from "../protocol.ts";

export interface SendBufferOptions {
  /** A client for which more bytes than this wait is slow: it gets no audio until it has caught up. */
  maxBufferedBytes: number;
  /** `slowMs`: how long it may be slow. */
  timeouts: { slowMs: number };
  clock: Clock;
  onSlow(bufferedBytes: number): void;
  /** The client has been slow for too long, or was sent too much meanwhile. */
  onStuck(): void;
}

/** A slow client is still sent messages, up to this many times the limit. */
const hardLimit = 4;

/** Sends to a client, with a bound on what it has not taken yet. */
export class SendBuffer {
  readonly #socket: WebSocket;
  readonly #options: SendBufferOptions;
  readonly #stuckAlarm: Alarm;
  readonly #caughtUp = new Condition();
  #state: "flowing" | "slow" | "closed" = "flowing";
  /** The bytes that were buffered when the client became slow. */
  #slowAtBytes = 0;

  constructor(socket: WebSocket, options: SendBufferOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#stuckAlarm = new Alarm(options.clock, () => this.#giveUp(), { keepAlive: true });
  }

  /** Sends a message as JSON, or audio as it is. */
  send(data: ServerMessage | Uint8Array): void {
    if (this.#state === "closed") return;
    // After a failed send the socket closes.
    this.#socket.send(data instanceof Uint8Array ? data : JSON.stringify(data), () => this.#written());
    const { bufferedAmount } = this.#socket;
    const { maxBufferedBytes, timeouts } = this.#options;
    if (this.#state === "slow") {
      if (bufferedAmount > this.#slowAtBytes + hardLimit * maxBufferedBytes) this.#giveUp();
    } else if (bufferedAmount > maxBufferedBytes) {
      this.#state = "slow";
      this.#slowAtBytes = bufferedAmount;
      this.#stuckAlarm.set(timeouts.slowMs);
      this.#options.onSlow(bufferedAmount);
    }
  }

  /** Returns a promise while the client is slow; it rejects with the signal's reason. */
  writable(signal: AbortSignal): Promise<void> | undefined {
    return this.#state === "slow" ? this.#caughtUp.wait(() => this.#state !== "slow", signal) : undefined;
  }

  /** Stops sending. */
  close(): void {
    this.#enter("closed");
  }

  #written(): void {
    const isCaughtUp = this.#socket.bufferedAmount <= this.#options.maxBufferedBytes / 2;
    if (this.#state === "slow" && isCaughtUp) this.#enter("flowing");
  }

  #giveUp(): void {
    if (this.#state === "closed") return;
    this.close();
    this.#options.onStuck();
  }

  #enter(state: "flowing" | "closed"): void {
    this.#state = state;
    this.#stuckAlarm.clear();
    this.#caughtUp.notify();
  }
}
