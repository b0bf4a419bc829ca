import { WebSocket } from "ws";
import type { SessionSocket } from "../core/index.ts";
import type { FaultTarget } from "../faults/index.ts";

/** A reader this many bytes behind is waited for. */
const slowReaderBytes = 256 * 1024;
/** A reader this many bytes behind is cut off: it must be making traffic without reading the answers. */
const stuckReaderBytes = 64 * 1024 * 1024;

/** The session's view of a `ws` socket, with the end of a slow reader's patience. */
export class SocketPort implements SessionSocket {
  readonly reset: () => void;
  /** Nothing is read or written any more. */
  frozen = false;
  readonly #socket: WebSocket;
  #waiting: Array<() => void> = [];

  constructor(socket: WebSocket, reset: () => void) {
    this.#socket = socket;
    this.reset = reset;
    socket.on("close", () => this.#wake());
  }

  get faultTarget(): Omit<FaultTarget, "evict"> {
    return {
      close: (code, reason) => this.close(code, reason),
      reset: this.reset,
      freeze: () => this.freeze(),
      raw: (text) => this.send(text),
      error: () => undefined,
    };
  }

  send(text: string): void {
    if (this.frozen || this.#socket.readyState !== WebSocket.OPEN) return;
    if (this.#socket.bufferedAmount > stuckReaderBytes) return this.#socket.terminate();
    // A failed send is followed by the socket's close event, which ends the session.
    this.#socket.send(text, () => {
      if (this.#waiting.length > 0 && this.#socket.bufferedAmount < slowReaderBytes) this.#wake();
    });
  }

  close(code: number, reason: string): void {
    if (!this.frozen) this.#socket.close(code, reason);
  }

  freeze(): void {
    this.frozen = true;
    // Unread, a ping gets no pong either.
    this.#socket.pause();
  }

  drained(): Promise<void> {
    if (this.#socket.readyState !== WebSocket.OPEN || this.#socket.bufferedAmount < slowReaderBytes)
      return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }
}
