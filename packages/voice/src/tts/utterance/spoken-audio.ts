import { type AudioFormat, bytesForMs, bytesPerFrame, type Clock, msForBytes, SampleBuffer } from "turnwire/internal";
import { type SpeakingRate, WordTimeline } from "./word-timeline.ts";

export interface SpokenAudioOptions {
  clock: Clock;
  format: AudioFormat;
  rate: SpeakingRate;
  /** Whether the provider reports when it has spoken which word. */
  exact: boolean;
}

/**
 * Audio without timestamps for its words yet is released this long before it is played. The timestamps usually arrive in
 * that time, and the words then come out at their place.
 */
const untimedLeadMs = 250;
/** How much untimed audio is released at a time, in milliseconds. */
const untimedStepMs = 50;

/**
 * The PCM audio of an utterance, first in, first out, with the timeline of its words. Audio is held back while the provider
 * may still time the words in it. Positions are bytes of audio and, for words, offsets in the utterance's text.
 */
export class SpokenAudio {
  readonly isExact: boolean;
  readonly timeline: WordTimeline;
  readonly #clock: Clock;
  readonly #format: AudioFormat;
  readonly #partial: SampleBuffer;
  #chunks: Uint8Array[] = [];
  #inBytes = 0;
  #outBytes = 0;
  #state: "arriving" | "complete" | "failed" = "arriving";
  /** When the first audio had to be taken for the audio to play without a gap until now. */
  #startedMs: number | undefined;

  constructor(options: SpokenAudioOptions) {
    this.isExact = options.exact;
    this.timeline = new WordTimeline(options);
    this.#clock = options.clock;
    this.#format = options.format;
    this.#partial = new SampleBuffer(bytesPerFrame(options.format));
  }

  /** Whether no more audio will arrive. */
  get isComplete(): boolean {
    return this.#state !== "arriving";
  }

  get hasFailed(): boolean {
    return this.#state === "failed";
  }

  /** The bytes that have arrived, without a partial sample. */
  get inBytes(): number {
    return this.#inBytes;
  }

  /** The bytes that have been taken. */
  get outBytes(): number {
    return this.#outBytes;
  }

  /** The bytes that have arrived and have not been taken. */
  get waitingBytes(): number {
    return this.#inBytes - this.#outBytes;
  }

  /** In how many milliseconds more of the held audio is released; undefined if none is held. */
  get heldForMs(): number | undefined {
    return this.waitingBytes > 0 && this.#releasedBytes <= this.#outBytes ? untimedStepMs : undefined;
  }

  append(bytes: Uint8Array): void {
    if (this.isComplete) return;
    const outMs = msForBytes(this.#outBytes, this.#format);
    // There was a gap: audio that had not arrived cannot have been played.
    if (this.waitingBytes === 0 && this.#playedMs > outMs) this.#startedMs = this.#clock.now() - outMs;
    const whole = this.#partial.push(bytes);
    if (whole.length === 0) return;
    this.#chunks.push(whole);
    this.#inBytes += whole.length;
  }

  /** The audio that has arrived so far says the text up to `offset`. */
  markSpoken(offset: number): void {
    this.timeline.markStretch(offset, this.#inBytes);
  }

  /** Takes the next audio that is released, up to a position; undefined if there is none. */
  take(upToBytes: number): Uint8Array | undefined {
    this.#startedMs ??= this.#clock.now();
    const length = Math.min(upToBytes, this.#releasedBytes) - this.#outBytes;
    const [chunk] = this.#chunks;
    if (chunk === undefined || length <= 0) return undefined;
    const taken = chunk.subarray(0, length);
    if (taken.length === chunk.length) this.#chunks.shift();
    else this.#chunks[0] = chunk.subarray(length);
    this.#outBytes += taken.length;
    return taken;
  }

  /** Drops the audio after a position, at which the text up to `offset` has been spoken. */
  cut(offset: number, bytes: number): void {
    this.#partial.flush();
    while (this.#inBytes > bytes) {
      const last = this.#chunks.pop();
      if (last === undefined) break;
      const kept = last.subarray(0, Math.max(0, last.length - (this.#inBytes - bytes)));
      this.#inBytes -= last.length - kept.length;
      if (kept.length > 0) this.#chunks.push(kept);
    }
    this.timeline.cut(offset, bytes);
  }

  /** All audio has arrived. */
  complete(): void {
    if (this.#state === "arriving") this.#state = "complete";
  }

  /** No more audio will arrive, and the rest of the text will not be said. */
  fail(): void {
    this.#state = "failed";
  }

  get #releasedBytes(): number {
    if (!this.isExact || this.isComplete) return Infinity;
    const timedBytes = this.timeline.last.bytes;
    if (timedBytes > this.#outBytes) return timedBytes;
    const releasedMs = Math.floor((this.#playedMs + untimedLeadMs) / untimedStepMs) * untimedStepMs;
    return bytesForMs(releasedMs, this.#format);
  }

  /** How much of the audio can have been played. */
  get #playedMs(): number {
    return this.#startedMs === undefined ? 0 : this.#clock.now() - this.#startedMs;
  }
}
