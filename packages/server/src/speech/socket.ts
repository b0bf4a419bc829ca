import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { type RawData, WebSocket } from "ws";
import { type Clock, untilAborted } from "turnwire/internal";
import type { ReceivedMessage, SpeechConnection } from "./connection.ts";
import type { ArmedFault, SpeechFault } from "./faults/index.ts";
import { typeOf } from "./messages.ts";
import { Outbox } from "./outbox.ts";

/** A reader this many bytes behind is waited for. */
const slowReaderBytes = 256 * 1024;
/** A reader this many bytes behind is cut off. */
const stuckReaderBytes = 64 * 1024 * 1024;
const keptMessages = 1_000;

export interface SpeechSocketInit {
  readonly path: "listen" | "speak";
  readonly connection: number;
  readonly requestId: string;
  readonly query: Readonly<Record<string, string>>;
  readonly clock: Clock;
  readonly faults: readonly ArmedFault[];
}

/** A `ws` socket as a session sees it: sends in order and in time, lets faults strike, and keeps count. */
export class SpeechSocket implements SpeechConnection {
  readonly path: "listen" | "speak";
  readonly connection: number;
  readonly requestId: string;
  readonly query: Readonly<Record<string, string>>;
  readonly openedAtMs: number;
  receivedBytes = 0;
  sentBytes = 0;
  audioMs = 0;
  closed: SpeechConnection["closed"];
  readonly #socket: WebSocket;
  readonly #stream: Duplex;
  readonly #clock: Clock;
  readonly #outbox: Outbox;
  readonly #received: ReceivedMessage[] = [];
  #faults: readonly ArmedFault[];
  #handler: ((data: Buffer, isBinary: boolean) => void) | undefined;
  #slowMs = 0;
  #dropped = false;
  #frozen = false;
  /** What came in while it was frozen. */
  #unread: Array<() => void> = [];
  #wakers: Array<() => void> = [];
  #cancelThaw: (() => void) | undefined;

