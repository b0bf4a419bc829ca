import {
  AudioConverter,
  type AudioFormat,
  checkAudioFormat,
  durationMs,
  type PcmAudio,
  splitAudio,
} from "turnwire/internal";
import { type Clock, delay, throwIfAborted } from "turnwire/internal";
import { InvalidArgumentError, kindOf } from "turnwire/internal";
import { chunkBytes, numberOption } from "./options.ts";
import { Timeline } from "./timeline.ts";

/** How an output sends audio. Times are in milliseconds. */
export interface PacerOptions {
  /** The sample rate that is sent; other audio is resampled. Default 24000. */
  sampleRate?: number;
  /** The channels that are sent. Default 1. */
  channels?: number;
  /** How much audio is sent at a time. Default 40. */
  chunkMs?: number;
  /** How long before its time audio is sent: what the client holds, and has to clear at an interruption. Default 100. */
  leadMs?: number;
  /** `none` sends at once whatever comes, and takes it as played. Default `realtime`. */
  pace?: "realtime" | "none";
  /** How far what the client reports may be behind the clock before the clock is believed. Default 2000. */
  reportTimeoutMs?: number;
}

/** The options with their defaults. */
export interface PacerSettings {
  format: AudioFormat;
  chunkMs: number;
  leadMs: number;
  realtime: boolean;
  reportTimeoutMs: number;
}

/** @throws InvalidArgumentError for an option that cannot be used. */
export function pacerSettings(options: PacerOptions): PacerSettings {
  const { sampleRate = 24_000, channels = 1, chunkMs = 40, pace = "realtime" } = options;
  const format = { sampleRate, channels };
  checkAudioFormat(format);
  chunkBytes(chunkMs, format);
  if (pace !== "realtime" && pace !== "none") {
    throw new InvalidArgumentError("pace", `must be "realtime" or "none", not ${kindOf(pace)}`);
  }
  return {
    format,
    chunkMs,
    leadMs: numberOption("leadMs", options.leadMs, { default: 100 }),
    realtime: pace === "realtime",
    reportTimeoutMs: numberOption("reportTimeoutMs", options.reportTimeoutMs, { default: 2000 }),
  };
}

/** A piece of audio that is sent. */
export interface OutputChunk extends AudioFormat {
  audio: Uint8Array;
  /** The utterance of the `TTSAudioRawFrame` it is from. */
  utteranceId: string | undefined;
  /** How much audio lies before it, counted from the start, without what was cleared. */
  positionMs: number;
  /** When it will begin to be played, by the clock. */
  startsAtMs: number;
}

/** Audio came too late: the client had nothing to play although speech was in progress. */
export interface Underrun {
  /** For how long there was nothing to play. */
  lateMs: number;
  /** Who was late: `source`, the audio came late; `client`, it did not take what was sent; `pacing`, this process. */
  cause: "source" | "client" | "pacing";
  utteranceId: string | undefined;
}

/** What an output transport has done so far. Times are in milliseconds. */
export interface OutputTransportStats {
  /** Audio sent. */
  sentMs: number;
  /** Audio played: by the clock, or by what the client reports. */
  playedMs: number;
  /** How often the client ran dry. */
  underruns: number;
  /** How often that was because this process was late. */
  pacingUnderruns: number;
  /** For how long, altogether, the client had nothing to play. */
  lateMs: number;
  /** How often speech was cut off. */
  interruptions: number;
}

/** What the pacer does with chunks. */
export interface PacerHooks {
  /** Waits until the client takes more, if it has to. */
  writable(signal: AbortSignal): void | Promise<void>;
  /** Called before a chunk is written. */
  sending(): void;
  write(chunk: OutputChunk, signal: AbortSignal): void | Promise<void>;
  underrun(what: Underrun): void;
}

