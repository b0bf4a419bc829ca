import { Alarm, checkOptions, type Checks, type Hints, is } from "turnwire/internal";
import { accessChecks, serviceHints } from "../checks.ts";
import { type SpeechPart, WebsocketTTSService, type WebsocketTTSServiceOptions } from "../tts/index.ts";
import { parseMessage, type SettingsTable, type WebsocketConnection, type WebsocketTarget } from "turnwire/provider";
import { DeepgramEndpoint, type DeepgramAccessOptions } from "./endpoint.ts";
import { readError } from "./messages.ts";

/**
 * Settings of Deepgram's speech. They are a part of the connection, which is replaced for an utterance with other settings.
 * See https://developers.deepgram.com/reference/text-to-speech/speak-streaming
 */
export interface DeepgramTTSSettings {
  /** The voice: https://developers.deepgram.com/docs/tts-models; default `aura-2-thalia-en`. */
  model: string;
  /** How fast it speaks, 0.5 to 2; 1 is the voice's own. */
  speed?: number | undefined;
  /** Whether Deepgram must not use the text to improve its models. */
  mipOptOut?: boolean | undefined;
}

const settingsTable: SettingsTable<DeepgramTTSSettings> = {
  checks: { model: is.text, speed: is.number({ min: 0.5, max: 2 }), mipOptOut: is.flag },
  defaults: { model: "aura-2-thalia-en" },
};

export interface DeepgramTTSServiceOptions
  extends WebsocketTTSServiceOptions, DeepgramAccessOptions, Partial<DeepgramTTSSettings> {}

const checks: Checks<DeepgramTTSServiceOptions> = {
  ...WebsocketTTSService.optionChecks,
  ...accessChecks,
  ...settingsTable.checks,
};

const voice = "Deepgram's voices are models; it is called `model`";
const hints: Hints = { ...serviceHints, voice, voiceId: voice, voice_id: voice };

/** A `Flush` that Deepgram has not answered yet. */
interface Flush {
  part: SpeechPart<DeepgramTTSSettings>;
  /** How far the text goes that it covers, in characters of the utterance. */
  offset: number;
  /** Whether it is the last one of its part. */
  isLast: boolean;
}

/** Deepgram takes 20 flushes in this time (https://developers.deepgram.com/docs/tts-ws-flush). */
const flushWindowMs = 60_000;
/** How many of these may end a sentence within a part; the others are kept for the ends of parts. */
const sentenceFlushes = 10;
/** How long Deepgram may take to confirm a `Clear` before the connection is replaced. */
const clearTimeoutMs = 2000;

/**
 * Deepgram's speech over a WebSocket. Each sentence is sent as `Speak` and `Flush`; when flushes become scarce (Deepgram
 * takes 20 a minute) several sentences share one. An interruption sends `Clear`: everything that arrives before the
 * `Cleared` belongs to the interrupted speech.
 *
 * ```ts
 * const tts = new DeepgramTTSService({ model: "aura-2-thalia-en" });
 * ```
 */
export class DeepgramTTSService extends WebsocketTTSService<DeepgramTTSSettings> {
  readonly #endpoint: DeepgramEndpoint;
  #flushes: Flush[] = [];
  /** When the flushes of the last minute were sent. */
  #flushTimesMs: number[] = [];
  /** The part whose last text has not been flushed. */
  #unflushed: SpeechPart<DeepgramTTSSettings> | undefined;
  /** Clears that Deepgram has not confirmed yet. */
  #clears = 0;
  /** Flushes from before the last clear that Deepgram may answer after it, but not after new audio. */
  #staleFlushes = 0;
  readonly #clearAlarm: Alarm;

  /** @throws InvalidArgumentError for an option that is unknown or unusable. */
  constructor(options: DeepgramTTSServiceOptions = {}) {
    super(checkOptions("DeepgramTTSService", options, checks, hints), settingsTable);
    this.#endpoint = new DeepgramEndpoint(options);
    this.#clearAlarm = new Alarm(this.clock, () => this.replaceConnection());
  }

  protected get model(): string {
    return this.activeSettings.model;
  }

