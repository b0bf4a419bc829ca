import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { WebSocket } from "ws";
import type { SessionSocket } from "../core/index.ts";
import type { FaultTarget } from "../faults/index.ts";

/** A reader this many bytes behind is waited for. */
const slowReaderBytes = 256 * 1024;
/** A reader this many bytes behind is cut off: it must be making traffic without reading the answers. */
const stuckReaderBytes = 64 * 1024 * 1024;

/**
 * The session's view of a `ws` socket, with the end of a slow reader's patience. What is sent in one tick is written at
 * once: a system call for each event would cost more than all the rest.
 */
export class SocketPort implements SessionSocket {
  /** Nothing is read or written any more. */
  frozen = false;
  readonly #socket: WebSocket;
  readonly #stream: Duplex;
  #corked = false;
  #waiting: Array<() => void> = [];

  /** @param stream What the socket is made of. */
  constructor(socket: WebSocket, stream: Duplex) {
    this.#socket = socket;
    this.#stream = stream;
    socket.on("close", () => this.#wake());
  }

  get faultTarget(): Omit<FaultTarget, "evict"> {
    return {
      close: (code, reason) => this.close(code, reason),
      reset: () => this.reset(),
      freeze: () => this.freeze(),
      raw: (text) => this.send(text),
      error: () => undefined,
    };
  }

  send(text: string): void {
    if (this.frozen || this.#socket.readyState !== WebSocket.OPEN) return;
    if (this.#socket.bufferedAmount > stuckReaderBytes) return this.#socket.terminate();
    this.#cork();
    // A failed send is followed by the socket's close event, which ends the session.
    this.#socket.send(text, () => {
      if (this.#waiting.length > 0 && this.#socket.bufferedAmount < slowReaderBytes) this.#wake();
    });
  }

  close(code: number, reason: string): void {
    if (!this.frozen) this.#socket.close(code, reason);
  }

  reset(): void {
    this.#flush();
    if (this.#stream instanceof Socket) this.#stream.resetAndDestroy();
    else this.#socket.terminate();
  }

  /** Cuts the connection off; what was sent before is on its way. */
  terminate(): void {
    this.#flush();
    this.#socket.terminate();
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

  #cork(): void {
    if (this.#corked) return;
    this.#corked = true;
    this.#stream.cork();
    process.nextTick(() => this.#flush());
  }

  #flush(): void {
    if (!this.#corked) return;
    this.#corked = false;
    this.#stream.uncork();
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }
}
