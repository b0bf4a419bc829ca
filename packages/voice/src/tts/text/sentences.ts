import { checkOptions, type Checks, InvalidArgumentError, is, kindOf } from "turnwire/internal";

/**
 * Cuts streamed text into pieces to be spoken one at a time. Joined, the pieces are exactly the text that was added. Each
 * `TTSService` needs an aggregator of its own.
 */
export interface TextAggregator {
  /** Adds text and returns the pieces that are complete now. */
  add(text: string): string[];
  /** Returns the text that no piece has contained yet, possibly empty, and starts again. */
  flush(): string;
  /** Drops the text that no piece has contained yet, and starts again. */
  reset(): void;
}

export interface SentenceAggregatorOptions {
  /** The language of the text as a BCP 47 tag; default `en`. */
  locale?: string;
  /** A shorter piece is joined with the next sentence, except the first one, which is returned at once. Default 0. */
  minCharacters?: number;
  /** The longest piece; a longer sentence is cut between words. Default 400. */
  maxCharacters?: number;
}

const checks: Checks<SentenceAggregatorOptions> = {
  locale: is.text,
  minCharacters: is.number({ min: 0, integer: true }),
  maxCharacters: is.number({ min: 2, integer: true }),
};

/** Titles before a name: their full stop ends no sentence, although a capital letter follows. */
const title =
  /(?:^|[\s("'“‘])(?:Mr|Mrs|Ms|Mx|Dr|Prof|St|Rev|Hon|Gen|Col|Capt|Lt|Sgt|Sen|Rep|Gov|vs|Hr|Fr|Mme|Mlle|Sra?|Dra)\.\s+$/u;
/** The number of a list item. */
const number = /^\s*\p{N}{1,3}[.)]\s+$/u;
const fullStop = /\.[\p{Pe}\p{Pf}"'’]*\s+$/u;
const newline = /\n\s*$/;
/** Sentence ends in scripts without spaces. */
const unspacedEnd = /[。！？｡．][\p{Pe}\p{Pf}]*\s*$/u;
const possibleEnd = /[.!?\n\p{Sentence_Terminal}]/u;

/**
 * Cuts text into sentences by the Unicode rules of `Intl.Segmenter`. A sentence is complete when the text after it shows
 * that another one has begun, so numbers, abbreviations and addresses stay whole where the rules of the language allow.
 */
export class SentenceAggregator implements TextAggregator {
  readonly #segmenter: Intl.Segmenter;
  readonly #min: number;
  readonly #max: number;
  #held = "";
  #first = true;

  /** @throws InvalidArgumentError for an option that is unknown or unusable. */
  constructor(options: SentenceAggregatorOptions = {}) {
    checkOptions("SentenceAggregator", options, checks);
    this.#min = options.minCharacters ?? 0;
    this.#max = options.maxCharacters ?? 400;
    this.#segmenter = segmenterFor(options.locale ?? "en");
  }

  add(text: string): string[] {
    this.#held += text;
    const pieces: string[] = [];
    for (let end = this.#end(); end > 0; end = this.#end()) {
      pieces.push(this.#held.slice(0, end));
      this.#held = this.#held.slice(end);
      this.#first = false;
    }
    return pieces;
  }

  flush(): string {
    const rest = this.#held;
    this.reset();
    return rest;
  }

  reset(): void {
    this.#held = "";
    this.#first = true;
  }

  /** The offset at which the first complete piece ends; 0 if there is none. */
  #end(): number {
    const held = this.#held;
    const end = possibleEnd.test(held) ? this.#sentenceEnd(held) : 0;
    if (end > 0 && end <= this.#max) return end;
    return held.length > this.#max ? wordEndBefore(held, this.#max) : 0;
  }

  #sentenceEnd(held: string): number {
    const min = this.#first ? 0 : this.#min;
    let start = 0;
    for (const { segment, index } of this.#segmenter.segment(held)) {
      const end = index + segment.length;
      if (end === held.length || !isSentenceEnd(held.slice(start, end), held.slice(end))) continue;
      if (end >= min) return end;
      start = end;
    }
    return 0;
  }
}

function isSentenceEnd(sentence: string, rest: string): boolean {
  // White space belongs to the sentence in front of it.
  if (/^\s/u.test(rest)) return false;
  if (newline.test(sentence) || unspacedEnd.test(sentence)) return true;
  if (!/\s$/u.test(sentence) || title.test(sentence) || number.test(sentence)) return false;
  // After a full stop the next letter decides: a small letter continues the sentence (Unicode annex 29, rule SB8).
  return !fullStop.test(sentence) || /[\p{L}\n]/u.test(rest);
}

/** The last word boundary at or before `limit`, after the space; `limit` if there is none. */
function wordEndBefore(text: string, limit: number): number {
  const [upToSpace] = /^[^]*\s(?=\S*$)/u.exec(text.slice(0, limit)) ?? [];
  if (upToSpace !== undefined && upToSpace.trim() !== "") return upToSpace.length;
  const splitsPair = /[\uD800-\uDBFF]/.test(text.charAt(limit - 1)) && /[\uDC00-\uDFFF]/.test(text.charAt(limit));
  return splitsPair ? limit - 1 : limit;
}

function segmenterFor(locale: string): Intl.Segmenter {
  try {
    return new Intl.Segmenter(locale, { granularity: "sentence" });
  } catch (cause) {
    throw new InvalidArgumentError("locale", `expected a language tag such as "en" or "de-CH", got ${kindOf(locale)}`, {
      cause,
    });
  }
}
