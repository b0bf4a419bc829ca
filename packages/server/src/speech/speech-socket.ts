import type { Duplex } from "node:stream";
import type { WebSocket } from "ws";
import type { Clock } from "turnwire/internal";
import { type PendingFault, ServerSocket } from "../kit/index.ts";
import type { ReceivedMessage, SpeechConnection } from "./speech-connection.ts";
import type { SpeechFault } from "./speech-fault.ts";
import { typeOf } from "./dispatch.ts";
import { Outbox } from "./outbox.ts";

const keptMessages = 1_000;

export interface SpeechSocketInit extends Pick<SpeechConnection, "path" | "connection" | "requestId" | "query"> {
  readonly clock: Clock;
  readonly faults: ReadonlyArray<PendingFault<SpeechFault>>;
}

/** A socket as a session sees it: sends in order and in time, injects faults, and counts what passes. */
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
  readonly #socket: ServerSocket;
  readonly #clock: Clock;
  readonly #outbox: Outbox;
  readonly #received: ReceivedMessage[] = [];
  #faults: ReadonlyArray<PendingFault<SpeechFault>>;
  #handler: ((data: Buffer, isBinary: boolean) => void) | undefined;
  #slowMs = 0;
  #isDropped = false;
  #cancelThaw: (() => void) | undefined;

  /** @param stream The connection under the socket. */
  constructor(webSocket: WebSocket, stream: Duplex, init: SpeechSocketInit) {
    this.path = init.path;
    this.connection = init.connection;
    this.requestId = init.requestId;
    this.query = init.query;
    this.openedAtMs = init.clock.now();
    this.#clock = init.clock;
    this.#outbox = new Outbox(init.clock);
    this.#socket = new ServerSocket(webSocket, stream, () => this.#outbox.bytes);
    this.#faults = init.faults;
    this.#socket.onMessage((data, isBinary) => this.#receive(data, isBinary));
    this.#socket.onClose((code, reason) => this.#end(code, reason));
  }

  get received(): readonly ReceivedMessage[] {
    return this.#received;
  }

  get isOpen(): boolean {
    return !this.#isDropped && this.#socket.isOpen;
  }

  /** Starts to hand over messages. `onEnd` is called when the connection has ended. */
  serve(handler: (data: Buffer, isBinary: boolean) => void, onEnd: () => void): void {
    this.#handler = handler;
    this.#socket.onClose(onEnd);
    this.#inject(({ afterAudioMs, afterSentBytes }) => afterAudioMs === undefined && afterSentBytes === undefined);
  }

  /** Sends an object as JSON, a text or bytes as they are: after what was sent before, and `delayMs` from now or later. */
  send(message: object | string | Uint8Array, delayMs = 0): void {
    const raw = typeof message === "string" || message instanceof Uint8Array;
    const data = raw ? message : JSON.stringify(message);
    const bytes = Buffer.byteLength(data);
    if (!this.#socket.checkReader()) return;
    const before = (): void => this.#inject(({ afterSentBytes = Infinity }) => this.sentBytes + bytes > afterSentBytes);
    this.#outbox.put({ send: () => this.#write(data, bytes), bytes, before }, delayMs + this.#slowMs);
  }

  /** Closes the connection after what was sent before, and `delayMs` from now or later. */
  close(code = 1000, reason = "", delayMs = 0): void {
    this.#outbox.put({ send: () => this.#socket.close(code, reason), bytes: 0 }, delayMs + this.#slowMs);
  }

  drop(): void {
    this.#isDropped = true;
    this.#outbox.end();
    this.#socket.drop();
  }

  freeze(ms?: number): void {
    this.#socket.freeze();
    this.#outbox.hold();
    if (ms !== undefined) this.#thawIn(ms);
  }

  /** Resolves when the reader has caught up enough to be sent more, or is gone; rejects with the signal's reason. */
  drained(signal?: AbortSignal): Promise<void> {
    return this.#socket.drained(signal);
  }

  /** The end of the audio that may be sent before a fault is injected, at most `toMs`. */
  audioUntil(toMs: number): number {
    const at = this.#faults.map(({ isSpent, fault }) => (isSpent ? Infinity : afterAudio(fault)));
    return Math.min(toMs, ...at.filter((atMs) => atMs > this.audioMs));
  }

  /** Notes that there was audio up to `atMs`, and injects the faults that waited for it. */
  audioReached(atMs: number): void {
    this.audioMs = atMs;
    this.#inject((fault) => afterAudio(fault) <= atMs);
  }

  #receive(data: Buffer, isBinary: boolean): void {
    // Messages that come after the close frame was sent are ignored.
    if (!this.isOpen) return;
    this.receivedBytes += data.length;
    if (!isBinary) this.#record(data.toString());
    this.#handler?.(data, isBinary);
  }

  #record(text: string): void {
    this.#received.push({ atMs: this.#clock.now(), text, type: typeOf(text) });
    if (this.#received.length > keptMessages) this.#received.shift();
  }

  #write(data: string | Uint8Array, bytes: number): void {
    if (!this.isOpen) return;
    this.sentBytes += bytes;
    this.#socket.send(data);
  }

  #inject(fits: (fault: SpeechFault) => boolean): void {
    for (const pending of this.#faults) {
      if (pending.isSpent || !fits(pending.fault)) continue;
      this.#faults = this.#faults.filter((other) => other !== pending);
      this.#apply(pending.inject());
    }
  }

  #apply(fault: SpeechFault): void {
    switch (fault.fault) {
      case "close":
        this.#outbox.end();
        return this.#socket.close(fault.code ?? 1011, fault.reason ?? "");
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
    this.#socket.thaw();
    this.#outbox.release();
  }

  #end(code: number, reason: string): void {
    this.closed = { code, reason, atMs: this.#clock.now() };
    this.#cancelThaw?.();
    this.#outbox.end();
  }
}

function afterAudio({ afterAudioMs = Infinity }: SpeechFault): number {
  return afterAudioMs;
}
