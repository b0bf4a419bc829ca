import type { Clock } from "turnwire/internal";
import { type AudioFormat, bytesForMs } from "turnwire/internal";
import { TimeoutError, type TurnwireError } from "turnwire/internal";
import type { SpeechQueue } from "./speech-queue.ts";
import { isSpeakable } from "./spoken-words.ts";
import type { SpokenWord, Utterance } from "./utterance.ts";

/** What a provider is asked to say as one: an utterance, or what was still to be said of it after a lost connection. */
export interface SpeechPart<Settings> {
  /** Unique within the service. */
  readonly id: string;
  readonly utteranceId: string;
  readonly settings: Settings;
}

interface OpenPart<Settings> extends SpeechPart<Settings> {
  utterance: Utterance<Settings>;
  /** Where its audio begins in that of the utterance. */
  fromBytes: number;
  /** Where its text begins in that of the utterance. */
  fromOffset: number;
  hasAudio: boolean;
  /** Whether the provider knows that no more text comes. */
  finished: boolean;
}

/** What is asked of a provider, and told to who uses it. */
export interface SynthesisHooks<Settings> {
  say(text: string, part: SpeechPart<Settings>): void;
  finish(part: SpeechPart<Settings>): void;
  drop(part: SpeechPart<Settings>): void;
  canSay(settings: Settings): boolean;
  canContinue(part: SpeechPart<Settings>): boolean;
  /** What is spoken of the text. */
  filter(text: string): string;
  /** Nothing is left to be said. */
  idle(): void;
  /** The provider has not answered in time. */
  silent(): void;
  /** The first audio of an utterance has come so long after its first text was sent. */
  began(afterMs: number): void;
  failed(error: TurnwireError): void;
}

export interface SynthesisOptions {
  name: string;
  clock: Clock;
  format: AudioFormat;
  responseTimeoutMs: number;
}

/** Has the provider speak the utterances of a queue, one after the other, and sees to it that each comes to an end. */
export class Synthesis<Settings> {
  readonly #queue: SpeechQueue<Settings>;
  readonly #hooks: SynthesisHooks<Settings>;
  readonly #options: SynthesisOptions;
  /** The utterance the provider works on. */
  #active: Utterance<Settings> | undefined;
  #part: OpenPart<Settings> | undefined;
  #parts = 0;
  /** When the first text of the active utterance was sent. */
  #sentMs: number | undefined;
  #hasBegun = false;
  #progressMs = 0;
  /** Whether audio has to wait because what came before has not gone out. */
  #isSlowed = false;
  #cancelTimer: () => void = () => undefined;

  constructor(queue: SpeechQueue<Settings>, hooks: SynthesisHooks<Settings>, options: SynthesisOptions) {
    this.#queue = queue;
    this.#hooks = hooks;
    this.#options = options;
  }

  get active(): Utterance<Settings> | undefined {
    return this.#active;
  }

  /** How far the text of the part has been given to the provider. */
  get saidOffset(): number {
    return this.#part?.utterance.saidOffset ?? 0;
  }

