import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { WebSocket } from "ws";
import { Condition } from "turnwire/internal";

/** The server waits for a reader that is this many bytes behind. */
const slowReaderBytes = 256 * 1024;
/** The server cuts off a reader that is this many bytes behind: it makes traffic without reading the answers. */
const stuckReaderBytes = 64 * 1024 * 1024;

type OnMessage = (data: Buffer, isBinary: boolean) => void;

/**
 * The server's end of a WebSocket, with limits for slow readers. What is sent in one tick is written at once: a system
 * call for each message would cost more than everything else.
 */
export class ServerSocket {
  readonly #socket: WebSocket;
  readonly #stream: Duplex;
  readonly #queuedBytes: () => number;
  readonly #caughtUp = new Condition();
  #isCorked = false;
  #isFrozen = false;
  /** Messages that came in while the socket was frozen. */
  #unread: Array<() => void> = [];

  /**
   * @internal `@types/ws` is no dependency of the package.
   * @param stream The connection under the socket.
   * @param queuedBytes The bytes that wait elsewhere to be sent: they count for the limits.
   */
  constructor(socket: WebSocket, stream: Duplex, queuedBytes: () => number = () => 0) {
    this.#socket = socket;
    this.#stream = stream;
    this.#queuedBytes = queuedBytes;
    socket.once("close", () => {
      this.#unread = [];
      this.#caughtUp.notify();
    });
  }

  get isOpen(): boolean {
    return this.#socket.readyState === WebSocket.OPEN;
  }

  onMessage(handle: OnMessage): void {
    const take: OnMessage = (data, isBinary) => {
      if (this.#isFrozen) this.#unread.push(() => take(data, isBinary));
      else handle(data, isBinary);
    };
    this.#socket.on("message", take);
  }

  onClose(handle: (code: number, reason: string) => void): void {
    this.#socket.once("close", (code, reason) => handle(code, reason.toString()));
  }

  send(data: string | Uint8Array): void {
    if (this.#isFrozen || !this.isOpen || !this.checkReader()) return;
    this.#cork();
    // A failed send is followed by the socket's close event.
    this.#socket.send(data, () => this.#caughtUp.notify());
  }

  /** Cuts off a reader that is too far behind, and returns false. */
  checkReader(): boolean {
    if (this.#bytesBehind <= stuckReaderBytes) return true;
    this.#socket.terminate();
    return false;
  }

  /** Resolves when the reader has caught up enough to be sent more, or is gone. Rejects with the signal's reason. */
  drained(signal?: AbortSignal): Promise<void> {
    return this.#caughtUp.wait(() => !this.isOpen || this.#bytesBehind < slowReaderBytes, signal);
  }

  /** Sends a close frame. */
  close(code: number, reason: string): void {
    if (!this.#isFrozen) this.#socket.close(code, reason);
  }

  /** Cuts the connection off without a close frame. What was sent before is on its way. */
  terminate(): void {
    this.#uncork();
    this.#socket.terminate();
  }

  /** Ends the connection without a close frame, after what was sent before. */
  drop(): void {
    this.#uncork();
    if (this.#stream instanceof Socket) this.#stream.destroySoon();
    else this.#socket.terminate();
  }

  /** Cuts the connection off with a TCP reset. */
  reset(): void {
    this.#uncork();
    if (this.#stream instanceof Socket) this.#stream.resetAndDestroy();
    else this.#socket.terminate();
  }

  /** Reads and writes nothing, and closes nothing. */
  freeze(): void {
    this.#isFrozen = true;
    // A ping that is not read gets no pong either.
    this.#socket.pause();
  }

  /** Undoes `freeze()`. */
  thaw(): void {
    this.#isFrozen = false;
    const unread = this.#unread;
    this.#unread = [];
    this.#socket.resume();
    for (const read of unread) read();
  }

  get #bytesBehind(): number {
    return this.#socket.bufferedAmount + this.#queuedBytes();
  }

  #cork(): void {
    if (this.#isCorked) return;
    this.#isCorked = true;
    this.#stream.cork();
    process.nextTick(() => this.#uncork());
  }

  #uncork(): void {
    if (!this.#isCorked) return;
    this.#isCorked = false;
    this.#stream.uncork();
  }
}
