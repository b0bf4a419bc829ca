import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";
import { DeepgramSTTService, type DeepgramSTTServiceOptions } from "../../src/deepgram/index.ts";
import { type TurnwireError, type PcmAudio, InputAudioRawFrame } from "turnwire/internal";
import { EndFrame, ErrorFrame, type Frame, StartFrame, TranscriptionFrame } from "turnwire";
import { RecordingLogger, Scripted, VirtualClock } from "@turnwire/test-kit";

/** Things that come, each of which is waited for and taken once, in order. */
export class Inbox<T> {
  readonly all: T[] = [];
  #taken = 0;
  #arrived = Promise.withResolvers<void>();

  push(value: T): void {
    this.all.push(value);
    this.#arrived.resolve();
    this.#arrived = Promise.withResolvers();
  }

  /** The next one that has not been taken or passed over, of those that fit. */
  async next<S extends T>(fits: (value: T) => value is S): Promise<S>;
  async next(fits?: (value: T) => boolean): Promise<T>;
  async next(fits: (value: T) => boolean = () => true): Promise<T> {
    for (;;) {
      while (this.#taken >= this.all.length) await this.#arrived.promise;
      const value = this.all[this.#taken++] as T;
      if (fits(value)) return value;
    }
  }
}

/** The server's end of a connection: text messages and audio, apart. */
export class ListenPeer {
  readonly request: IncomingMessage;
  readonly socket: WebSocket;
  readonly messages = new Inbox<string>();
  audio = Buffer.alloc(0);
  /** Everything in order: the texts, and the bytes of audio between them. */
  readonly log: Array<string | number> = [];
  #grown = Promise.withResolvers<void>();

  constructor(request: IncomingMessage, socket: WebSocket) {
    this.request = request;
    this.socket = socket;
    socket.on("error", () => undefined);
    socket.on("message", (data: Buffer, isBinary) => {
      if (isBinary) this.#hear(data);
      else {
        this.log.push(data.toString());
        this.messages.push(data.toString());
      }
    });
  }

  get query(): Record<string, string> {
    return Object.fromEntries(new URL(this.request.url ?? "", "ws://host").searchParams);
  }

  /** Waits until so many bytes of audio have come in all. */
  async heard(bytes: number): Promise<void> {
    while (this.audio.length < bytes) await this.#grown.promise;
  }

  /** Sends a message word for word. */
  send(literal: string): void {
    this.socket.send(literal);
  }

  #hear(data: Buffer): void {
    this.audio = Buffer.concat([this.audio, data]);
    const last = this.log.at(-1);
    if (typeof last === "number") this.log[this.log.length - 1] = last + data.length;
    else this.log.push(data.length);
    this.#grown.resolve();
    this.#grown = Promise.withResolvers();
  }
}

/** Decides about an upgrade: undefined accepts it; a status and a body refuse it. */
type Admission = (index: number) => { status: string; body: string } | undefined;

/** A real WebSocket server; what it says is written in the test. */
export class ListenServer implements AsyncDisposable {
  readonly peers = new Inbox<ListenPeer>();
  readonly #http: Server = createServer();
  readonly #websockets: WebSocketServer;
  readonly #sockets = new Set<Socket>();
  #requests = 0;

