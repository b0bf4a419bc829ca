import { type Clock, onAbort } from "turnwire/internal";

/** The little it needs of a `ws` socket. */
export interface BufferedSocket {
  /** The bytes handed over and not yet written. */
  readonly bufferedAmount: number;
  send(data: string | Uint8Array, written: () => void): void;
}

export interface SendBufferOptions {
  /** A client this many bytes behind is slow: it is sent no audio until it has caught up. */
  maxBufferedBytes: number;
  /** How long it may be slow, in milliseconds. */
  slowTimeoutMs: number;
  clock: Clock;
  onSlow(bufferedBytes: number): void;
  /** It has been slow for too long, or was sent too much meanwhile. */
  onStuck(): void;
}

/** While a client is slow, messages go on: so many times the limit. */
const hardLimit = 4;

/** What is on its way to a client, bounded. */
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
    // A failed send is followed by the socket's close.
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

  /** A promise while the client is slow; it rejects with the signal's reason. */
  writable(signal: AbortSignal): Promise<void> | undefined {
    const caughtUp = this.#caughtUp?.promise;
    if (caughtUp === undefined) return undefined;
    return new Promise((resolve, reject) => {
      const removeListener = onAbort(signal, reject);
      void caughtUp.then(() => {
        removeListener();
        resolve();
      });
    });
  }

  /** Sends nothing more. */
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
