import type { Clock } from "turnwire/internal";
import { type AudioFormat, bytesForMs } from "turnwire/internal";
import { type Frame, TTSAudioRawFrame, TTSStartedFrame, TTSStoppedFrame, TTSTextFrame } from "turnwire";
import { SpeechAudio } from "./speech-audio.ts";
import { findWord, wordEnd } from "./spoken-words.ts";
import { type Mark, type SpeakingRate, WordPace } from "./word-pace.ts";

/** A word a provider says it has spoken. */
export interface SpokenWord {
  text: string;
  /** When it ends, in milliseconds from the beginning of the audio of its part. */
  endMs: number;
}

export interface UtteranceOptions<Settings> {
  id: string;
  settings: Settings;
  /** Whether it is a part of a model's answer. */
  isAnswer: boolean;
  clock: Clock;
  format: AudioFormat;
  rate: SpeakingRate;
  /** Whether the provider says when it has spoken which word. */
  exact: boolean;
}

/**
 * Audio whose words the provider has yet to time goes out no earlier than this before it is played: mostly the times
 * come meanwhile, and the words then stand where they belong.
 */
const untimedLeadMs = 250;
/** How much of it goes out at a time. */
const untimedStepMs = 50;

/**
 * A text and the audio that says it. Text comes in from the model, audio and timestamps from the provider; what comes
 * out, with `take`, are frames: the audio, the words right behind the audio that says them, and the frames that
 * were put in between the text.
 */
export class Utterance<Settings> {
  readonly id: string;
  readonly settings: Settings;
  readonly isAnswer: boolean;
  readonly exact: boolean;
  readonly #audio: SpeechAudio;
  readonly #pace: WordPace;
  readonly #clock: Clock;
  #text = "";
  /** Where the pieces end that the text is to be spoken in. */
  #cuts: number[] = [];
  #saidOffset = 0;
  #outOffset = 0;
  #foundOffset = 0;
  #inserted: Array<{ offset: number; frame: Frame }> = [];
  #closed = false;
  #audioState: "coming" | "complete" | "failed" = "coming";
  /** When the first audio would have had to be taken for the audio to be played without a gap until now. */
  #startedMs: number | undefined;
  /** Whether the provider has been asked, and whether that has been told. */
  #state: "waiting" | "asked" | "started" = "waiting";
  #ended = false;

  constructor(options: UtteranceOptions<Settings>) {
    this.id = options.id;
    this.settings = options.settings;
    this.isAnswer = options.isAnswer;
    this.exact = options.exact;
    this.#clock = options.clock;
    this.#audio = new SpeechAudio(options.format);
    this.#pace = new WordPace(options);
  }

  /** Whether no more text comes. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Whether no more audio comes. */
  get complete(): boolean {
    return this.#audioState !== "coming";
  }

  get failed(): boolean {
    return this.#audioState === "failed";
  }

  /** Whether everything has been taken. */
  get ended(): boolean {
    return this.#ended;
  }

  /** How much audio has come, in bytes. */
  get audioBytes(): number {
    return this.#audio.inBytes;
  }

  /** How much audio waits to be taken, in bytes. */
  get waitingBytes(): number {
    return this.#audio.inBytes - this.#audio.outBytes;
  }

  /** How much text waits to be taken, in characters. */
  get waitingCharacters(): number {
    return this.failed ? 0 : this.#text.length - this.#outOffset;
  }

  /** How many frames stand between the text that has not been taken. */
  get waitingFrames(): number {
    return this.#inserted.length;
  }

  /** How far the text has been given to the provider. */
  get saidOffset(): number {
    return this.#saidOffset;
  }

  add(text: string): void {
    this.#text += text;
  }

