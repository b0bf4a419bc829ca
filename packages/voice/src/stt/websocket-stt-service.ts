import {
  type AudioFormat,
  bytesForMs,
  checkFields,
  type Checks,
  Deadline,
  is,
  msForBytes,
  silence,
  type TurnwireError,
} from "turnwire/internal";
import {
  connectionChecks,
  connectionTimeoutChecks,
  type ConnectionTimeouts,
  ContinuousConnection,
  type WebsocketConnection,
  ReconnectingWebsocket,
  type ReconnectingWebsocketOptions,
  type WebsocketTarget,
} from "turnwire/provider";
import { ReplayBuffer } from "./replay-buffer.ts";
import { sttChecks, STTService, type STTServiceOptions, type Transcript } from "./stt-service.ts";

/** Time limits of an STT service with a connection, in milliseconds. */
export interface WebsocketSTTTimeouts extends ConnectionTimeouts {
  /** How long stopping waits for the last results; default 3000. */
  stopMs?: number;
}

export interface WebsocketSTTServiceOptions
  extends STTServiceOptions, Omit<ReconnectingWebsocketOptions, "timeouts" | "logger"> {
  /**
   * How much audio is kept until a final transcription covers it, in milliseconds: the longest outage without a loss.
   * Default 30 000.
   */
  maxReplayMs?: number;
  /** After how many milliseconds without audio a message is sent that keeps the connection open; default 4000. */
  keepAliveIntervalMs?: number;
  timeouts?: WebsocketSTTTimeouts;
}

/** A half-open connection is found within 8 s, well inside of the audio that is kept. */
const defaultHeartbeat = { intervalMs: 5000, timeoutMs: 3000 };
/** Connecting is tried about as long as audio is kept, 16 to 32 s, since no caller would try again. */
const defaultBackoff = { maxAttempts: 9 };
const idleSilenceMs = 100;

/**
 * The base of STT services that use a WebSocket. Audio goes out and transcripts come in as long as the service runs. A lost
 * connection is replaced by itself: the audio that no final transcript covered is sent again, and the times of what is
 * heard continue. No word is lost, and none comes twice.
 *
 * A subclass returns the target of a connection, reads messages and calls `heard`.
 */
export abstract class WebsocketSTTService extends STTService {
  /** Checks the options, as a part of a subclass's table. @internal */
  static readonly optionChecks: Checks<WebsocketSTTServiceOptions> = {
    ...sttChecks,
    ...connectionChecks,
    maxReplayMs: is.duration,
    keepAliveIntervalMs: is.timeLimit,
    timeouts: is.group<WebsocketSTTTimeouts>({ ...connectionTimeoutChecks, stopMs: is.duration }),
  };

  readonly #connection: ContinuousConnection;
  readonly #maxReplayMs: number;
  readonly #stopTimeoutMs: number;
  #isRunning = false;
  /** The audio since the start. Its end is the position of the next audio. */
  #replay = new ReplayBuffer();
  /** The position at which the times of the connection begin. */
  #origin = 0;
  /** The position at which the user's voice ended, until the words before it have come. */
  #voiceEnd: number | undefined;

  /** @throws InvalidArgumentError for an unusable option. */
  constructor(options: WebsocketSTTServiceOptions = {}) {
    checkFields(options, WebsocketSTTService.optionChecks);
    super(options);
    this.#maxReplayMs = options.maxReplayMs ?? 30_000;
    this.#stopTimeoutMs = options.timeouts?.stopMs ?? 3000;
    const { clock, logger } = this;
    const websocket = new ReconnectingWebsocket((signal) => this.websocketTarget(signal), {
      ...options,
      heartbeat: options.heartbeat ?? defaultHeartbeat,
      backoff: { ...defaultBackoff, ...options.backoff },
      logger,
    });
    this.events.forward(websocket, ["connected", "disconnected", "reconnected"]);
    this.#connection = new ContinuousConnection(
      websocket,
      {
        onOpen: (connection) => this.#onOpen(connection),
        onMessage: (message) => this.readMessage(message),
        onFailed: (error) => this.#onFailed(error),
        onError: (error) => void this.pushError(error),
      },
      {
        keepAliveMessage: { intervalMs: options.keepAliveIntervalMs ?? 4000, message: () => this.#keepAliveMessage() },
        stopTimeoutMs: this.#stopTimeoutMs,
        clock,
        logger,
      },
    );
  }

  /** Returns where to connect, and with which headers. Called at every connect; `sampleRate` is known by then. */
  protected abstract websocketTarget(signal: AbortSignal): WebsocketTarget | Promise<WebsocketTarget>;

  /** Reads a message of the provider. An error it throws goes upstream in an ErrorFrame. */
  protected abstract readMessage(message: string | Uint8Array): void | Promise<void>;

  /**
   * The messages that the provider has beside the audio: `keepAlive` keeps an idle connection open (without it silence is
   * sent), `finalize` asks for the words of all audio before it, `end` says that no more audio follows. After `end` the
   * provider sends its last results and closes the connection.
   */
  protected readonly messages: Readonly<{ keepAlive?: string; finalize?: string; end?: string }> = {};

