import { type Clock, InactivityTimer, TimeoutError, type TurnwireError } from "turnwire/internal";
import { isSpeakable } from "../text/spoken-words.ts";
import type { Utterance } from "../utterance/utterance.ts";
import type { Part, SpeechPart } from "./speech-part.ts";
import type { SpeechQueue } from "./speech-queue.ts";

/** The requests of the synthesis to the provider, and its reports to the service. */
export interface SynthesisOptions<Settings> {
  name: string;
  clock: Clock;
  /** How long the provider may take to start with the audio of an utterance, and to continue it. */
  responseTimeoutMs: number;
  say(text: string, part: SpeechPart<Settings>): void;
  finish(part: SpeechPart<Settings>): void;
  drop(part: SpeechPart<Settings>): void;
  canSay(settings: Settings): boolean;
  canContinue(part: SpeechPart<Settings>): boolean;
  /** Returns what is spoken of a piece of text. */
  filter(text: string): string;
  /** There is nothing left to say. */
  onIdle(): void;
  /** The provider has not answered in time. */
  onSilent(): void;
  /** Audio has arrived. For the first audio of an utterance, `afterMs` is the time since its first text was sent. */
  onAudio(afterMs: number | undefined): void;
  onError(error: TurnwireError): void;
  /** The rest of an utterance is said again after an error. */
  onSaidAgain(error: TurnwireError): void;
}

/** Has the provider speak the utterances of a queue one after the other, and makes sure that each comes to an end. */
export class Synthesis<Settings> {
  readonly #queue: SpeechQueue<Settings>;
  readonly #options: SynthesisOptions<Settings>;
  /** Runs while there is an active utterance. */
  readonly #responseTimer: InactivityTimer;
  /** The utterance that the provider works on. */
  #active: Utterance<Settings> | undefined;
  #part: Part<Settings> | undefined;
  #parts = 0;
  /** When the first text of the active utterance was sent. */
  #sentMs: number | undefined;
  /** Whether audio of the active utterance has arrived. */
  #hasAudio = false;
  /** Whether the provider's audio has to wait for room in the queue. */
  #isBlocked = false;

  constructor(queue: SpeechQueue<Settings>, options: SynthesisOptions<Settings>) {
    this.#queue = queue;
    this.#options = options;
    this.#responseTimer = new InactivityTimer(options.clock, options.responseTimeoutMs, () => this.#onInactive());
    this.#responseTimer.stop();
  }

  get active(): Utterance<Settings> | undefined {
    return this.#active;
  }

