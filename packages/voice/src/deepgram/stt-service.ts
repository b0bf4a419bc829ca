import { checkOptions, type Checks, type Hints, is } from "turnwire/internal";
import { accessChecks, serviceHints } from "../checks.ts";
import { WebsocketSTTService, type WebsocketSTTServiceOptions } from "../stt/index.ts";
import { changedSettings, initialSettings, type WebsocketTarget } from "turnwire/provider";
import { DeepgramEndpoint, type DeepgramAccessOptions } from "./endpoint.ts";
import { readSTTMessage } from "./stt-messages.ts";
import { type DeepgramSTTSettings, sttQuery, sttSettings } from "./stt-settings.ts";

export interface DeepgramSTTServiceOptions
  extends WebsocketSTTServiceOptions, DeepgramAccessOptions, Partial<DeepgramSTTSettings> {}

const checks: Checks<DeepgramSTTServiceOptions> = {
  ...WebsocketSTTService.optionChecks,
  ...accessChecks,
  ...sttSettings.checks,
  sampleRate: is.number({ min: 1000, max: 192_000, integer: true }),
};

const ownOptions = "Deepgram's settings are options of their own, and further ones belong to `extra`";
const hints: Hints = {
  ...serviceHints,
  liveOptions: ownOptions,
  live_options: ownOptions,
  keywords: "it is called `keyterm`; for the keywords of models before nova-3 use `extra`",
};

/**
 * Deepgram's live transcription.
 *
 * ```ts
 * const stt = new DeepgramSTTService({ language: "en-US", endpointing: 300 });
 * const task = new PipelineTask([transport.input(), stt, user, llm, tts, transport.output(), assistant]);
 * ```
 *
 * A pause that Deepgram detects (`endpointing`, `utteranceEndMs`) sets `endOfSpeech` on the transcription. If Deepgram
 * detects it after sending the words, an empty transcription carries it.
 */
export class DeepgramSTTService extends WebsocketSTTService {
  protected override readonly messages = {
    // https://developers.deepgram.com/docs/keep-alive: every 3 to 5 seconds without audio.
    keepAlive: '{"type":"KeepAlive"}',
    // https://developers.deepgram.com/docs/finalize
    finalize: '{"type":"Finalize"}',
    // https://developers.deepgram.com/docs/close-stream: Deepgram sends the last results and Metadata, then closes.
    end: '{"type":"CloseStream"}',
  };
  readonly #endpoint: DeepgramEndpoint;
  #settings: DeepgramSTTSettings;
  #changing: Promise<void> = Promise.resolve();

  /** @throws InvalidArgumentError for an option that is unknown or unusable. */
  constructor(options: DeepgramSTTServiceOptions = {}) {
    super(checkOptions("DeepgramSTTService", options, checks, hints));
    this.#endpoint = new DeepgramEndpoint(options);
    this.#settings = initialSettings(sttSettings, options);
  }

  get settings(): Readonly<DeepgramSTTSettings> {
    return this.#settings;
  }

  /** Changes settings. They are a part of the connection: a new one takes over, and no speech is lost. */
  async updateSettings(changes: Readonly<Record<string, unknown>>): Promise<void> {
    // One after the other, since each change tries its own settings.
    const change = this.#changing.then(() => this.#change(changes));
    this.#changing = change.catch(() => undefined);
    await change;
  }

  protected get model(): string {
    return this.#settings.model;
  }

  protected override websocketTarget(): Promise<WebsocketTarget> {
    return this.#endpoint.target("/v1/listen", sttQuery(this.#settings, this.sampleRate ?? 16_000));
  }

  protected override async readMessage(message: string | Uint8Array): Promise<void> {
    const read = readSTTMessage(typeof message === "string" ? message : new TextDecoder().decode(message));
    if (read.type === "transcript") await this.heard(read.transcript);
    else if (read.type === "speechStarted") this.events.emit("speechStarted");
  }

  async #change(changes: Readonly<Record<string, unknown>>): Promise<void> {
    const before = this.#settings;
    this.#settings = changedSettings(sttSettings, before, changes);
    try {
      await this.reconnect();
    } catch (error) {
      // If Deepgram refuses the settings, the old connection stays in use.
      if (this.isConnected) this.#settings = before;
      throw error;
    }
  }
}
