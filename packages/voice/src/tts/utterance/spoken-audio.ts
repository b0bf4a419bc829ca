import { type AudioFormat, bytesForMs, type Clock } from "turnwire/internal";
import { SpeechAudio } from "./speech-audio.ts";
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
 * The audio of an utterance with the timeline of its words. Audio is held back while the provider may still time the words
 * in it. Positions are bytes of audio and, for words, offsets in the utterance's text.
 */
export class SpokenAudio {
  readonly isExact: boolean;
  readonly #clock: Clock;
  readonly #audio: SpeechAudio;
  readonly #timeline: WordTimeline;
  #state: "arriving" | "complete" | "failed" = "arriving";
  /** When the first audio had to be taken for the audio to play without a gap until now. */
  #startedMs: number | undefined;

  constructor(options: SpokenAudioOptions) {
    this.isExact = options.exact;
    this.#clock = options.clock;
    this.#audio = new SpeechAudio(options.format);
    this.#timeline = new WordTimeline(options);
  }

  get state(): "arriving" | "complete" | "failed" {
    return this.#state;
  }

  /** The bytes that have arrived. */
  get inBytes(): number {
    return this.#audio.inBytes;
  }

  /** The bytes that have been taken. */
  get outBytes(): number {
    return this.#audio.outBytes;
  }

  /** The bytes that have arrived and have not been taken. */
  get waitingBytes(): number {
    return this.#audio.inBytes - this.#audio.outBytes;
  }

  /** In how many milliseconds more of the held audio is released; undefined if none is held. */
  get heldForMs(): number | undefined {
    return this.waitingBytes > 0 && this.#releasedBytes <= this.#audio.outBytes ? untimedStepMs : undefined;
  }

  append(bytes: Uint8Array): void {
    // There was a gap: audio that had not arrived cannot have been played.
    if (this.waitingBytes === 0 && this.#playedMs > this.#audio.outMs) {
      this.#startedMs = this.#clock.now() - this.#audio.outMs;
    }
    this.#audio.append(bytes);
  }

  /** The word that ends at `offset` is spoken when `ms` of the audio after `fromBytes` have been played. */
  markWord(offset: number, fromBytes: number, ms: number): void {
    this.#timeline.mark(offset, fromBytes + bytesForMs(ms, this.#audio.format));
  }

  /** The audio that has arrived so far says the text up to `offset`. */
  markSpoken(offset: number): void {
    this.#timeline.markStretch(offset, this.#audio.inBytes);
  }

  /** The position at which the text up to `offset` has been spoken, if that is known. */
  bytesAt(offset: number): number | undefined {
    return this.#timeline.bytesAt(offset);
  }

  /** Takes the next audio that is released, up to a position; undefined if there is none. */
  take(upToBytes: number): Uint8Array | undefined {
    this.#startedMs ??= this.#clock.now();
    const end = Math.min(upToBytes, this.#releasedBytes);
    return end > this.#audio.outBytes ? this.#audio.take(end) : undefined;
  }

  /** Drops the audio after a position, at which the text up to `offset` has been spoken. */
  cut(offset: number, bytes: number): void {
    this.#audio.truncate(bytes);
    this.#timeline.cut(offset, bytes);
  }

  /** All audio has arrived. */
  complete(): void {
    if (this.#state === "arriving") this.#state = "complete";
  }

  /** No more audio will arrive. */
  fail(): void {
    this.#state = "failed";
  }

  get #releasedBytes(): number {
    if (!this.isExact || this.#state !== "arriving") return Infinity;
    const timedBytes = this.#timeline.last.bytes;
    if (timedBytes > this.#audio.outBytes) return timedBytes;
    const releasedMs = Math.floor((this.#playedMs + untimedLeadMs) / untimedStepMs) * untimedStepMs;
    return bytesForMs(releasedMs, this.#audio.format);
  }

  /** How much of the audio can have been played. */
  get #playedMs(): number {
    return this.#startedMs === undefined ? 0 : this.#clock.now() - this.#startedMs;
  }
}