  /** @param stream What the socket is made of. */
  constructor(socket: WebSocket, stream: Duplex, init: SpeechSocketInit) {
    this.path = init.path;
    this.connection = init.connection;
    this.requestId = init.requestId;
    this.query = init.query;
    this.openedAtMs = init.clock.now();
    this.#socket = socket;
    this.#stream = stream;
    this.#clock = init.clock;
    this.#outbox = new Outbox(init.clock);
    this.#faults = init.faults;
    socket.on("message", (data, isBinary) => this.#arrived(data, isBinary));
    // `ws` closes the connection itself, with the code that fits; unheard, the event would end the process.
    socket.on("error", () => undefined);
    socket.once("close", (code, reason) => this.#ended(code, reason.toString()));
  }

  get received(): readonly ReceivedMessage[] {
    return this.#received;
  }

  get isOpen(): boolean {
    return !this.#dropped && this.#socket.readyState === WebSocket.OPEN;
  }

  /** Where messages go from now on, and what is called when the connection has ended. */
  serve(handler: (data: Buffer, isBinary: boolean) => void, onEnd: () => void): void {
    this.#handler = handler;
    this.#socket.once("close", onEnd);
    this.#strike(({ afterAudioMs, afterSentBytes }) => afterAudioMs === undefined && afterSentBytes === undefined);
  }

  /** Sends an object as JSON, a text or bytes as they are, behind what was given before and in `delayMs` or later. */
  send(message: object | string | Uint8Array, delayMs = 0): void {
    const raw = typeof message === "string" || message instanceof Uint8Array;
    const data = raw ? message : JSON.stringify(message);
    const bytes = Buffer.byteLength(data);
    if (this.#outbox.bytes + this.#socket.bufferedAmount > stuckReaderBytes) return this.#socket.terminate();
    const before = (): void => this.#strike(({ afterSentBytes = Infinity }) => this.sentBytes + bytes > afterSentBytes);
    this.#outbox.put({ send: () => this.#write(data, bytes), bytes, before }, delayMs + this.#slowMs);
  }

  /** Closes it behind what was sent before. */
  close(code = 1000, reason = "", delayMs = 0): void {
    this.#outbox.put({ send: () => this.#socket.close(code, reason), bytes: 0 }, delayMs + this.#slowMs);
  }

  drop(): void {
    this.#dropped = true;
    this.#outbox.end();
    if (this.#stream instanceof Socket) this.#stream.destroySoon();
    else this.#socket.terminate();
  }

  freeze(ms?: number): void {
    this.#frozen = true;
    // Unread, a ping gets no pong either.
    this.#socket.pause();
    this.#outbox.hold();
    if (ms !== undefined) this.#thawIn(ms);
  }

  /** Cuts it off. */
  terminate(): void {
    this.#outbox.end();
    this.#socket.terminate();
  }

  /** Resolves when the reader has caught up enough to be sent more, or is gone; rejects with the signal's reason. */
  async drained(signal?: AbortSignal): Promise<void> {
    while (this.isOpen && this.#outbox.bytes + this.#socket.bufferedAmount > slowReaderBytes) {
      await untilAborted(new Promise<void>((resolve) => this.#wakers.push(resolve)), signal);
    }
  }

  /** Up to where audio may go before a fault strikes. */
  audioUntil(toMs: number): number {
    const at = this.#faults.map(({ spent, fault }) => (spent ? Infinity : afterAudio(fault)));
    return Math.min(toMs, ...at.filter((atMs) => atMs > this.audioMs));
  }

  /** There was audio up to here: faults that waited for it strike. */
  audioReached(atMs: number): void {
    this.audioMs = atMs;
    this.#strike((fault) => afterAudio(fault) <= atMs);
  }

  #arrived(data: RawData, isBinary: boolean): void {
    if (this.#frozen) this.#unread.push(() => this.#arrived(data, isBinary));
    // Once it is to be closed, what still comes belongs to nobody.
    if (this.#frozen || !this.isOpen) return;
    const bytes = data as Buffer;
    this.receivedBytes += bytes.length;
    if (!isBinary) this.#record(bytes.toString());
    this.#handler?.(bytes, isBinary);
  }

  #record(text: string): void {
    this.#received.push({ atMs: this.#clock.now(), text, type: typeOf(text) });
    if (this.#received.length > keptMessages) this.#received.shift();
  }

  #write(data: string | Uint8Array, bytes: number): void {
    if (!this.isOpen) return;
    this.sentBytes += bytes;
    // A failed send is followed by the socket's close event.
    this.#socket.send(data, () => this.#wake());
  }

  #strike(fits: (fault: SpeechFault) => boolean): void {
    for (const armed of this.#faults) {
      if (armed.spent || !fits(armed.fault)) continue;
      this.#faults = this.#faults.filter((other) => other !== armed);
      armed.strike();
      this.#suffer(armed.fault);
    }
  }

  #suffer(fault: SpeechFault): void {
    switch (fault.fault) {
      case "close":
        this.#outbox.end();
        return this.#socket.close(fault.code ?? 1011, fault.reason);
      case "drop":
        return this.drop();
      case "half-open":
        return this.freeze(fault.ms);
      case "silence":
        this.#outbox.hold();
        return fault.ms === undefined ? this.#outbox.end() : this.#thawIn(fault.ms);
      case "slow":
        this.#slowMs += fault.ms;
        return;
      case "refuse":
      case "delay":
    }
  }

  #thawIn(ms: number): void {
    this.#cancelThaw?.();
    this.#cancelThaw = this.#clock.schedule(() => this.#thaw(), ms);
  }

  #thaw(): void {
    this.#frozen = false;
    const unread = this.#unread;
    this.#unread = [];
    this.#socket.resume();
    this.#outbox.release();
    for (const read of unread) read();
  }

  #ended(code: number, reason: string): void {
    this.closed = { code, reason, atMs: this.#clock.now() };
    this.#cancelThaw?.();
    this.#outbox.end();
    this.#unread = [];
    this.#wake();
  }

  #wake(): void {
    const wakers = this.#wakers;
    this.#wakers = [];
    for (const wake of wakers) wake();
  }
}

function afterAudio({ afterAudioMs = Infinity }: SpeechFault): number {
  return afterAudioMs;
}
