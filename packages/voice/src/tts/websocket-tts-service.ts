import { toTurnwireError, type TurnwireError } from "turnwire/internal";
import {
  type WebsocketConnection,
  WebsocketService,
  type WebsocketServiceOptions,
  type WebsocketTarget,
} from "turnwire/provider";
import { ContinuousConnection, type ContinuousConnectionOptions } from "turnwire/provider";
import type { SettingsTable } from "turnwire/provider";
import { TTSService, type TTSServiceOptions } from "./tts-service.ts";

export interface WebsocketTTSServiceOptions<Settings extends object = object>
  extends TTSServiceOptions<Settings>, Omit<WebsocketServiceOptions, "clock" | "logger"> {}

/** Audio comes faster than it is played: what a slow consumer has not taken is to wait at the provider. */
const queueCapacity = 32;

/**
 * The base of TTS services that talk over a WebSocket. Continuous: the connection is made at the start, kept, and made
 * again when it is lost; what has not been heard of an utterance is then said again. Text waits for the connection.
 *
 * When connecting is given up, an `ErrorFrame` says so, once, and what was to be said fails; the next utterance tries
 * again.
 *
 * A subclass says where to connect, sends with `send`, and reads messages in `receive`.
 */
export abstract class WebsocketTTSService<Settings extends object> extends TTSService<Settings> {
  readonly #websocket: WebsocketService;
  readonly #connection: ContinuousConnection;
  /** The connection that is being configured. */
  #opening: WebsocketConnection | undefined;
  /** The settings the last connection was asked for with, and the one in use. */
  #asked: Settings | undefined;
  #connected: Settings | undefined;
  /** The settings a connection could not be had for. */
  #refused: Settings | undefined;
  #running = false;
  #restarting = false;

  constructor(
    options: WebsocketTTSServiceOptions<Settings>,
    table: SettingsTable<Settings>,
    keepalive?: ContinuousConnectionOptions["keepalive"],
  ) {
    super(options, table);
    const { clock, logger, events } = this;
    const target = (signal: AbortSignal): WebsocketTarget | Promise<WebsocketTarget> => {
      this.#asked = this.activeSettings;
      return this.websocketTarget(this.#asked, signal);
    };
    this.#websocket = new WebsocketService(target, { queueCapacity, ...options, clock, logger });
    events.forward(this.#websocket, ["connected", "disconnected", "reconnected", "connectionError"]);
    const handlers = {
      opened: (connection: WebsocketConnection) => this.#opened(connection),
      message: (message: string | Uint8Array) => this.receive(message),
      lost: () => this.speechLost(),
      givenUp: (error: TurnwireError) => this.#givenUp(error),
      failed: (error: TurnwireError) => void this.pushError(error),
    };
    this.#connection = new ContinuousConnection(this.#websocket, handlers, { keepalive, clock, logger });
  }

  /** Where to connect, with which headers. Asked at every connect, since tokens expire. */
  protected abstract websocketTarget(
    settings: Settings,
    signal: AbortSignal,
  ): WebsocketTarget | Promise<WebsocketTarget>;

  /** Reads a message. Awaited before the next one. */
  protected abstract receive(message: string | Uint8Array): void | Promise<void>;

  /** What was under way on the connection is gone: there is a new one, or none. */
  protected connectionGone(): void {}

  /** Whether settings that have changed so need a new connection. */
  protected needsNewConnection(_from: Settings, _to: Settings): boolean {
    return false;
  }

  /** Takes leave of the provider before the connection is closed. */
  protected goodbye(_connection: WebsocketConnection): void | Promise<void> {}

  /** Whether a connection is open. */
  get isConnected(): boolean {
    return this.#connection.isConnected;
  }

  /** Makes the connection, in a pipeline without holding up the StartFrame. */
  override start(): void {
    this.#running = true;
    // Who gives up tells `givenUp`.
    void this.#connection.start().catch(() => undefined);
  }

  /** Drops what is being said and closes the connection in order. */
  override async stop(): Promise<void> {
    this.#running = false;
    await super.stop();
    this.connectionGone();
    await this.#connection.stop((connection) => this.goodbye(connection));
  }

  /** Drops what is being said and closes the connection at once. */
  override async cancel(): Promise<void> {
    this.#running = false;
    await super.stop();
    this.connectionGone();
    await this.#connection.stop();
  }

  /** Sends a message, as JSON; answers whether there was a connection for it. */
  protected send(message: object): boolean {
    const text = JSON.stringify(message);
    if (this.#opening === undefined) return this.#connection.trySend(text);
    if (this.#opening.isOpen) this.#opening.send(text);
    return this.#opening.isOpen;
  }

  /** The connection has served: those that died young before it are no reason to give up any more. */
  protected override async audioCame(partId: string, bytes: Uint8Array): Promise<void> {
    this.#connection.sawSuccess();
    await super.audioCame(partId, bytes);
  }

  protected override canSay(settings: Settings): boolean {
    if (!this.#running) {
      this.start();
      return false;
    }
    if (this.#opening === undefined && !this.isConnected) return false;
    if (this.#connected === undefined || !this.needsNewConnection(this.#connected, settings)) return !this.#restarting;
    this.replaceConnection();
    return false;
  }

  /** The next utterance does not have to wait for a new connection. */
  protected override settingsChanged(settings: Settings): void {
    if (this.#running && settings !== this.#refused) this.canSay(settings);
  }

  protected override providerSilent(): void {
    this.replaceConnection();
  }

  /** Goes over to a new connection: for other settings, or because the one in use does not answer. */
  protected replaceConnection(): void {
    if (this.#restarting || !this.isConnected) return;
    this.#restarting = true;
    this.#connection.restart().then(
      () => this.#restarted(),
      (error: unknown) => {
        this.#restarting = false;
        this.#refused = this.#asked;
        // What was to be said needs the other connection.
        if (this.#running) this.failSpeech(toTurnwireError(error, "connection_failed", `${this.name} cannot connect`));
      },
    );
  }

  #restarted(): void {
    this.#restarting = false;
    if (this.#running) this.resumeSpeech();
  }

  #opened(connection: WebsocketConnection): void {
    this.#opening = connection;
    this.#connected = this.#asked;
    this.#restarting = false;
    try {
      this.speechLost();
      this.connectionGone();
      this.resumeSpeech();
    } finally {
      this.#opening = undefined;
    }
  }

  #givenUp(error: TurnwireError): void {
    this.#running = false;
    this.#restarting = false;
    this.connectionGone();
    void this.pushError(error);
    this.failSpeech();
  }
}
