import type { TurnwireError } from "turnwire/internal";
import type { SpokenWord, Utterance } from "../utterance/utterance.ts";

/**
 * Text that a provider is asked to say as one: an utterance, or the rest of one after a lost connection. The provider reports
 * on it here; reports on a part that is over are ignored.
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

/** A part, as the synthesis that made it sees it. */
export interface Part<Settings> extends SpeechPart<Settings> {
  readonly utterance: Utterance<Settings>;
  /** The place in the utterance's text where its text begins. */
  readonly fromOffset: number;
  /** Whether some of its audio has arrived. */
  hasAudio: boolean;
  /** Whether the provider knows that no more text follows. */
  isFinished: boolean;
}