  private constructor(admit: Admission, autoPong: boolean) {
    this.#websockets = new WebSocketServer({ noServer: true, autoPong });
    this.#http.on("connection", (socket) => {
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
    });
    this.#http.on("upgrade", (request: IncomingMessage, socket: Socket, head: Buffer) => {
      const refusal = admit(this.#requests++);
      if (refusal === undefined) {
        this.#websockets.handleUpgrade(request, socket, head, (peer) => this.peers.push(new ListenPeer(request, peer)));
        return;
      }
      const { status, body } = refusal;
      socket.end(`HTTP/1.1 ${status}\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`);
    });
  }

  static async start(options: { admit?: Admission; autoPong?: boolean } = {}): Promise<ListenServer> {
    const server = new ListenServer(options.admit ?? (() => undefined), options.autoPong ?? true);
    server.#http.listen(0, "127.0.0.1");
    await once(server.#http, "listening");
    return server;
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.#http.address() as AddressInfo).port}`;
  }

  /** How many upgrades were asked for. */
  get requests(): number {
    return this.#requests;
  }

  /** How many sockets are open. */
  get openCount(): number {
    return this.#sockets.size;
  }

  /** Resolves when no socket is open any more. */
  async quiet(): Promise<void> {
    for (const socket of this.#sockets) if (!socket.closed) await once(socket, "close");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#http.close(resolve));
  }
}

/** A service between two recorders, as in a pipeline; its time is held by the test. */
export class Rig implements AsyncDisposable {
  readonly stt: DeepgramSTTService;
  readonly clock = new VirtualClock();
  readonly logger = new RecordingLogger();
  /** The frames that came out downstream. */
  readonly out = new Inbox<Frame>();
  readonly errors = new Inbox<TurnwireError>();
  /** Holds up frames downstream, data and control frames only. */
  gate: Promise<void> | undefined;

  constructor(server: ListenServer, options: DeepgramSTTServiceOptions = {}) {
    const { clock, logger } = this;
    this.stt = new DeepgramSTTService({
      apiKey: "secret-key",
      baseURL: server.url,
      backoff: { initialDelayMs: 1, maxDelayMs: 1 },
      environment: { clock },
      logger,
      ...options,
    });
    const above = new Scripted((frame, direction) => {
      if (direction === "upstream" && frame instanceof ErrorFrame) this.errors.push(frame.error);
    });
    const below = new Scripted(
      async (frame) => {
        if (!(frame instanceof InputAudioRawFrame)) await this.gate;
        this.out.push(frame);
      },
      { capacity: 4 },
    );
    above.link(this.stt);
    this.stt.link(below);
  }

  static async start(server: ListenServer, options: DeepgramSTTServiceOptions = {}): Promise<Rig> {
    const rig = new Rig(server, options);
    await rig.give(new StartFrame());
    await rig.out.next((frame) => frame instanceof StartFrame);
    return rig;
  }

  give(frame: Frame): Promise<void> {
    return this.stt.queueFrame(frame);
  }

  /** Audio of so many milliseconds; the samples count on from call to call. */
  async speak(ms: number, format: Omit<PcmAudio, "audio"> = { sampleRate: 16_000, channels: 1 }): Promise<void> {
    const samples = new Int16Array(((ms * format.sampleRate) / 1000) * format.channels);
    for (let index = 0; index < samples.length; index += 1) samples[index] = this.#samples++ % 30_000;
    await this.give(new InputAudioRawFrame({ ...format, audio: new Uint8Array(samples.buffer) }));
  }
  #samples = 0;

  /** The next final transcription. */
  transcription(): Promise<TranscriptionFrame> {
    return this.out.next((frame) => frame instanceof TranscriptionFrame);
  }

  /** Ends the pipeline in order. */
  async end(): Promise<void> {
    await this.give(new EndFrame());
    await this.out.next((frame) => frame instanceof EndFrame);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stt.cancel();
  }
}

/**
 * A Results message as in https://developers.deepgram.com/docs/interim-results: seconds since the connection's first
 * audio.
 */
export function results(
  start: number,
  duration: number,
  transcript: string,
  flags: { interim?: boolean; speechFinal?: boolean } = {},
): string {
  return `{"type":"Results","channel_index":[0,1],"duration":${duration},"start":${start},"is_final":${!flags.interim},"speech_final":${flags.speechFinal ?? false},"channel":{"alternatives":[{"transcript":"${transcript}","confidence":0.98,"words":[]}]},"metadata":{"request_id":"a6ed1d6d-7d4e-4c4a-ae0a-1f35c1e8d3c1","model_info":{"name":"general-nova-3","version":"2025-04-17.21547","arch":"nova-3"},"model_uuid":"40bd3654-e622-47c4-a111-63a61b23bfe8"},"from_finalize":false}`;
}