  protected override websocketTarget(settings: DeepgramTTSSettings): Promise<WebsocketTarget> {
    return this.#endpoint.target("/v1/speak", {
      model: settings.model,
      encoding: "linear16",
      sample_rate: this.format.sampleRate,
      speed: settings.speed,
      mip_opt_out: settings.mipOptOut,
    });
  }

  protected override needsNewConnection(from: DeepgramTTSSettings, to: DeepgramTTSSettings): boolean {
    return from.model !== to.model || from.speed !== to.speed || from.mipOptOut !== to.mipOptOut;
  }

  protected override say(text: string, part: SpeechPart<DeepgramTTSSettings>): void {
    this.send({ type: "Speak", text });
    this.#unflushed = part;
    const sinceMs = this.clock.now() - flushWindowMs;
    this.#flushTimesMs = this.#flushTimesMs.filter((timeMs) => timeMs > sinceMs);
    if (this.#flushTimesMs.length < sentenceFlushes) this.#flush(part, false);
  }

  protected override finish(part: SpeechPart<DeepgramTTSSettings>): void {
    const last = this.#flushes.at(-1);
    if (this.#unflushed !== undefined) this.#flush(part, true);
    else if (last === undefined) part.end();
    else last.isLast = true;
  }

  // https://developers.deepgram.com/docs/tts-ws-clear
  protected override drop(): void {
    if (this.#flushes.length === 0 && this.#unflushed === undefined) return;
    if (!this.send({ type: "Clear" })) return;
    this.#clears += 1;
    this.#staleFlushes = this.#flushes.length;
    this.#flushes = [];
    this.#unflushed = undefined;
    this.#clearAlarm.set(clearTimeoutMs);
  }

  protected override onConnectionGone(): void {
    this.#flushes = [];
    this.#unflushed = undefined;
    this.#clears = this.#staleFlushes = 0;
    this.#clearAlarm.clear();
  }

  // https://developers.deepgram.com/docs/tts-ws-close: Deepgram closes the connection.
  protected override async beforeClose(connection: WebsocketConnection): Promise<void> {
    connection.send('{"type":"Close"}');
    await connection.closed;
  }

  protected override async receive(message: string | Uint8Array): Promise<void> {
    if (typeof message === "string") {
      this.#receiveText(message);
      return;
    }
    const part = this.#flushes[0]?.part ?? this.#unflushed;
    if (this.#clears > 0 || part === undefined) return;
    this.#staleFlushes = 0;
    await part.addAudio(message);
  }

  #receiveText(text: string): void {
    const message = parseMessage("Deepgram", text);
    // https://developers.deepgram.com/reference/text-to-speech/speak-streaming, "Receive"
    if (message["type"] === "Flushed") this.#flushed();
    else if (message["type"] === "Cleared") this.#cleared();
    else if (message["type"] === "Warning") this.#warned(message);
    else if (message["type"] === "Error") throw readError(message);
  }

  #flush(part: SpeechPart<DeepgramTTSSettings>, isLast: boolean): void {
    if (!this.send({ type: "Flush" })) return;
    this.#flushTimesMs.push(this.clock.now());
    this.#flushes.push({ part, offset: part.saidOffset, isLast });
    this.#unflushed = undefined;
  }

  #flushed(): void {
    if (this.#clears > 0) return;
    if (this.#staleFlushes > 0) {
      this.#staleFlushes -= 1;
      return;
    }
    const flush = this.#flushes.shift();
    if (flush === undefined) return;
    flush.part.markSpoken(flush.offset);
    if (flush.isLast) flush.part.end();
  }

  #cleared(): void {
    this.#clears = Math.max(0, this.#clears - 1);
    if (this.#clears === 0) this.#clearAlarm.clear();
  }

  /** Most warnings refuse a flush as one too many: the next flush covers its text. */
  #warned(message: Readonly<Record<string, unknown>>): void {
    const error = readError(message);
    this.logger.warn(error.message, { code: error.code });
    if (!/flush/i.test(`${error.code} ${error.message}`) || this.#clears > 0) return;
    const refused = this.#flushes.pop();
    if (refused === undefined) return;
    this.#unflushed = refused.part;
    if (refused.isLast) refused.part.fail(error);
  }
}
