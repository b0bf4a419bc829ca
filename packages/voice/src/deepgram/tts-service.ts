import { type SpeechPart, WebsocketTTSService, type WebsocketTTSServiceOptions } from "../tts/index.ts";
import type { WebsocketConnection, WebsocketTarget } from "turnwire/provider";
import { DeepgramAccess, type DeepgramAccessOptions } from "./access.ts";
import { FlushLog } from "./flush-log.ts";
import { parse, readError } from "./messages.ts";
import { type DeepgramTTSSettings, ttsSettings } from "./tts-settings.ts";

export interface DeepgramTTSServiceOptions
  extends WebsocketTTSServiceOptions<DeepgramTTSSettings>, DeepgramAccessOptions {}

/** A `Flush` that has not been answered. */
interface Flush {
  partId: string;
  /** How far the text goes that it covers. */
  offset: number;
  /** Whether the part ends with it. */
  last: boolean;
}

/** How many flushes a minute are spent on sentences within a part; the others are for the ends of parts. */
const sentenceFlushes = 10;
/** How long Deepgram may take to confirm a `Clear` before the connection is replaced. */
const clearTimeoutMs = 2000;

/**
 * Deepgram's speech over a WebSocket. Each sentence is sent as `Speak` and `Flush`; when flushes become scarce (20
 * a minute are taken) several sentences share one. An interruption sends `Clear`: what comes before its `Cleared` is
 * of the speech before.
 *
 * ```ts
 * const tts = new DeepgramTTSService({ settings: { model: "aura-2-thalia-en" } });
 * ```
 */
export class DeepgramTTSService extends WebsocketTTSService<DeepgramTTSSettings> {
  readonly #access: DeepgramAccess;
  readonly #flushLog: FlushLog;
  #flushes: Flush[] = [];
  /** The part whose last text waits for its flush. */
  #unflushed: string | undefined;
  /** Clears that have not been confirmed. */
  #clears = 0;
  /** Flushes from before the last clear that may be answered behind it; none is any more once audio has come. */
  #staleFlushes = 0;
  #cancelTimer: () => void = () => undefined;

  /** @throws InvalidArgumentError naming the option that cannot be used. */
  constructor(options: DeepgramTTSServiceOptions = {}) {
    super(options, ttsSettings);
    this.#access = new DeepgramAccess(options);
    this.#flushLog = new FlushLog(this.clock);
  }

  protected get model(): string {
    return this.activeSettings.model;
  }

  protected override websocketTarget(settings: DeepgramTTSSettings): Promise<WebsocketTarget> {
    return this.#access.target("/v1/speak", {
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
    this.#unflushed = part.id;
    if (this.#flushLog.inLastMinute < sentenceFlushes) this.#flush(part.id, false);
  }

  protected override finish(part: SpeechPart<DeepgramTTSSettings>): void {
    const last = this.#flushes.at(-1);
    if (this.#unflushed !== undefined) this.#flush(part.id, true);
    else if (last === undefined) this.partEnded(part.id);
    else last.last = true;
  }

  // https://developers.deepgram.com/docs/tts-ws-clear
  protected override drop(): void {
    if (this.#flushes.length === 0 && this.#unflushed === undefined) return;
    if (!this.send({ type: "Clear" })) return;
    this.#clears += 1;
    this.#staleFlushes = this.#flushes.length;
    this.#flushes = [];
    this.#unflushed = undefined;
    this.#cancelTimer();
    this.#cancelTimer = this.clock.schedule(() => this.replaceConnection(), clearTimeoutMs, { keepAlive: false });
  }

  protected override connectionGone(): void {
    this.#flushes = [];
    this.#unflushed = undefined;
    this.#clears = this.#staleFlushes = 0;
    this.#cancelTimer();
  }

  // https://developers.deepgram.com/docs/tts-ws-close: answered with the close.
  protected override async goodbye(connection: WebsocketConnection): Promise<void> {
    connection.send('{"type":"Close"}');
    await connection.closed;
  }

  protected override async receive(message: string | Uint8Array): Promise<void> {
    if (typeof message === "string") {
      this.#receiveText(message);
      return;
    }
    const partId = this.#flushes[0]?.partId ?? this.#unflushed;
    if (this.#clears > 0 || partId === undefined) return;
    this.#staleFlushes = 0;
    await this.audioCame(partId, message);
  }

  #receiveText(text: string): void {
    const message = parse(text);
    // https://developers.deepgram.com/reference/text-to-speech/speak-streaming, "Receive"
    if (message["type"] === "Flushed") this.#flushed();
    else if (message["type"] === "Cleared") this.#cleared();
    else if (message["type"] === "Warning") this.#warned(message);
    else if (message["type"] === "Error") throw readError(message);
  }

  #flush(partId: string, last: boolean): void {
    if (!this.send({ type: "Flush" })) return;
    this.#flushLog.add();
    this.#flushes.push({ partId, offset: this.saidOffset, last });
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
    this.spokenTo(flush.partId, flush.offset);
    if (flush.last) this.partEnded(flush.partId);
  }

  #cleared(): void {
    this.#clears = Math.max(0, this.#clears - 1);
    if (this.#clears === 0) this.#cancelTimer();
  }

  /** Mostly of a flush that is one too many: the next one covers its text. */
  #warned(message: Readonly<Record<string, unknown>>): void {
    const error = readError(message);
    this.logger.warn(error.message, { code: error.code });
    if (!/flush/i.test(`${error.code} ${error.message}`) || this.#clears > 0) return;
    const refused = this.#flushes.pop();
    if (refused === undefined) return;
    this.#unflushed = refused.partId;
    if (refused.last) this.partFailed(refused.partId, error);
  }
}
