import { randomUUID } from "node:crypto";
import { type ApiKey, ProviderKey, websocketBase, type WebsocketTarget } from "turnwire/provider";
import { checkOptions, type Checks, type Hints, is } from "turnwire/internal";
import { accessChecks, serviceHints } from "../checks.ts";
import { type SpeechPart, WebsocketTTSService, type WebsocketTTSServiceOptions } from "../tts/index.ts";
import { readMessage } from "./messages.ts";
import { type CartesiaTTSSettings, requestFields, ttsSettings } from "./settings.ts";

export interface CartesiaTTSServiceOptions extends WebsocketTTSServiceOptions, Partial<CartesiaTTSSettings> {
  /** The key, or a function that fetches one and is called at every connect; default: CARTESIA_API_KEY of the environment. */
  apiKey?: ApiKey;
  /** Default: CARTESIA_BASE_URL of the environment, or `wss://api.cartesia.ai`. `http` is taken as `ws`. */
  baseURL?: string;
  /** The version of the API; default `2026-03-01`. */
  version?: string;
}

const checks: Checks<CartesiaTTSServiceOptions> = {
  ...WebsocketTTSService.optionChecks,
  ...accessChecks,
  ...ttsSettings.checks,
  version: is.text,
};

const voice = "it is called `voice`";
const hints: Hints = { ...serviceHints, voiceId: voice, voice_id: voice };

/** A context in Cartesia's sense: here, a part of an utterance. */
interface Context {
  id: string;
  part: SpeechPart<CartesiaTTSSettings>;
  /** When Cartesia last sent a message about it; undefined if text has been sent since. */
  heardMs: number | undefined;
}

/**
 * A context expires a second after its last audio was streamed (https://docs.cartesia.ai/use-the-api/tts-websocket/contexts).
 * After this much silence a context is not continued any more.
 */
const contextSilenceMs = 800;

/**
 * Cartesia's speech over a WebSocket, with the time of each word. Each utterance is a context, which its sentences continue.
 *
 * ```ts
 * const tts = new CartesiaTTSService({ voice: "f786b574-daa5-4673-aa0c-cbe3e8534c02" });
 * ```
 */
export class CartesiaTTSService extends WebsocketTTSService<CartesiaTTSSettings> {
  readonly #key: ProviderKey;
  readonly #url: string;
  readonly #version: string;
  #context: Context | undefined;

  /** @throws InvalidArgumentError for an option that is unknown or unusable. */
  constructor(options: CartesiaTTSServiceOptions = {}) {
    super(checkOptions("CartesiaTTSService", options, checks, hints), ttsSettings);
    this.#key = new ProviderKey(options.apiKey, "CARTESIA_API_KEY");
    const base = websocketBase(options.baseURL ?? process.env["CARTESIA_BASE_URL"] ?? "wss://api.cartesia.ai");
    this.#url = `${base.href.replace(/\/$/, "")}/tts/websocket`;
    this.#version = options.version ?? "2026-03-01";
  }

  protected get model(): string {
    return this.activeSettings.model;
  }

  protected override get hasWordTimestamps(): boolean {
    return true;
  }

  protected override async websocketTarget(): Promise<WebsocketTarget> {
    const key = await this.#key.get();
    return { url: this.#url, headers: { "X-API-Key": key, "Cartesia-Version": this.#version } };
  }

  protected override say(text: string, part: SpeechPart<CartesiaTTSSettings>): void {
    const { id } = this.#context?.part === part ? this.#context : { id: randomUUID() };
    this.#context = { id, part, heardMs: undefined };
    this.#request(this.#context, text, true);
  }

  protected override canContinue(part: SpeechPart<CartesiaTTSSettings>): boolean {
    const context = this.#context;
    if (context?.part !== part || context.heardMs === undefined) return true;
    return this.clock.now() - context.heardMs < contextSilenceMs;
  }

  protected override finish(part: SpeechPart<CartesiaTTSSettings>): void {
    if (this.#context?.part === part) this.#request(this.#context, "", false);
  }

  protected override drop(): void {
    const context = this.#context;
    this.#context = undefined;
    if (context !== undefined) this.send({ context_id: context.id, cancel: true });
  }

  protected override onConnectionGone(): void {
    this.#context = undefined;
  }

  protected override async receive(data: string | Uint8Array): Promise<void> {
    const message = readMessage(typeof data === "string" ? data : new TextDecoder().decode(data));
    if (message.contextId === undefined && message.type === "error") throw message.error;
    const context = this.#context;
    // The context was dropped.
    if (context === undefined || message.contextId !== context.id) return;
    context.heardMs = this.clock.now();
    const { part } = context;
    if (message.type === "chunk") await part.addAudio(message.audio);
    else if (message.type === "timestamps") part.addWords(message.words);
    else if (message.type === "done") part.end();
    else if (message.type === "error") part.fail(message.error);
  }

  #request({ id, part }: Context, transcript: string, isContinued: boolean): void {
    const fields = requestFields(part.settings, this.format.sampleRate);
    this.send({ ...fields, context_id: id, transcript, continue: isContinued });
  }
}
