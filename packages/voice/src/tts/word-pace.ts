import { type AudioFormat, bytesForMs, bytesPerFrame } from "turnwire/internal";

/** What has been heard before counts this much less each time something is learned. */
const fading = 0.7;

/** How fast a voice speaks, learned from what it has said. */
export class SpeakingRate {
  // About 15 characters a second, known as well as a short sentence would tell it.
  #ms = 2000;
  #characters = 30;

  get msPerCharacter(): number {
    return this.#ms / this.#characters;
  }

  /** So many characters took so long. */
  learn(ms: number, characters: number): void {
    if (!(ms > 0) || characters <= 0) return;
    this.#ms = this.#ms * fading + ms;
    this.#characters = this.#characters * fading + characters;
  }
}

/** A place in the text, and where in the audio it is reached. */
export interface Mark {
  offset: number;
  bytes: number;
}

/**
 * Where in an utterance's audio its words end. Places that are known for sure, by the provider's timestamps or because
 * a stretch of text has been spoken to its end, are marks. Between marks, and behind the last one, words are
 * spread by their length; a provider that gives timestamps is waited for instead.
 */
export class WordPace {
  readonly #rate: SpeakingRate;
  readonly #format: AudioFormat;
  readonly #exact: boolean;
  #marks: Mark[] = [{ offset: 0, bytes: 0 }];

  constructor(options: { rate: SpeakingRate; format: AudioFormat; exact: boolean }) {
    this.#rate = options.rate;
    this.#format = options.format;
    this.#exact = options.exact;
  }

  /** The furthest place that is known. */
  get last(): Mark {
    return this.#marks.at(-1) ?? { offset: 0, bytes: 0 };
  }

  /** The text up to `offset` is spoken when the audio is at `bytes`. */
  mark(offset: number, bytes: number): void {
    const { last } = this;
    if (offset < last.offset) return;
    const at = Math.max(bytes, last.bytes);
    if (offset > last.offset) this.#marks.push({ offset, bytes: at });
    else last.bytes = at;
  }

  /** As `mark`, and what lies between was spoken without a pause: the rate is learned from it. */
  markStretch(offset: number, bytes: number): void {
    const { last } = this;
    if (!this.#exact) this.#rate.learn(this.#msOf(bytes - last.bytes), offset - last.offset);
    this.mark(offset, bytes);
  }

  /** Forgets what lies behind the place, which is one now. */
  cut(offset: number, bytes: number): void {
    this.#marks = this.#marks.filter((mark) => mark.offset < offset && mark.bytes <= bytes);
    this.#marks.push({ offset, bytes });
  }

  /** Where the text up to `offset` has been spoken, in bytes of audio; undefined while only the provider knows. */
  bytesAt(offset: number): number | undefined {
    const index = this.#marks.findIndex((mark) => mark.offset >= offset);
    const next = this.#marks[index];
    const before = this.#marks.at(index === -1 ? -1 : Math.max(0, index - 1));
    if (next !== undefined && (this.#exact || next.offset === offset)) return next.bytes;
    if (this.#exact || before === undefined) return undefined;
    if (next === undefined) return before.bytes + this.#bytesOf(offset - before.offset);
    const part = (offset - before.offset) / (next.offset - before.offset);
    return this.#wholeSamples(before.bytes + part * (next.bytes - before.bytes));
  }

  #bytesOf(characters: number): number {
    return bytesForMs(characters * this.#rate.msPerCharacter, this.#format);
  }

  #wholeSamples(bytes: number): number {
    const size = bytesPerFrame(this.#format);
    return Math.round(bytes / size) * size;
  }

  #msOf(bytes: number): number {
    return (bytes * 1000) / bytesPerFrame(this.#format) / this.#format.sampleRate;
  }
}
