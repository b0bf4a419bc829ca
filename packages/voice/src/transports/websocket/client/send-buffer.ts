import { type Clock, untilAborted } from "turnwire/internal";

/** The part of a `ws` socket that is needed. */
export interface BufferedSocket {
  /** The bytes handed over and not written yet. */
  readonly bufferedAmount: number;
  send(data: string | Uint8Array, written: () => void): void;
}

export interface SendBufferOptions {
  /** A client that is this many bytes behind is slow: it is sent no audio until it has caught up. */
  maxBufferedBytes: number;
  /** How long it may be slow, in milliseconds. */
  slowTimeoutMs: number;
  clock: Clock;
  onSlow(bufferedBytes: number): void;
  /** The client has been slow for too long, or was sent too much meanwhile. */
  onStuck(): void;
}

/** A slow client is still sent messages, up to this many times the limit. */
const hardLimit = 4;

/** Sends to a client, with a bound on what it has not taken yet. */
export class SendBuffer {
  readonly #socket: BufferedSocket;
  readonly #options: SendBufferOptions;
  #caughtUp: PromiseWithResolvers<void> | undefined;
  #slowAtBytes = 0;
  #cancelTimer: () => void = () => undefined;
  #closed = false;

  constructor(socket: BufferedSocket, options: SendBufferOptions) {
    this.#socket = socket;
    this.#options = options;
  }

  send(data: string | Uint8Array): void {
    if (this.#closed) return;
    // After a failed send the socket closes.
    this.#socket.send(data, () => this.#written());
    const { bufferedAmount } = this.#socket;
    const { maxBufferedBytes, slowTimeoutMs, clock } = this.#options;
    if (this.#caughtUp !== undefined) {
      if (bufferedAmount > this.#slowAtBytes + hardLimit * maxBufferedBytes) this.#giveUp();
    } else if (bufferedAmount > maxBufferedBytes) {
      this.#caughtUp = Promise.withResolvers();
      this.#slowAtBytes = bufferedAmount;
      this.#cancelTimer = clock.schedule(() => this.#giveUp(), slowTimeoutMs);
      this.#options.onSlow(bufferedAmount);
    }
  }

  /** Returns a promise while the client is slow; it rejects with the signal's reason. */
  writable(signal: AbortSignal): Promise<void> | undefined {
    const caughtUp = this.#caughtUp?.promise;
    return caughtUp && untilAborted(caughtUp, signal);
  }

  /** Stops sending. */
  close(): void {
    this.#closed = true;
    this.#catchUp();
  }

  #written(): void {
    if (this.#socket.bufferedAmount <= this.#options.maxBufferedBytes / 2) this.#catchUp();
  }

  #catchUp(): void {
    this.#cancelTimer();
    this.#caughtUp?.resolve();
    this.#caughtUp = undefined;
  }

  #giveUp(): void {
    if (this.#closed) return;
    this.close();
    this.#options.onStuck();
  }
}