  get isConnected(): boolean {
    return this.#connection.isConnected;
  }

  /**
   * Starts to connect; in a pipeline the StartFrame does not wait for it. Without a known sample rate the first audio
   * connects.
   */
  override start(): void {
    // A failure is reported by `#onFailed`.
    void this.connect().catch(() => undefined);
  }

  /**
   * Connects, also again after it was given up. Without a known sample rate the first audio connects.
   * @throws Why no connection could be made.
   */
  async connect(): Promise<void> {
    if (!this.#isRunning) {
      this.#isRunning = true;
      this.#replay = new ReplayBuffer();
      this.#voiceEnd = undefined;
    }
    if (this.sampleRate !== undefined) await this.#connection.start();
  }

  /** Waits up to `timeouts.stopMs` for the last results, then closes the connection. */
  override async stop(): Promise<void> {
    if (this.#isRunning && !this.isConnected && this.#replay.pieces.length > 0) await this.#waitForConnection();
    this.#isRunning = false;
    const { end } = this.messages;
    await this.#connection.stop(async (connection) => {
      if (end === undefined) return;
      connection.send(end);
      await connection.closed;
    });
  }

  override async cancel(): Promise<void> {
    this.#isRunning = false;
    await this.#connection.stop();
  }

  protected override async runSTT(bytes: Uint8Array): Promise<void> {
    if (!this.#isRunning) return;
    const isFirst = this.#replay.end === 0;
    this.#keep(bytes);
    this.#connection.trySend(bytes);
    if (isFirst) void this.#connection.start().catch(() => undefined);
  }

  protected override finalize(): void {
    const { finalize } = this.messages;
    if (finalize === undefined) return;
    this.#voiceEnd = this.#replay.end;
    this.#connection.trySend(finalize);
  }

  protected override onVoiceStarted(): void {
    this.#voiceEnd = undefined;
  }

  /** Switches to a new connection, for settings that are a part of it. No speech is lost. */
  protected async reconnect(): Promise<void> {
    await this.#connection.restart();
  }

  /**
   * To be called with what the provider has heard, in the connection's own times. A final transcript acknowledges the
   * audio until its end. One without times acknowledges nothing; the provider then calls `acknowledge`.
   */
  protected async heard(transcript: Transcript): Promise<void> {
    const { startMs, endMs, final } = transcript;
    let { text } = transcript;
    if (final && startMs !== undefined && endMs !== undefined) {
      if (this.#replay.isRepeated(this.#position((startMs + endMs) / 2))) text = "";
      this.acknowledge(endMs);
    }
    if (text !== "") this.#connection.markHealthy();
    const shift = msForBytes(this.#origin, this.#format);
    await this.transcribed({
      ...transcript,
      text,
      startMs: startMs === undefined ? undefined : startMs + shift,
      endMs: endMs === undefined ? undefined : endMs + shift,
      words: transcript.words?.map((word) => ({ ...word, startMs: word.startMs + shift, endMs: word.endMs + shift })),
    });
  }

  /** The words of the connection's audio until `untilMs` have come: that audio need not be sent again. */
  protected acknowledge(untilMs: number): void {
    const position = this.#position(untilMs);
    this.#replay.acknowledge(position);
    if (this.#voiceEnd !== undefined && position >= this.#voiceEnd) this.#voiceEnd = undefined;
  }

  get #format(): AudioFormat {
    return { sampleRate: this.sampleRate ?? 16_000, channels: 1 };
  }

  #keep(bytes: Uint8Array): void {
    this.#replay.push(bytes, bytesForMs(this.#maxReplayMs, this.#format));
  }

  #position(ms: number): number {
    return this.#origin + bytesForMs(ms, this.#format);
  }

  #onOpen(connection: WebsocketConnection): void {
    const audio = this.#replay;
    const lostMs = msForBytes(audio.takeLost(), this.#format);
    if (lostMs > 0) {
      this.logger.warn(`${this.name} had no connection for too long; audio was lost`, { lostMs });
      this.events.emit("audioLost", lostMs);
    }
    this.#origin = audio.start;
    for (const { at, bytes } of audio.pieces) {
      connection.send(bytes);
      const endsVoice = at + bytes.length === this.#voiceEnd;
      if (endsVoice && this.messages.finalize !== undefined) connection.send(this.messages.finalize);
    }
  }

  #keepAliveMessage(): string | Uint8Array {
    if (this.messages.keepAlive !== undefined) return this.messages.keepAlive;
    // The silence counts as audio: the provider's times include it.
    const { audio } = silence(idleSilenceMs, this.#format);
    this.#keep(audio);
    return audio;
  }

  async #waitForConnection(): Promise<void> {
    using limit = new Deadline("connection", this.#stopTimeoutMs, { clock: this.clock });
    await this.#connection.ready(limit.signal).catch(() => undefined);
  }

  #onFailed(error: TurnwireError): void {
    this.#isRunning = false;
    this.events.emit("connectionError", error);
    void this.pushError(error);
  }
}
