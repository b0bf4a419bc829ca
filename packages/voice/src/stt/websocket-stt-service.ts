import { type AudioFormat, bytesForMs, bytesPerFrame, silence } from "turnwire/internal";
import { Deadline } from "turnwire/internal";
import type { TurnwireError } from "turnwire/internal";
import {
  type WebsocketConnection,
  ReconnectingWebsocket,
  type ReconnectingWebsocketOptions,
  type WebsocketTarget,
} from "turnwire/provider";
import { ContinuousConnection } from "turnwire/provider";
import { STTService, type STTServiceOptions, type Transcript } from "./stt-service.ts";
import { UnsettledAudio } from "./unsettled-audio.ts";

export interface WebsocketSTTServiceOptions
  extends STTServiceOptions, Omit<ReconnectingWebsocketOptions, "clock" | "logger"> {
  /** Audio that is kept until a final transcription covers it, in milliseconds: how long an outage may be; default 30 000. */
  maxUnsettledMs?: number;
  /** After how long without audio something is sent to keep the connection, in milliseconds; default 4000. */
  keepAliveIntervalMs?: number;
  /** How long stopping waits for the last results, in milliseconds; default 3000. */
  stopTimeoutMs?: number;
}

/** Found dead within 8 s, well inside of the audio that is kept. */
const defaultHeartbeat = { intervalMs: 5000, timeoutMs: 3000 };
/** Tried for about as long as audio is kept: 16 to 32 s. Nobody else would try again. */
const defaultBackoff = { maxAttempts: 9 };
const idleSilenceMs = 100;

/**
 * The base of STT services that talk over a WebSocket. Continuous: audio goes out and transcripts come in as long as the
 * service runs. A lost connection is replaced by itself; the audio that no final transcript covered is sent again, and
 * the times of what is heard go on. So no word is lost and none comes twice.
 *
 * A subclass says where to connect, reads messages and calls `heard`.
 */
export abstract class WebsocketSTTService extends STTService {
  readonly #connection: ContinuousConnection;
  readonly #maxUnsettledMs: number;
  readonly #stopTimeoutMs: number;
  #running = false;
  #audio: UnsettledAudio | undefined;
  /** Where in the audio the connection's own times begin. */
  #origin = 0;
  /** Where the user's voice ended, when the words until there have not come yet. */
  #voiceEnd: number | undefined;

  constructor(options: WebsocketSTTServiceOptions = {}) {
    super(options);
    this.#maxUnsettledMs = options.maxUnsettledMs ?? 30_000;
    this.#stopTimeoutMs = options.stopTimeoutMs ?? 3000;
    const { clock, logger } = this;
    const websocket = new ReconnectingWebsocket((signal) => this.websocketTarget(signal), {
      ...options,
      heartbeat: options.heartbeat ?? defaultHeartbeat,
      backoff: { ...defaultBackoff, ...options.backoff },
      clock,
      logger,
    });
    this.events.forward(websocket, ["connected", "disconnected", "reconnected"]);
    this.#connection = new ContinuousConnection(
      websocket,
      {
        opened: (connection) => this.#opened(connection),
        message: (message) => this.readMessage(message),
        givenUp: (error) => this.#givenUp(error),
        failed: (error) => void this.pushError(error),
      },
      {
        keepAliveMessage: { intervalMs: options.keepAliveIntervalMs ?? 4000, message: () => this.#keepAliveMessage() },
        stopTimeoutMs: this.#stopTimeoutMs,
        clock,
        logger,
      },
    );
  }

  /** Where to connect, with which headers. Asked at every connect; `sampleRate` is known then. */
  protected abstract websocketTarget(signal: AbortSignal): WebsocketTarget | Promise<WebsocketTarget>;

  /** Reads a message of the provider's. What it throws goes upstream as an ErrorFrame. */
  protected abstract readMessage(message: string | Uint8Array): void | Promise<void>;

  /** What is sent first on every connection. */
  protected greetings(): ReadonlyArray<string | Uint8Array> {
    return [];
  }

  /** Audio as the provider takes it. */
  protected encodeAudio(audio: Uint8Array): string | Uint8Array {
    return audio;
  }

  /** What keeps an idle connection; undefined: silence. */
  protected get keepAliveMessage(): string | undefined {
    return undefined;
  }

  /** What asks for the words of all audio before it. */
  protected get finalizeMessage(): string | undefined {
    return undefined;
  }

  /** What says that no more audio comes; the provider then closes the connection, behind its last results. */
  protected get endMessage(): string | undefined {
    return undefined;
  }

  get isConnected(): boolean {
    return this.#connection.isConnected;
  }

  /** Makes the connection, in a pipeline without holding up the StartFrame; or with the first audio, if its sample rate is asked for. */
  override start(): void {
    this.#begin();
    // What goes wrong is told by #givenUp.
    if (this.sampleRate !== undefined) void this.#connection.start().catch(() => undefined);
  }

