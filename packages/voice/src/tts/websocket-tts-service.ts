import { checkFields, type Checks, is, toTurnwireError, type TurnwireError } from "turnwire/internal";
import {
  connectionChecks,
  connectionTimeoutChecks,
  type ConnectionTimeouts,
  ContinuousConnection,
  type ContinuousConnectionOptions,
  type SettingsTable,
  type WebsocketConnection,
  ReconnectingWebsocket,
  type ReconnectingWebsocketOptions,
  type WebsocketTarget,
} from "turnwire/provider";
import { ttsChecks, TTSService, type TTSServiceOptions, ttsTimeoutChecks, type TTSTimeouts } from "./tts-service.ts";

/** Time limits of a TTS service with a connection, in milliseconds. */
export interface WebsocketTTSTimeouts extends TTSTimeouts, ConnectionTimeouts {}

export interface WebsocketTTSServiceOptions
  extends Omit<TTSServiceOptions, "timeouts">, Omit<ReconnectingWebsocketOptions, "timeouts" | "logger"> {
  timeouts?: WebsocketTTSTimeouts;
}

/** Audio arrives faster than it is played. What a slow consumer has not taken should wait at the provider. */
const queueCapacity = 32;

/**
 * The base of TTS services that use a WebSocket. It connects when it starts and stays connected. It replaces a lost
 * connection by itself; the text that has not been heard is then said again. Text waits for the connection.
 *
 * If it gives up connecting, one `ErrorFrame` reports it and the utterance fails; the next utterance connects again.
 *
 * A subclass returns the target of a connection, sends with `send`, and reads messages in `receive`.
 */
export abstract class WebsocketTTSService<Settings extends object> extends TTSService<Settings> {
  /** Checks the options, as a part of a subclass's table. @internal */
  static readonly optionChecks: Checks<WebsocketTTSServiceOptions> = {
    ...ttsChecks,
    ...connectionChecks,
    timeouts: is.group<WebsocketTTSTimeouts>({ ...ttsTimeoutChecks, ...connectionTimeoutChecks }),
  };

  readonly #connection: ContinuousConnection;
  #state: "stopped" | "running" | "replacing" = "stopped";
  /** The connection that `#onOpen` configures. */
  #opening: WebsocketConnection | undefined;
  /** The settings of the newest connection attempt, of the connection in use, and of the last that could not be made. */
  #attempted: Settings | undefined;
  #connected: Settings | undefined;
  #refused: Settings | undefined;

  /** @throws InvalidArgumentError for an unusable option. */
  constructor(
    options: WebsocketTTSServiceOptions & Partial<Settings>,
    table: SettingsTable<Settings>,
    keepAliveMessage?: ContinuousConnectionOptions["keepAliveMessage"],
  ) {
    checkFields(options, WebsocketTTSService.optionChecks);
    super(options, table);
    const { clock, logger } = this;
    const target = (signal: AbortSignal): WebsocketTarget | Promise<WebsocketTarget> => {
      this.#attempted = this.activeSettings;
      return this.websocketTarget(this.#attempted, signal);
    };
    const websocket = new ReconnectingWebsocket(target, { queueCapacity, ...options, logger });
    this.events.forward(websocket, ["connected", "disconnected", "reconnected", "connectionError"]);
    const handlers = {
      onOpen: (connection: WebsocketConnection) => this.#onOpen(connection),
      onMessage: (message: string | Uint8Array) => this.receive(message),
      onLost: () => this.speech.lost(),
      onFailed: (error: TurnwireError) => this.#onFailed(error),
      onError: (error: TurnwireError) => void this.pushError(error),
    };
    this.#connection = new ContinuousConnection(websocket, handlers, { keepAliveMessage, clock, logger });
  }

  /** Returns where to connect, and with which headers. Called at every connect, since tokens expire. */
  protected abstract websocketTarget(
    settings: Settings,
    signal: AbortSignal,
  ): WebsocketTarget | Promise<WebsocketTarget>;

  /** Reads a message. Awaited before the next one. */
  protected abstract receive(message: string | Uint8Array): void | Promise<void>;

  /** Called when everything under way on the connection is lost: it is replaced or closed. */
  protected onConnectionGone(): void {}

  /** Whether a change of settings needs a new connection. */
  protected needsNewConnection(_from: Settings, _to: Settings): boolean {
    return false;
  }

  /** Says goodbye to the provider before the connection is closed. */
  protected beforeClose(_connection: WebsocketConnection): void | Promise<void> {}

  /** Whether a connection is open. */
  get isConnected(): boolean {
    return this.#connection.isConnected;
  }

  /** Starts to connect. In a pipeline the StartFrame does not wait for the connection. */
  override start(): void {
    if (this.#state === "stopped") this.#state = "running";
    // A failure is reported by `#onFailed`.
    void this.#connection.start().catch(() => undefined);
  }

  /** Drops what is being said, says goodbye to the provider and closes the connection. */
  override async stop(): Promise<void> {
    await this.#end();
    await this.#connection.stop((connection) => this.beforeClose(connection));
  }

  /** Drops what is being said and closes the connection at once. */
  override async cancel(): Promise<void> {
    await this.#end();
    await this.#connection.stop();
  }

  /** Sends a message as JSON. Returns whether there is a connection to send it on. */
  protected send(message: object): boolean {
    const text = JSON.stringify(message);
    if (this.#opening === undefined) return this.#connection.trySend(text);
    if (this.#opening.isOpen) this.#opening.send(text);
    return this.#opening.isOpen;
  }

  protected override onAudio(): void {
    this.#connection.markHealthy();
  }

  protected override canSay(settings: Settings): boolean {
    if (this.#state === "stopped") {
      this.start();
      return false;
    }
    if (this.#opening === undefined && !this.isConnected) return false;
    if (this.#connected === undefined || !this.needsNewConnection(this.#connected, settings)) {
      return this.#state === "running";
    }
    this.replaceConnection();
    return false;
  }

  /** Replaces the connection now, so that the next utterance does not have to wait for it. */
  protected override onSettingsIdle(settings: Settings): void {
    if (this.#state !== "stopped" && settings !== this.#refused) this.canSay(settings);
  }

  protected override onSilent(): void {
    this.replaceConnection();
  }

  /** Switches to a new connection: for other settings, or because the provider does not answer on this one. */
  protected replaceConnection(): void {
    if (this.#state !== "running" || !this.isConnected) return;
    this.#state = "replacing";
    this.#connection.restart().then(
      () => this.#onReplaced(),
      (error: unknown) => this.#onReplaceFailed(error),
    );
  }

  #onReplaced(): void {
    if (this.#state === "replacing") this.#state = "running";
    if (this.#state === "running") this.speech.resume();
  }

  #onReplaceFailed(error: unknown): void {
    this.#refused = this.#attempted;
    if (this.#state !== "replacing") return;
    this.#state = "running";
    // The waiting text needs the new connection.
    this.speech.fail(toTurnwireError(error, "connection_failed", `${this.name} cannot connect`));
  }

  #onOpen(connection: WebsocketConnection): void {
    this.#opening = connection;
    this.#connected = this.#attempted;
    if (this.#state === "replacing") this.#state = "running";
    try {
      this.speech.lost();
      this.onConnectionGone();
      this.speech.resume();
    } finally {
      this.#opening = undefined;
    }
  }

  #onFailed(error: TurnwireError): void {
    this.#state = "stopped";
    this.onConnectionGone();
    void this.pushError(error);
    this.speech.fail();
  }

  async #end(): Promise<void> {
    this.#state = "stopped";
    await super.stop();
    this.onConnectionGone();
  }
}
