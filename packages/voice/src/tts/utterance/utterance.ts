import type { Frame } from "turnwire";
import {
  type AudioFormat,
  bytesForMs,
  TTSAudioRawFrame,
  TTSStartedFrame,
  TTSStoppedFrame,
  TTSTextFrame,
} from "turnwire/internal";
import { SpokenAudio, type SpokenAudioOptions } from "./spoken-audio.ts";
import { SpokenText } from "./spoken-text.ts";
import type { Mark } from "./word-timeline.ts";

/** A word that a provider reports as spoken. */
export interface SpokenWord {
  text: string;
  /** When it ends, in milliseconds of the audio of its part. */
  endMs: number;
}

export interface UtteranceOptions<Settings> extends SpokenAudioOptions {
  id: string;
  settings: Settings;
  /** Whether it is a part of a model's answer. */
  isAnswer: boolean;
}

/**
 * A text and the audio that says it. The model adds text, the provider adds audio and timestamps. `take` returns the frames
 * of both: the audio, the words right after the audio that says them, and the frames inserted into the text.
 */
export class Utterance<Settings> {
  readonly id: string;
  readonly settings: Settings;
  readonly isAnswer: boolean;
  readonly text = new SpokenText();
  readonly audio: SpokenAudio;
  readonly #format: AudioFormat;
  /** `asked`: the provider has some of its text. `started`: its TTSStartedFrame has been taken. `ended`: everything has. */
  #state: "waiting" | "asked" | "started" | "ended" = "waiting";

  constructor(options: UtteranceOptions<Settings>) {
    this.id = options.id;
    this.settings = options.settings;
    this.isAnswer = options.isAnswer;
    this.#format = options.format;
    this.audio = new SpokenAudio(options);
  }

  /** Whether everything has been taken. */
  get hasEnded(): boolean {
    return this.#state === "ended";
  }

  /** Whether there is a piece that the provider has to be given. */
  get hasPiece(): boolean {
    return !this.audio.isComplete && this.text.hasPiece;
  }

  /** The text that has not been taken, in characters. */
  get waitingCharacters(): number {
    return this.audio.hasFailed ? 0 : this.text.length - this.text.takenOffset;
  }

  /** The provider has been asked to speak some of the text. */
  markAsked(): void {
    if (this.#state === "waiting") this.#state = "asked";
  }

  /** Words that are spoken in the audio after `fromBytes`. */
  addWords(words: readonly SpokenWord[], fromBytes: number): void {
    for (const { text, endMs } of words) {
      const end = this.text.findSpoken(text);
      if (end !== undefined) this.audio.timeline.mark(end, fromBytes + bytesForMs(endMs, this.#format));
    }
  }

  /** All audio has arrived: it says the rest of the text. */
  finish(): void {
    this.audio.markSpoken(this.text.saidOffset);
    this.audio.complete();
  }

  /** The provider is lost: ends the audio with a whole word. The text after it has to be said again. */
  rewind(): void {
    if (this.audio.isComplete) return;
    const { spoken } = this.#wordsUpTo(this.audio.inBytes);
    const offset = spoken?.offset ?? this.text.takenOffset;
    this.audio.cut(offset, Math.max(spoken?.bytes ?? 0, this.audio.outBytes));
    this.text.rewind(offset);
  }

  /** An interruption: nothing more is taken. Returns the frames that were inserted into the text. */
  drop(): Frame[] {
    this.audio.fail();
    this.#state = "ended";
    return this.text.takeAllInserted();
  }

  /** Takes the next frame in order; undefined if none is ready. */
  take(): Frame | undefined {
    const inserted = this.text.takeInserted();
    if (inserted !== undefined) return inserted;
    if (this.#state === "asked") {
      this.#state = "started";
      return new TTSStartedFrame(this.id);
    }
    const { spoken, next } = this.#wordsUpTo(this.audio.outBytes);
    if (spoken !== undefined) return this.#takeText(spoken.offset);
    if (this.audio.waitingBytes > 0) return this.#takeAudio(next?.bytes ?? Infinity);
    return this.audio.isComplete && !this.hasEnded ? this.#takeLast() : undefined;
  }

  /** The next frame after all audio. */
  #takeLast(): Frame | undefined {
    if (!this.audio.hasFailed && this.text.takenOffset < this.text.length) return this.#takeText(this.text.length);
    const inserted = this.text.takeInserted(true);
    if (inserted !== undefined) return inserted;
    const hasStarted = this.#state === "started";
    this.#state = "ended";
    return hasStarted ? new TTSStoppedFrame(this.id) : undefined;
  }

  /** The last word that has not been taken and is spoken up to a position of the audio, and the word after it. */
  #wordsUpTo(bytes: number): { spoken: Mark | undefined; next: Mark | undefined } {
    let spoken: Mark | undefined;
    let next = this.#wordAt(this.text.takenOffset);
    for (; next !== undefined && next.bytes <= bytes; next = this.#wordAt(next.offset)) spoken = next;
    return { spoken, next };
  }

  /** The end of the word that begins at `from`, if its place in the audio is known. */
  #wordAt(from: number): Mark | undefined {
    const offset = this.text.wordEnd(from);
    const bytes =
      offset === undefined ? undefined : this.audio.timeline.bytesAt(Math.min(offset, this.text.saidOffset));
    return offset === undefined || bytes === undefined ? undefined : { offset, bytes };
  }

  #takeText(toOffset: number): Frame {
    return new TTSTextFrame(this.text.take(toOffset), this.id);
  }

  #takeAudio(upToBytes: number): Frame | undefined {
    const audio = this.audio.take(upToBytes);
    return audio === undefined ? undefined : new TTSAudioRawFrame({ audio, ...this.#format }, this.id);
  }
}
