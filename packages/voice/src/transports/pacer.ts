import {
  AudioConverter,
  type AudioFormat,
  type Checks,
  type Clock,
  delay,
  durationMs,
  is,
  type PcmAudio,
  splitAudio,
  throwIfAborted,
} from "turnwire/internal";
import { chunkBytes, formatChecks, paceCheck } from "../checks.ts";
import { Timeline } from "./timeline.ts";

/** How an output sends audio. Times are in milliseconds. */
export interface PacerOptions {
  /** The sample rate that is sent; other audio is resampled. Default 24000. */
  sampleRate?: number;
  /** The channels that are sent. Default 1. */
  channels?: number;
  /** How much audio is sent at a time. Default 40. */
  chunkMs?: number;
  /** How long before its time audio is sent. The client holds that much, and clears it at an interruption. Default 100. */
  leadMs?: number;
  /** `none` sends audio at once and counts it as played. Default `realtime`. */
  pace?: "realtime" | "none";
  /** How far the client's reports may lag before the clock is used instead. Default 2000. */
  reportTimeoutMs?: number;
}

export const pacerChecks: Checks<PacerOptions> = {
  ...formatChecks,
  chunkMs: is.duration,
  leadMs: is.duration,
  pace: paceCheck,
  reportTimeoutMs: is.duration,
};

/** A piece of audio that is sent. */
export interface OutputChunk extends AudioFormat {
  audio: Uint8Array;
  /** The utterance of the `TTSAudioRawFrame` it is from. */
  utteranceId: string | undefined;
  /** How much audio lies before it since the start, without what was cleared. */
  positionMs: number;
  /** When it will begin to be played, by the clock. */
  startsAtMs: number;
}

/** Audio came too late: the client had nothing to play in the middle of speech. */
export interface Underrun {
  /** For how long there was nothing to play. */
  lateMs: number;
  /** The cause: `source`, the audio came late; `client`, it did not take what it was sent; `pacing`, this process was late. */
  cause: "source" | "client" | "pacing";
  utteranceId: string | undefined;
}

/** Statistics of an output transport. Times are in milliseconds. */
export interface OutputTransportStats {
  /** Audio sent. */
  sentMs: number;
  /** Audio played: by the clock, or by the client's reports. */
  playedMs: number;
  /** How often the client ran out of audio. */
  underruns: number;
  /** How often that was because this process was late. */
  pacingUnderruns: number;
  /** For how long the client had nothing to play, in total. */
  lateMs: number;
  /** How often speech was cut off. */
  interruptions: number;
}

/** The callbacks of the pacer. */
export interface PacerHooks {
  /** Returns a promise while the client does not take more. */
  writable(signal: AbortSignal): void | Promise<void>;
  write(chunk: OutputChunk, signal: AbortSignal): void | Promise<void>;
  onUnderrun(what: Underrun): void;
}

/** Sends audio in chunks, each a little before its time. The schedule counts samples, so it does not drift. */
export class Pacer {
  readonly timeline: Timeline;
  readonly format: Readonly<AudioFormat>;
  readonly #chunkMs: number;
  readonly #clock: Clock;
  readonly #hooks: PacerHooks;
  readonly #converter: AudioConverter;
  readonly #counts = { sentMs: 0, underruns: 0, pacingUnderruns: 0, lateMs: 0 };
  /** The utterance being sent. */
  utteranceId: string | undefined;
  /** Whether more of the same speech is to come, so that late audio is an underrun. */
  #expectsMore = false;
  #sending = false;

  /** @throws InvalidArgumentError if a chunk would be shorter than a sample. */
  constructor(options: PacerOptions, reportsPlayed: boolean, clock: Clock, hooks: PacerHooks) {
    const { sampleRate = 24_000, channels = 1, chunkMs = 40, leadMs = 100, reportTimeoutMs = 2000 } = options;
    this.format = { sampleRate, channels };
    chunkBytes(chunkMs, this.format);
    this.#chunkMs = chunkMs;
    this.#converter = new AudioConverter(this.format);
    const realtime = options.pace !== "none";
    this.timeline = new Timeline({ leadMs, realtime, reportTimeoutMs: reportsPlayed ? reportTimeoutMs : 0 }, clock);
    this.#clock = clock;
    this.#hooks = hooks;
  }

  get stats(): Omit<OutputTransportStats, "interruptions"> {
    return { ...this.#counts, playedMs: this.timeline.playedMs };
  }

  /** Sends audio. Resolves when the last chunk has been sent; rejects with the signal's reason and then sends no more. */
  async send(audio: PcmAudio, utteranceId: string | undefined, signal: AbortSignal): Promise<void> {
    this.utteranceId = utteranceId;
    await this.#sendBytes(this.#converter.convert(audio), signal);
  }

  /** Sends what the resampler holds: this speech has no more audio. */
  async finish(signal: AbortSignal): Promise<void> {
    await this.#sendBytes(this.#converter.flush(), signal);
    this.#expectsMore = false;
  }

  /** Takes back what was sent and not played. Returns how much that was, in milliseconds. */
  clear(): number {
    this.#converter.flush();
    this.#expectsMore = false;
    this.utteranceId = undefined;
    return this.timeline.clear();
  }

  /** The speech must be over after so much silence, unless the client holds it up. */
  onSilence(): void {
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
    const positionMs = this.timeline.sentMs;
    const lengthMs = durationMs(chunk);
    const startsAtMs = this.timeline.add(lengthMs);
    this.#counts.sentMs += lengthMs;
    await this.#hooks.write({ ...chunk, utteranceId: this.utteranceId, positionMs, startsAtMs }, signal);
    throwIfAborted(signal);
  }

  #noteLateness(takenAtMs: number, blocked: boolean): void {
    const lateMs = this.timeline.dryMs();
    const late = this.#expectsMore && lateMs > 0;
    this.#expectsMore = true;
    if (!late) return;
    const cause = blocked ? "client" : this.timeline.dryMs(takenAtMs) > 0 ? "source" : "pacing";
    this.#counts.underruns += 1;
    this.#counts.lateMs += lateMs;
    if (cause === "pacing") this.#counts.pacingUnderruns += 1;
    this.#hooks.onUnderrun({ lateMs, cause, utteranceId: this.utteranceId });
  }
}
