import type { ScriptedWord } from "../script.ts";

export interface RecogniserOptions {
  /** The time between interim results; undefined for none. */
  readonly interimMs: number | undefined;
  /** The length of silence that ends an utterance; false if none does. */
  readonly endpointingMs: number | false;
  /** The gap after the last word that leads to an `UtteranceEnd`; undefined for none. */
  readonly utteranceEndMs: number | undefined;
  /** How much audio a result covers before it becomes final without an end of the utterance. */
  readonly segmentMs: number;
}

export interface HeardResult {
  readonly type: "result";
  readonly startMs: number;
  readonly endMs: number;
  readonly words: readonly ScriptedWord[];
  readonly isFinal: boolean;
  readonly speechFinal: boolean;
  readonly fromFinalize: boolean;
}

/** A result. Times are those of the audio. */
export type Heard =
  | HeardResult
  | { readonly type: "speechStarted"; readonly atMs: number }
  | { readonly type: "utteranceEnd"; readonly lastWordEndMs: number };

/** Without endpointing, a silence of this length ends an utterance for `SpeechStarted`. */
const quietMs = 1_000;

interface Step {
  readonly atMs: number;
  readonly take: () => void;
}

/**
 * Hears the words of a script as audio comes in, and gives results when a recogniser would. All it knows of the
 * audio is how much there was. Pure: no clock, no socket.
 */
export class Recogniser {
  readonly #words: readonly ScriptedWord[];
  readonly #options: RecogniserOptions;
  #heard: Heard[] = [];
  #nowMs = 0;
  /** The start of the result that is not final yet. */
  #segmentMs = 0;
  #splitMs: number;
  #interimMs: number;
  /** How many words have begun, have ended, and are in final results. */
  #begun = 0;
  #ended = 0;
  #final = 0;
  #inUtterance = false;
  /** The number of words that have had their `UtteranceEnd`. */
  #utteranceEnded = 0;

  /** @param words Sorted, without overlap. */
  constructor(words: readonly ScriptedWord[], options: RecogniserOptions) {
    this.#words = words;
    this.#options = options;
    this.#splitMs = options.segmentMs;
    this.#interimMs = options.interimMs ?? Infinity;
  }

  /** The time up to which the results are final. */
  get finalMs(): number {
    return this.#segmentMs;
  }

  /** Takes audio up to `toMs`. Returns the results in their order. */
  advance(toMs: number): Heard[] {
    for (let step = this.#next(); step !== undefined && step.atMs <= toMs; step = this.#next()) {
      this.#nowMs = Math.max(this.#nowMs, step.atMs);
      step.take();
    }
    this.#nowMs = Math.max(this.#nowMs, toMs);
    return this.#take();
  }

  /** Makes the open result final, for a `Finalize` or the end of the stream. Returns nothing without new audio. */
  finish(reason: "finalize" | "close"): Heard[] {
    const ended = !this.#inWord;
    if (this.#nowMs > this.#segmentMs)
      this.#result({ isFinal: true, speechFinal: ended, fromFinalize: reason === "finalize" });
    if (ended) this.#inUtterance = false;
    return this.#take();
  }

  get #inWord(): boolean {
    return this.#begun > this.#ended;
  }

  /** The next event; of several at the same time, the first of the list. */
  #next(): Step | undefined {
    const steps = [this.#wordEnd(), this.#wordStart(), this.#endpoint(), this.#split(), this.#interim(), this.#gap()];
    let next: Step | undefined;
    for (const step of steps) if (step !== undefined && step.atMs < (next?.atMs ?? Infinity)) next = step;
    return next;
  }

  #wordEnd(): Step | undefined {
    if (!this.#inWord) return undefined;
    return { atMs: this.#words[this.#ended]!.endMs, take: () => (this.#ended += 1) };
  }

  #wordStart(): Step | undefined {
    const word = this.#words[this.#begun];
    if (word === undefined || this.#inWord) return undefined;
    const take = (): void => {
      this.#begun += 1;
      if (!this.#inUtterance) this.#heard.push({ type: "speechStarted", atMs: word.startMs });
      this.#inUtterance = true;
    };
    return { atMs: word.startMs, take };
  }

  /** The utterance ends when it has been silent for long enough. */
  #endpoint(): Step | undefined {
    const { endpointingMs, utteranceEndMs = quietMs } = this.#options;
    if (!this.#inUtterance || this.#inWord) return undefined;
    const silenceMs = endpointingMs === false ? utteranceEndMs : endpointingMs;
    const take = (): void => {
      this.#inUtterance = false;
      if (endpointingMs !== false) this.#result({ isFinal: true, speechFinal: true });
    };
    return { atMs: this.#lastEndMs + silenceMs, take };
  }

  /** Limits the length of a result, also in silence. */
  #split(): Step {
    return { atMs: this.#splitMs, take: () => this.#result({ isFinal: true }) };
  }

  #interim(): Step {
    return { atMs: this.#interimMs, take: () => this.#result({ isFinal: false }) };
  }

  /** The gap after the last word, once that word is in a final result. */
  #gap(): Step | undefined {
    const { utteranceEndMs } = this.#options;
    if (utteranceEndMs === undefined || this.#inWord) return undefined;
    if (this.#final < this.#ended || this.#utteranceEnded === this.#ended) return undefined;
    const lastWordEndMs = this.#lastEndMs;
    const take = (): void => {
      this.#utteranceEnded = this.#ended;
      this.#heard.push({ type: "utteranceEnd", lastWordEndMs });
    };
    return { atMs: Math.max(this.#nowMs, lastWordEndMs + utteranceEndMs), take };
  }

  get #lastEndMs(): number {
    return this.#words[this.#ended - 1]?.endMs ?? 0;
  }

  #result({
    isFinal,
    speechFinal = false,
    fromFinalize = false,
  }: Pick<HeardResult, "isFinal"> & Partial<HeardResult>): void {
    const { interimMs = Infinity, segmentMs } = this.#options;
    // A word that has not ended belongs to the next result.
    const endMs = isFinal && this.#inWord ? Math.max(this.#segmentMs, this.#words[this.#ended]!.startMs) : this.#nowMs;
    const words = this.#words.slice(this.#final, this.#ended);
    this.#interimMs = this.#nowMs + interimMs;
    if (isFinal) this.#splitMs = this.#nowMs + segmentMs;
    if (isFinal && endMs === this.#segmentMs && !fromFinalize) return;
    this.#heard.push({ type: "result", startMs: this.#segmentMs, endMs, words, isFinal, speechFinal, fromFinalize });
    if (!isFinal) return;
    this.#segmentMs = endMs;
    this.#final = this.#ended;
  }

  #take(): Heard[] {
    const heard = this.#heard;
    this.#heard = [];
    return heard;
  }
}