  /** Gives the provider what it can be given now. */
  sayMore(): void {
    this.#sayPieces();
    const part = this.#part;
    // While the queue is full no more text comes.
    if (part !== undefined && !part.finished && (part.utterance.closed || !this.#queue.hasRoom)) this.#finish(part);
    this.#queue.changed();
  }

  async audioCame(partId: string, bytes: Uint8Array): Promise<void> {
    const part = this.#current(partId);
    if (part === undefined || bytes.length === 0) return;
    if (!this.#hasBegun) this.#hooks.began(this.#options.clock.now() - (this.#sentMs ?? 0));
    this.#hasBegun = true;
    part.hasAudio = true;
    part.utterance.addAudio(bytes);
    this.#queue.changed();
    this.#isSlowed = true;
    await this.#queue.audioRoom();
    this.#isSlowed = false;
    this.#sawProgress();
  }

  wordsCame(partId: string, words: readonly SpokenWord[]): void {
    const part = this.#current(partId);
    part?.utterance.addWords(words, part.fromBytes, (ms) => bytesForMs(ms, this.#options.format));
    this.#queue.changed();
  }

  spokenTo(partId: string, offset: number): void {
    this.#current(partId)?.utterance.spokenTo(offset);
    this.#queue.changed();
  }

  partEnded(partId: string): void {
    const part = this.#current(partId);
    if (part === undefined) return;
    const { utterance } = part;
    this.#part = undefined;
    if (!part.finished && utterance.exact) utterance.rewindToUnspoken(part.fromOffset);
    utterance.spokenTo(utterance.saidOffset);
    this.sayMore();
  }

  /** Answers whether what has not been heard is said again. */
  partFailed(partId: string, error: TurnwireError): boolean {
    const part = this.#current(partId);
    if (part === undefined) return false;
    if (part.hasAudio) part.utterance.rewind();
    const again = part.hasAudio && part.utterance.saidOffset > part.fromOffset;
    if (!again) this.fail(part.utterance, error);
    else {
      this.#part = undefined;
      this.sayMore();
    }
    return again;
  }

  /** The provider has lost the part it was speaking. */
  lost(): void {
    if (this.#part === undefined) return;
    this.#part.utterance.rewind();
    this.#part = undefined;
    this.#sawProgress();
    this.#queue.changed();
  }

  /** An utterance is not going to be spoken any further. */
  fail(utterance: Utterance<Settings>, error: TurnwireError | undefined): void {
    this.#dropPart();
    utterance.fail();
    if (error !== undefined) this.#hooks.failed(error);
    this.sayMore();
  }

  /** The queue was interrupted: nothing that was under way is wanted any more. */
  interrupted(): void {
    this.#dropPart();
    this.#work();
  }

  #sayPieces(): void {
    for (let utterance = this.#work(); utterance?.hasPiece; utterance = this.#work()) {
      if (!this.#hooks.canSay(utterance.settings)) return;
      if (this.#part !== undefined && !this.#hooks.canContinue(this.#part)) this.#finish(this.#part);
      // Said when the part has ended.
      if (this.#part?.finished) return;
      const fromOffset = utterance.saidOffset;
      const text = this.#hooks.filter(utterance.nextPiece() ?? "");
      if (!isSpeakable(text)) continue;
      this.#part ??= this.#begin(utterance, fromOffset);
      this.#sawProgress();
      this.#sentMs ??= this.#progressMs;
      utterance.asked();
      this.#hooks.say(text, this.#part);
    }
  }

  /** The utterance the provider is to work on: the first that is not complete. Completes those that need nothing more. */
  #work(): Utterance<Settings> | undefined {
    for (;;) {
      const utterance = this.#queue.firstIncomplete;
      if (utterance !== this.#active) this.#activate(utterance);
      const isDone = utterance?.closed && !utterance.hasPiece && this.#part === undefined;
      if (utterance === undefined || !isDone) return utterance;
      utterance.finish();
    }
  }

  #activate(utterance: Utterance<Settings> | undefined): void {
    this.#active = utterance;
    this.#sentMs = undefined;
    this.#hasBegun = false;
    this.#sawProgress();
    this.#cancelTimer();
    if (utterance === undefined) this.#hooks.idle();
    else this.#watch(utterance, this.#options.responseTimeoutMs);
  }

  #begin(utterance: Utterance<Settings>, fromOffset: number): OpenPart<Settings> {
    const { id: utteranceId, settings, audioBytes: fromBytes } = utterance;
    const id = `${utteranceId}/${++this.#parts}`;
    return { id, utteranceId, settings, utterance, fromBytes, fromOffset, hasAudio: false, finished: false };
  }

  #finish(part: OpenPart<Settings>): void {
    part.finished = true;
    this.#sawProgress();
    this.#hooks.finish(part);
  }

  #dropPart(): void {
    const part = this.#part;
    this.#part = undefined;
    if (part !== undefined) this.#hooks.drop(part);
  }

  #current(partId: string): OpenPart<Settings> | undefined {
    if (this.#part?.id !== partId) return undefined;
    this.#sawProgress();
    return this.#part;
  }

  #sawProgress(): void {
    this.#progressMs = this.#options.clock.now();
  }

  /** Whether it is the provider's turn: not while the model thinks of what comes next. */
  get #isOwed(): boolean {
    if (this.#isSlowed) return false;
    if (this.#part === undefined) return this.#active?.hasPiece ?? false;
    return !this.#part.hasAudio || this.#part.finished;
  }

  #watch(utterance: Utterance<Settings>, delayMs: number): void {
    const { clock, name, responseTimeoutMs: limitMs } = this.#options;
    const look = (): void => {
      if (!this.#isOwed) this.#sawProgress();
      const leftMs = this.#progressMs + limitMs - clock.now();
      if (leftMs > 0) {
        this.#watch(utterance, leftMs);
        return;
      }
      this.fail(utterance, new TimeoutError(`${name}: the audio of an utterance`, limitMs));
      this.#hooks.silent();
    };
    this.#cancelTimer = clock.schedule(look, delayMs, { keepAlive: false });
  }
}