  /** Gives the provider as much text as it can take now. */
  resume(): void {
    this.#sayPieces();
    const part = this.#part;
    // While the queue is full no more text arrives.
    if (part !== undefined && !part.isFinished && (part.utterance.text.isClosed || !this.#queue.hasRoom)) {
      this.#finish(part);
    }
    this.#queue.advance();
  }

  /** The provider has lost the part that it was speaking. The text that has not been heard is said again at `resume`. */
  lost(): void {
    if (this.#part === undefined) return;
    this.#part.utterance.rewind();
    this.#part = undefined;
    this.#responseTimer.touch();
    this.#queue.advance();
  }

  /** Fails the active utterance. `error` is reported, also if nothing is active; leave it out if it has been reported. */
  fail(error?: TurnwireError): void {
    if (this.#active !== undefined) this.#failUtterance(this.#active, error);
    else if (error !== undefined) this.#options.onError(error);
  }

  /** The queue was interrupted: nothing that was under way is wanted any more. */
  interrupted(): void {
    this.#dropPart();
    this.#nextWork();
  }

  #makePart(utterance: Utterance<Settings>, fromOffset: number): Part<Settings> {
    const fromBytes = utterance.audio.inBytes;
    /** Reports on a part that is over are ignored. */
    const whenCurrent = <Result>(report: () => Result): Result | undefined => {
      if (this.#part !== part) return undefined;
      this.#responseTimer.touch();
      return report();
    };
    const whenProgressed = (report: () => void): void => {
      whenCurrent(() => {
        report();
        this.#queue.advance();
      });
    };
    const part: Part<Settings> = {
      id: `${utterance.id}/${++this.#parts}`,
      utterance,
      utteranceId: utterance.id,
      settings: utterance.settings,
      fromOffset,
      hasAudio: false,
      isFinished: false,
      get saidOffset() {
        return utterance.text.saidOffset;
      },
      addAudio: async (bytes) => whenCurrent(() => this.#addAudio(part, bytes)),
      addWords: (words) => whenProgressed(() => utterance.addWords(words, fromBytes)),
      markSpoken: (offset) => whenProgressed(() => utterance.audio.markSpoken(offset)),
      end: () => whenCurrent(() => this.#partEnded(part)),
      fail: (error) => whenCurrent(() => this.#partFailed(part, error)),
    };
    return part;
  }

  async #addAudio(part: Part<Settings>, bytes: Uint8Array): Promise<void> {
    if (bytes.length === 0) return;
    part.hasAudio = true;
    part.utterance.audio.append(bytes);
    this.#options.onAudio(this.#hasAudio ? undefined : this.#options.clock.now() - (this.#sentMs ?? 0));
    this.#hasAudio = true;
    this.#queue.advance();
    this.#isBlocked = true;
    await this.#queue.audioRoom();
    this.#isBlocked = false;
    this.#responseTimer.touch();
  }

  #partEnded(part: Part<Settings>): void {
    const { utterance } = part;
    this.#part = undefined;
    // It ended before it was asked to, perhaps without having seen the last pieces.
    if (!part.isFinished && utterance.audio.isExact) utterance.text.rewindToFound(part.fromOffset);
    utterance.audio.markSpoken(utterance.text.saidOffset);
    this.resume();
  }

  #partFailed(part: Part<Settings>, error: TurnwireError): void {
    if (part.hasAudio) part.utterance.rewind();
    if (!part.hasAudio || part.saidOffset <= part.fromOffset) {
      this.#failUtterance(part.utterance, error);
      return;
    }
    this.#part = undefined;
    this.resume();
    this.#options.onSaidAgain(error);
  }

  #failUtterance(utterance: Utterance<Settings>, error: TurnwireError | undefined): void {
    this.#dropPart();
    utterance.audio.fail();
    if (error !== undefined) this.#options.onError(error);
    this.resume();
  }

  #sayPieces(): void {
    for (let utterance = this.#nextWork(); utterance?.hasPiece; utterance = this.#nextWork()) {
      if (!this.#options.canSay(utterance.settings)) return;
      if (this.#part !== undefined && !this.#options.canContinue(this.#part)) this.#finish(this.#part);
      // The piece is said when the part has ended.
      if (this.#part?.isFinished) return;
      const fromOffset = utterance.text.saidOffset;
      const text = this.#options.filter(utterance.text.nextPiece() ?? "");
      if (!isSpeakable(text)) continue;
      this.#part ??= this.#makePart(utterance, fromOffset);
      this.#responseTimer.touch();
      this.#sentMs ??= this.#options.clock.now();
      utterance.markAsked();
      this.#options.say(text, this.#part);
    }
  }

  /** Returns the utterance that the provider has to work on, the first that is not complete. Completes finished ones. */
  #nextWork(): Utterance<Settings> | undefined {
    for (;;) {
      const utterance = this.#queue.firstIncomplete;
      if (utterance !== this.#active) this.#activate(utterance);
      const isDone = utterance?.text.isClosed && !utterance.hasPiece && this.#part === undefined;
      if (utterance === undefined || !isDone) return utterance;
      utterance.finish();
    }
  }

  #activate(utterance: Utterance<Settings> | undefined): void {
    this.#active = utterance;
    this.#sentMs = undefined;
    this.#hasAudio = false;
    this.#responseTimer.stop();
    if (utterance === undefined) this.#options.onIdle();
    else this.#responseTimer.start();
  }

  #finish(part: Part<Settings>): void {
    part.isFinished = true;
    this.#responseTimer.touch();
    this.#options.finish(part);
  }

  #dropPart(): void {
    const part = this.#part;
    this.#part = undefined;
    if (part !== undefined) this.#options.drop(part);
  }

  /** Whether the service waits for the provider, and not for the model's next words or for room in the queue. */
  get #waitsForProvider(): boolean {
    if (this.#isBlocked) return false;
    if (this.#part === undefined) return this.#active?.hasPiece ?? false;
    return !this.#part.hasAudio || this.#part.isFinished;
  }

  #onInactive(): void {
    if (!this.#waitsForProvider) {
      this.#responseTimer.touch();
      return;
    }
    const { name, responseTimeoutMs } = this.#options;
    this.fail(new TimeoutError(`${name}: the audio of an utterance`, responseTimeoutMs));
    this.#options.onSilent();
  }
}
