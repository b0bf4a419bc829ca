import type { TurnwireError } from "turnwire/internal";
import type { SpokenWord, Utterance } from "../utterance/index.ts";

/**
 * What a provider is asked to say as one: an utterance, or the rest of one after a lost connection. The provider reports on
 * it here; reports on a part that is over are ignored.
 */
export interface SpeechPart<Settings> {
  /** Unique within the service. */
  readonly id: string;
  readonly utteranceId: string;
  readonly settings: Settings;
  /** How far the utterance's text has been given to the provider, for `markSpoken`. In characters. */
  readonly saidOffset: number;
  /** Adds audio. Resolves when there is room for more: await it before receiving more. */
  addAudio(bytes: Uint8Array): Promise<void>;
  /** Adds the times of words that have been or will be spoken in the part's audio. */
  addWords(words: readonly SpokenWord[]): void;
  /** Reports that all audio of the text up to an offset (see `saidOffset`) has arrived. */
  markSpoken(offset: number): void;
  /** Reports that all audio of the text that the provider was given has arrived. */
  end(): void;
  /**
   * Reports that the provider has given the part up. The text that has not been heard is said again, unless the provider
   * spoke no word of the part.
   */
  fail(error: TurnwireError): void;
}

/** What a part tells the synthesis that made it. */
export interface PartOwner<Settings> {
  isCurrent(part: Part<Settings>): boolean;
  audioAdded(): Promise<void>;
  progressed(): void;
  ended(part: Part<Settings>): void;
  failed(part: Part<Settings>, error: TurnwireError): void;
}

export class Part<Settings> implements SpeechPart<Settings> {
  readonly id: string;
  readonly utterance: Utterance<Settings>;
  /** Where its text begins in that of the utterance. */
  readonly fromOffset: number;
  /** Whether some of its audio has arrived. */
  hasAudio = false;
  /** Whether the provider knows that no more text follows. */
  isFinished = false;
  /** Where its audio begins in that of the utterance. */
  readonly #fromBytes: number;
  readonly #owner: PartOwner<Settings>;

  constructor(id: string, utterance: Utterance<Settings>, fromOffset: number, owner: PartOwner<Settings>) {
    this.id = id;
    this.utterance = utterance;
    this.fromOffset = fromOffset;
    this.#fromBytes = utterance.audioBytes;
    this.#owner = owner;
  }

  get utteranceId(): string {
    return this.utterance.id;
  }

  get settings(): Settings {
    return this.utterance.settings;
  }

  get saidOffset(): number {
    return this.utterance.text.saidOffset;
  }

  addAudio(bytes: Uint8Array): Promise<void> {
    if (!this.#owner.isCurrent(this) || bytes.length === 0) return Promise.resolve();
    this.hasAudio = true;
    this.utterance.addAudio(bytes);
    return this.#owner.audioAdded();
  }

  addWords(words: readonly SpokenWord[]): void {
    if (!this.#owner.isCurrent(this)) return;
    this.utterance.addWords(words, this.#fromBytes);
    this.#owner.progressed();
  }

  markSpoken(offset: number): void {
    if (!this.#owner.isCurrent(this)) return;
    this.utterance.markSpoken(offset);
    this.#owner.progressed();
  }

  end(): void {
    if (this.#owner.isCurrent(this)) this.#owner.ended(this);
  }

  fail(error: TurnwireError): void {
    if (this.#owner.isCurrent(this)) this.#owner.failed(this, error);
  }
}
