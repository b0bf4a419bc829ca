import { type AudioFormat, bytesForMs, bytesPerFrame, msForBytes } from "turnwire/internal";

/** Each time something is learned, what was learned before counts this much less. */
const fading = 0.7;

/** How fast a voice speaks, learned from what it has said. */
export class SpeakingRate {
  // About 15 characters a second, with the weight of a short sentence.
  #ms = 2000;
  #characters = 30;

  get msPerCharacter(): number {
    return this.#ms / this.#characters;
  }

  /** Learns that this many characters took this long. */
  learn(ms: number, characters: number): void {
    if (!(ms > 0) || characters <= 0) return;
    this.#ms = this.#ms * fading + ms;
    this.#characters = this.#characters * fading + characters;
  }
}

/** The position in the audio, in bytes, at which the text up to an offset has been spoken. */
export interface Mark {
  offset: number;
  bytes: number;
}

/**
 * The ends of an utterance's words in its audio. Marks are known positions: from the provider's timestamps, or because
 * a stretch of text has been spoken to its end. Without timestamps (`exact` false), words between two marks are spread by
 * their length and words after the last mark by the speaking rate; with timestamps, those words have no position yet.
 */
export class WordTimeline {
  readonly #rate: SpeakingRate;
  readonly #format: AudioFormat;
  readonly #exact: boolean;
  #marks: Mark[] = [{ offset: 0, bytes: 0 }];

  constructor(options: { rate: SpeakingRate; format: AudioFormat; exact: boolean }) {
    this.#rate = options.rate;
    this.#format = options.format;
    this.#exact = options.exact;
  }

  get last(): Mark {
    return this.#marks.at(-1) ?? { offset: 0, bytes: 0 };
  }

  /** Adds a mark. One before the last mark is ignored. */
  mark(offset: number, bytes: number): void {
    const { last } = this;
    if (offset < last.offset) return;
    const at = Math.max(bytes, last.bytes);
    if (offset > last.offset) this.#marks.push({ offset, bytes: at });
    else last.bytes = at;
  }

  /** Adds a mark, and learns the speaking rate: the text since the last mark was spoken without a pause. */
  markStretch(offset: number, bytes: number): void {
    const { last } = this;
    if (!this.#exact) this.#rate.learn(msForBytes(bytes - last.bytes, this.#format), offset - last.offset);
    this.mark(offset, bytes);
  }

  /** Drops the marks after a position and makes the position the last mark. */
  cut(offset: number, bytes: number): void {
    this.#marks = this.#marks.filter((mark) => mark.offset < offset && mark.bytes <= bytes);
    this.#marks.push({ offset, bytes });
  }

  /** The position in bytes at which the text up to `offset` has been spoken; undefined while only the provider knows. */
  bytesAt(offset: number): number | undefined {
    const index = this.#marks.findIndex((mark) => mark.offset >= offset);
    const next = this.#marks[index];
    const before = this.#marks.at(index === -1 ? -1 : Math.max(0, index - 1));
    if (next !== undefined && (this.#exact || next.offset === offset)) return next.bytes;
    if (this.#exact || before === undefined) return undefined;
    if (next === undefined) {
      return before.bytes + bytesForMs((offset - before.offset) * this.#rate.msPerCharacter, this.#format);
    }
    const part = (offset - before.offset) / (next.offset - before.offset);
    const size = bytesPerFrame(this.#format);
    return Math.round((before.bytes + part * (next.bytes - before.bytes)) / size) * size;
  }
}