  /**
   * Makes the connection, also again after it was given up. With no sample rate yet it is made with the first audio.
   * @throws Why it could not be made.
   */
  async connect(): Promise<void> {
    this.#begin();
    if (this.sampleRate !== undefined) await this.#connection.start();
  }

  /** Waits, for a limited time, for what was said last; then closes the connection. */
  override async stop(): Promise<void> {
    if (this.#running && !this.isConnected && (this.#audio?.pieces().length ?? 0) > 0) await this.#reconnected();
    this.#running = false;
    const { endMessage } = this;
    await this.#connection.stop(async (connection) => {
      if (endMessage === undefined) return;
      connection.send(endMessage);
      await connection.closed;
    });
  }

  override async cancel(): Promise<void> {
    this.#running = false;
    await this.#connection.stop();
  }

  protected override async runSTT(bytes: Uint8Array): Promise<void> {
    if (!this.#running) return;
    const first = this.#audio === undefined;
    this.#kept.push(bytes);
    this.#connection.trySend(this.encodeAudio(bytes));
    if (first) void this.#connection.start().catch(() => undefined);
  }

  protected override finalize(): void {
    const { finalizeMessage } = this;
    if (finalizeMessage === undefined || this.#audio === undefined) return;
    this.#voiceEnd = this.#audio.end;
    this.#connection.trySend(finalizeMessage);
  }

  protected override voiceStarted(): void {
    this.#voiceEnd = undefined;
  }

  /** Takes a new connection into use: for settings that are a part of it. No speech is lost. */
  protected async reconnect(): Promise<void> {
    await this.#connection.restart();
  }

  /**
   * To be called with what the provider has heard; its times are those of the connection. A final one settles the
   * audio until its end; without times nothing is settled, and `settle` is for the provider to call.
   */
  protected async heard(transcript: Transcript): Promise<void> {
    const { startMs, endMs, final } = transcript;
    let { text } = transcript;
    if (final && startMs !== undefined && endMs !== undefined) {
      // Words of audio that is settled have come already.
      if (this.#position((startMs + endMs) / 2) < this.#kept.settled) text = "";
      this.settle(endMs);
    }
    if (text !== "") this.#connection.markHealthy();
    const shift = this.#msOf(this.#origin);
    await this.transcribed({
      ...transcript,
      text,
      startMs: startMs === undefined ? undefined : startMs + shift,
      endMs: endMs === undefined ? undefined : endMs + shift,
      words: transcript.words?.map((word) => ({ ...word, startMs: word.startMs + shift, endMs: word.endMs + shift })),
    });
  }

  /** The words of the connection's audio until then have come: it need not be sent again. */
  protected settle(untilMs: number): void {
    const position = this.#position(untilMs);
    this.#kept.settle(position);
    if (this.#voiceEnd !== undefined && position >= this.#voiceEnd) this.#voiceEnd = undefined;
  }

  get #format(): AudioFormat {
    return { sampleRate: this.sampleRate ?? 16_000, channels: 1 };
  }

  get #kept(): UnsettledAudio {
    this.#audio ??= new UnsettledAudio(bytesForMs(this.#maxUnsettledMs, this.#format));
    return this.#audio;
  }

  #position(ms: number): number {
    return this.#origin + bytesForMs(ms, this.#format);
  }

  #msOf(bytes: number): number {
    return ((bytes / bytesPerFrame(this.#format)) * 1000) / this.#format.sampleRate;
  }

  #begin(): void {
    if (this.#running) return;
    this.#running = true;
    this.#audio = undefined;
    this.#voiceEnd = undefined;
  }

  #opened(connection: WebsocketConnection): void {
    const audio = this.#kept;
    const lostMs = this.#msOf(audio.takeLost());
    if (lostMs > 0) {
      this.logger.warn(`${this.name} was without a connection for too long: audio is lost`, { lostMs });
      this.events.emit("audioLost", lostMs);
    }
    this.#origin = audio.start;
    for (const message of this.greetings()) connection.send(message);
    for (const { at, bytes } of audio.pieces()) {
      connection.send(this.encodeAudio(bytes));
      if (at + bytes.length === this.#voiceEnd) this.#finalizeOn(connection);
    }
  }

  #finalizeOn(connection: WebsocketConnection): void {
    if (this.finalizeMessage !== undefined) connection.send(this.finalizeMessage);
  }

  #keepAliveMessage(): string | Uint8Array {
    if (this.keepAliveMessage !== undefined) return this.keepAliveMessage;
    // Counts as audio: the provider's times go on with it.
    const { audio } = silence(idleSilenceMs, this.#format);
    this.#kept.push(audio);
    return this.encodeAudio(audio);
  }

  async #reconnected(): Promise<void> {
    using limit = new Deadline("connection", this.#stopTimeoutMs, { clock: this.clock });
    await this.#connection.ready(limit.signal).catch(() => undefined);
  }

  #givenUp(error: TurnwireError): void {
    this.#running = false;
    this.events.emit("connectionError", error);
    void this.pushError(error);
  }
}
