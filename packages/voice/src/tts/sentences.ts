import { InvalidArgumentError, kindOf } from "turnwire/internal";

/**
 * Cuts text that comes bit by bit into pieces worth speaking. The pieces join to exactly the text given. A strategy of
 * `TTSService`, easy to replace; one object serves one service.
 */
export interface TextAggregator {
  /** Takes text. The answer is the pieces that are complete now. */
  add(text: string): string[];
  /** The text ends here, or is wanted now: what is left of it, or the empty text. Starts anew. */
  flush(): string;
  /** Forgets what it holds and starts anew. */
  reset(): void;
}

export interface SentenceAggregatorOptions {
  /** The language whose rules hold, as BCP 47; default `en`. */
  locale?: string;
  /** A piece that is shorter waits for the next sentence, except the first: that goes at once. Default 0. */
  minCharacters?: number;
  /** The longest piece: a sentence that goes on is cut between words. Default 400. */
  maxCharacters?: number;
}

/** Titles that come before a name: their full stop ends no sentence, though a capital follows. */
const title =
  /(?:^|[\s("'“‘])(?:Mr|Mrs|Ms|Mx|Dr|Prof|St|Rev|Hon|Gen|Col|Capt|Lt|Sgt|Sen|Rep|Gov|vs|Hr|Fr|Mme|Mlle|Sra?|Dra)\.\s+$/u;
/** The number of a point in a list. */
const number = /^\s*\p{N}{1,3}[.)]\s+$/u;
const fullStop = /\.[\p{Pe}\p{Pf}"'’]*\s+$/u;
const newline = /\n\s*$/;
/** Ends of sentences in scripts that put no space behind them. */
const unspacedEnd = /[。！？｡．][\p{Pe}\p{Pf}]*\s*$/u;
const possibleEnd = /[.!?\n\p{Sentence_Terminal}]/u;

/**
 * Sentences, by the Unicode rules of `Intl.Segmenter`. A sentence is complete once what follows shows that another has
 * begun: numbers, abbreviations and addresses are not cut where the rules of the language tell them apart.
 */
export class SentenceAggregator implements TextAggregator {
  readonly #segmenter: Intl.Segmenter;
  readonly #min: number;
  readonly #max: number;
  #held = "";
  #first = true;

  /** @throws InvalidArgumentError naming the option that cannot be used. */
  constructor(options: SentenceAggregatorOptions = {}) {
    this.#min = checkCount("minCharacters", options.minCharacters ?? 0, 0);
    this.#max = checkCount("maxCharacters", options.maxCharacters ?? 400, 2);
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

  /** Where the first complete piece ends; 0 while there is none. */
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
  // White space belongs to the sentence before it.
  if (/^\s/u.test(rest)) return false;
  if (newline.test(sentence) || unspacedEnd.test(sentence)) return true;
  if (!/\s$/u.test(sentence) || title.test(sentence) || number.test(sentence)) return false;
  // Behind a full stop the next letter decides: a small one goes on with the sentence (Unicode annex 29, rule SB8).
  return !fullStop.test(sentence) || /[\p{L}\n]/u.test(rest);
}

/** The last end of a word at or before `limit`, the space behind it included; `limit` when there is none. */
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
    throw new InvalidArgumentError("locale", `must be a language tag such as "en" or "de-CH", not ${kindOf(locale)}`, {
      cause,
    });
  }
}

function checkCount(field: string, value: number, least: number): number {
  if (Number.isInteger(value) && value >= least) return value;
  throw new InvalidArgumentError(field, `must be a whole number of at least ${least}, not ${kindOf(value)}`);
}