  /** So much more of the text is a piece to be spoken; without a number all there is. */
  cut(characters = Infinity): void {
    const end = Math.min((this.#cuts.at(-1) ?? 0) + characters, this.#text.length);
    if (end > (this.#cuts.at(-1) ?? 0)) this.#cuts.push(end);
  }

  /** Puts a frame behind the text there is. */
  insert(frame: Frame): void {
    this.#inserted.push({ offset: this.#text.length, frame });
  }

  /** The text is whole. */
  close(): void {
    this.cut();
    this.#closed = true;
  }

  /** The next piece to be spoken; undefined when there is none. It counts as given to the provider. */
  nextPiece(): string | undefined {
    const end = this.#cuts.find((cut) => cut > this.#saidOffset);
    if (end === undefined || this.complete) return undefined;
    const piece = this.#text.slice(this.#saidOffset, end);
    this.#saidOffset = end;
    return piece;
  }

  /** The provider has been asked to speak some of it. */
  asked(): void {
    if (this.#state === "waiting") this.#state = "asked";
  }

  /** Whether there is a piece the provider has not been given. */
  get hasPiece(): boolean {
    return !this.complete && (this.#cuts.at(-1) ?? 0) > this.#saidOffset;
  }

  addAudio(bytes: Uint8Array): void {
    if (this.complete) return;
    // There was a gap: what had not come cannot have been played.
    if (this.waitingBytes === 0 && this.#playedMs > this.#audio.outMs) {
      this.#startedMs = this.#clock.now() - this.#audio.outMs;
    }
    this.#audio.append(bytes);
  }

  /** Words that are spoken in the audio that begins at `fromBytes`. */
  addWords(words: readonly SpokenWord[], fromBytes: number, bytesForMs: (ms: number) => number): void {
    for (const { text, endMs } of words) {
      const end = findWord(this.#text.slice(0, this.#saidOffset), this.#foundOffset, text);
      if (end === undefined) continue;
      this.#foundOffset = end;
      this.#pace.mark(end, fromBytes + bytesForMs(endMs));
    }
  }

  /** The audio up to here says the text up to `offset`. */
  spokenTo(offset: number): void {
    this.#pace.markStretch(offset, this.#audio.inBytes);
  }

  /** All audio has come: what is left of the text has been said. */
  finish(): void {
    this.spokenTo(this.#saidOffset);
    if (!this.complete) this.#audioState = "complete";
  }

  /** No more audio will come, and what is left of the text will not be said. */
  fail(): void {
    this.#audioState = "failed";
  }

  /**
   * The provider has ended before it was asked to, perhaps without having seen the last pieces: those behind the last
   * word it named are to be said again, if it has named one behind `fromOffset`.
   */
  rewindToUnspoken(fromOffset: number): void {
    const end = this.#cuts.find((cut) => cut >= this.#foundOffset);
    if (end !== undefined && this.#foundOffset > fromOffset) this.#saidOffset = Math.min(this.#saidOffset, end);
  }

  /** The provider is gone. What has come of its audio ends with a whole word; the text behind is to be said again. */
  rewind(): void {
    if (this.complete) return;
    let [offset, bytes] = [this.#outOffset, this.#audio.outBytes];
    while (offset < this.#saidOffset) {
      const end = Math.min(wordEnd(this.#text, offset), this.#saidOffset);
      const at = this.#pace.bytesAt(end);
      if (at === undefined || at > this.#audio.inBytes || end === offset) break;
      offset = end;
      bytes = Math.max(at, this.#audio.outBytes);
    }
    this.#audio.truncate(bytes);
    this.#pace.cut(offset, bytes);
    this.#saidOffset = this.#foundOffset = offset;
  }

  /** An interruption: nothing more comes of it. The answer is the frames that stood in between the text. */
  drop(): Frame[] {
    this.fail();
    this.#ended = true;
    return this.#inserted.splice(0).map(({ frame }) => frame);
  }

  /** The next frame in order; undefined while none is ready. */
  take(): Frame | undefined {
    const [insert] = this.#inserted;
    if (insert !== undefined && insert.offset <= this.#outOffset) return this.#takeInserted();
    if (this.#state === "asked") {
      this.#state = "started";
      return new TTSStartedFrame(this.id);
    }
    let word = this.#wordFrom(this.#outOffset);
    let spokenTo = this.#outOffset;
    for (; word !== undefined && word.bytes <= this.#audio.outBytes; word = this.#wordFrom(spokenTo)) {
      spokenTo = word.offset;
    }
    if (spokenTo > this.#outOffset) return this.#takeText(spokenTo);
    if (this.waitingBytes > 0) return this.#takeAudio(Math.min(word?.bytes ?? Infinity, this.#freeBytes));
    if (!this.complete || this.#ended) return undefined;
    if (!this.failed && this.#outOffset < this.#text.length) return this.#takeText(this.#text.length);
    if (insert !== undefined) return this.#takeInserted();
    this.#ended = true;
    return this.#state === "started" ? new TTSStoppedFrame(this.id) : undefined;
  }

  /** Until when audio is held back whose words the provider has yet to time, in milliseconds; undefined if none is. */
  get heldForMs(): number | undefined {
    return this.waitingBytes > 0 && this.#freeBytes <= this.#audio.outBytes ? untimedStepMs : undefined;
  }

  /** Up to where the audio may go out. */
  get #freeBytes(): number {
    if (!this.exact || this.complete) return Infinity;
    const timed = this.#pace.last.bytes;
    if (timed > this.#audio.outBytes) return timed;
    return bytesForMs(Math.floor((this.#playedMs + untimedLeadMs) / untimedStepMs) * untimedStepMs, this.#audio.format);
  }

  /** How much of the audio can have been played. */
  get #playedMs(): number {
    return this.#startedMs === undefined ? 0 : this.#clock.now() - this.#startedMs;
  }

  /** Where the word ends that begins at `from`, if its place in the audio is known. */
  #wordFrom(from: number): Mark | undefined {
    if (from >= this.#saidOffset) return undefined;
    let offset = Math.min(wordEnd(this.#text, from), this.#saidOffset);
    // White space at the very end is no word.
    if (this.#closed && this.#text.slice(offset).trim() === "") offset = this.#text.length;
    const bytes = this.#pace.bytesAt(Math.min(offset, this.#saidOffset));
    return bytes === undefined ? undefined : { offset, bytes };
  }

  #takeInserted(): Frame | undefined {
    return this.#inserted.shift()?.frame;
  }

  #takeText(to: number): Frame {
    const end = Math.min(to, this.#inserted[0]?.offset ?? Infinity);
    const words = this.#text.slice(this.#outOffset, end);
    this.#outOffset = end;
    return new TTSTextFrame(words, this.id);
  }

  #takeAudio(upToBytes: number): Frame | undefined {
    this.#startedMs ??= this.#clock.now();
    if (upToBytes <= this.#audio.outBytes) return undefined;
    return new TTSAudioRawFrame({ audio: this.#audio.take(upToBytes), ...this.#audio.format }, this.id);
  }
}
