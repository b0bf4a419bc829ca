import {
  type Clock,
  BotStartedSpeakingFrame,
  BotStoppedSpeakingFrame,
  type InterimTranscriptionFrame,
  UserStartedSpeakingFrame,
  UserStoppedSpeakingFrame,
  VADUserStartedSpeakingFrame,
  VADUserStoppedSpeakingFrame,
} from "turnwire/internal";
import { TranscriptionFrame } from "turnwire";

/** The frames that turns are decided by. `UserStarted…` and `UserStoppedSpeakingFrame` request a turn and its end. */
export type TurnFrame =
  | VADUserStartedSpeakingFrame
  | VADUserStoppedSpeakingFrame
  | InterimTranscriptionFrame
  | TranscriptionFrame
  | BotStartedSpeakingFrame
  | BotStoppedSpeakingFrame
  | UserStartedSpeakingFrame
  | UserStoppedSpeakingFrame;

/** The words and voice heard in a user's turn; between turns, since the last one or since held words were dropped. */
export interface TurnState {
  /** Whether the VAD hears the user's voice. */
  readonly voice: boolean;
  readonly botSpeaking: boolean;
  /** How many words the final transcriptions have. */
  readonly finalWords: number;
  /** The same, including the newest interim transcription that is not final yet. */
  readonly words: number;
  /** Whether, as far as is known, no more transcriptions of what was said will come. */
  readonly complete: boolean;
  /** Whether the STT service detected the end of speech, and nothing has been heard since. */
  readonly endOfSpeech: boolean;
  /** How many milliseconds ago the voice stopped or, without a VAD, the last words came; undefined before either. */
  readonly quietMs: number | undefined;
  /** How many milliseconds ago a `UserStoppedSpeakingFrame` requested the end of the turn. */
  readonly endAskedMs: number | undefined;
}

/** The number of words in a text. */
export function countWords(text: string): number {
  return text.split(/\s+/).filter((word) => word !== "").length;
}

/** Keeps a {@link TurnState} up to date. */
export class TurnStateTracker implements TurnState {
  readonly #clock: Clock;
  voice = false;
  botSpeaking = false;
  finalWords = 0;
  complete = false;
  endOfSpeech = false;
  /** Whether the VAD has heard a voice. */
  heardVoice = false;
  #interimWords = 0;
  #quietSinceMs: number | undefined;
  #endAskedAtMs: number | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get words(): number {
    return this.finalWords + this.#interimWords;
  }

  get quietMs(): number | undefined {
    return this.#since(this.#quietSinceMs);
  }

  get endAskedMs(): number | undefined {
    return this.#since(this.#endAskedAtMs);
  }

  /** Returns a new start, in which only who is speaking is known. */
  next(): TurnStateTracker {
    const next = new TurnStateTracker(this.#clock);
    next.voice = next.heardVoice = this.voice;
    next.botSpeaking = this.botSpeaking;
    return next;
  }

  take(frame: TurnFrame): void {
    if (frame instanceof BotStartedSpeakingFrame) this.botSpeaking = true;
    else if (frame instanceof BotStoppedSpeakingFrame) this.botSpeaking = false;
    else if (frame instanceof UserStoppedSpeakingFrame) this.#endAskedAtMs = this.#clock.now();
    else if (frame instanceof UserStartedSpeakingFrame) this.#endAskedAtMs = undefined;
    else if (frame instanceof VADUserStartedSpeakingFrame) this.#startVoice();
    else if (frame instanceof VADUserStoppedSpeakingFrame) this.#stopVoice();
    else this.#takeWords(frame);
  }

  #startVoice(): void {
    this.voice = true;
    this.heardVoice = true;
    this.complete = false;
    this.endOfSpeech = false;
    this.#quietSinceMs = undefined;
  }

  #stopVoice(): void {
    this.voice = false;
    this.heardVoice = true;
    this.#quietSinceMs = this.#clock.now();
  }

  #takeWords(frame: InterimTranscriptionFrame | TranscriptionFrame): void {
    const words = countWords(frame.text);
    if (frame instanceof TranscriptionFrame) {
      this.finalWords += words;
      this.#interimWords = 0;
      this.endOfSpeech = frame.endOfSpeech;
      this.complete = frame.endOfSpeech || !this.voice;
    } else if (words > 0) {
      this.#interimWords = words;
      this.endOfSpeech = false;
      this.complete = false;
    }
    if (!this.heardVoice) this.#quietSinceMs = this.#clock.now();
  }

  #since(atMs: number | undefined): number | undefined {
    return atMs === undefined ? undefined : this.#clock.now() - atMs;
  }
}