/** Sends audio in chunks, each a little before its time, on a schedule that counts samples and so does not drift. */
export class Pacer {
  readonly timeline: Timeline;
  readonly format: Readonly<AudioFormat>;
  readonly #chunkMs: number;
  readonly #clock: Clock;
  readonly #hooks: PacerHooks;
  readonly #converter: AudioConverter;
  readonly #counts = { sentMs: 0, underruns: 0, pacingUnderruns: 0, lateMs: 0, interruptions: 0 };
  /** The utterance being sent. */
  utteranceId: string | undefined;
  /** More of the same speech is to come: what comes late is an underrun. */
  #expectsMore = false;
  #sending = false;

  constructor(settings: PacerSettings, reportsPlayed: boolean, clock: Clock, hooks: PacerHooks) {
    const { format, chunkMs, reportTimeoutMs } = settings;
    this.format = format;
    this.#chunkMs = chunkMs;
    this.#converter = new AudioConverter(format);
    this.timeline = new Timeline({ ...settings, reportTimeoutMs: reportsPlayed ? reportTimeoutMs : 0 });
    this.#clock = clock;
    this.#hooks = hooks;
  }

  get stats(): OutputTransportStats {
    return { ...this.#counts, playedMs: this.timeline.playedMs(this.#clock.now()) };
  }

  /** Resolves when the last chunk has been sent. Rejects with the signal's reason; nothing is sent from then on. */
  async send(audio: PcmAudio, utteranceId: string | undefined, signal: AbortSignal): Promise<void> {
    this.utteranceId = utteranceId;
    await this.#sendBytes(this.#converter.convert(audio), signal);
  }

  /** No more of this speech comes: what the resampler holds goes out. */
  async finish(signal: AbortSignal): Promise<void> {
    await this.#sendBytes(this.#converter.flush(), signal);
    this.#expectsMore = false;
  }

  /** Takes back what was sent and not played. Answers how much that was. */
  clear(): number {
    this.#converter.flush();
    this.#expectsMore = false;
    this.utteranceId = undefined;
    return this.timeline.clear(this.#clock.now());
  }

  countInterruption(): void {
    this.#counts.interruptions += 1;
  }

  /** It has been silent for so long that the speech must be over, unless it is the client that holds it up. */
  silent(): void {
    if (!this.#sending) this.#expectsMore = false;
  }

  async #sendBytes(audio: Uint8Array, signal: AbortSignal): Promise<void> {
    const takenAtMs = this.#clock.now();
    this.#sending = true;
    try {
      for (const chunk of splitAudio({ audio, ...this.format }, this.#chunkMs)) {
        await this.#sendChunk(chunk, takenAtMs, signal);
      }
    } finally {
      this.#sending = false;
    }
  }

  async #sendChunk(chunk: PcmAudio, takenAtMs: number, signal: AbortSignal): Promise<void> {
    const waitMs = this.timeline.sendAtMs - this.#clock.now();
    if (waitMs > 0) await delay(waitMs, { signal, clock: this.#clock });
    const blocked = this.#hooks.writable(signal);
    await blocked;
    throwIfAborted(signal);
    this.#noteLateness(takenAtMs, blocked !== undefined);
    await this.#write(chunk, signal);
    throwIfAborted(signal);
  }

  #write(chunk: PcmAudio, signal: AbortSignal): void | Promise<void> {
    this.#hooks.sending();
    const positionMs = this.timeline.sentMs;
    const lengthMs = durationMs(chunk);
    const startsAtMs = this.timeline.add(lengthMs, this.#clock.now());
    this.#counts.sentMs += lengthMs;
    return this.#hooks.write({ ...chunk, utteranceId: this.utteranceId, positionMs, startsAtMs }, signal);
  }

  #noteLateness(takenAtMs: number, blocked: boolean): void {
    const lateMs = this.timeline.dryMs(this.#clock.now());
    const late = this.#expectsMore && lateMs > 0;
    this.#expectsMore = true;
    if (!late) return;
    const cause = blocked ? "client" : this.timeline.dryMs(takenAtMs) > 0 ? "source" : "pacing";
    this.#counts.underruns += 1;
    this.#counts.lateMs += lateMs;
    if (cause === "pacing") this.#counts.pacingUnderruns += 1;
    this.#hooks.underrun({ lateMs, cause, utteranceId: this.utteranceId });
  }
}
