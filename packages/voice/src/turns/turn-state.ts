import type { Clock } from "turnwire/internal";
import {
  BotStartedSpeakingFrame,
  BotStoppedSpeakingFrame,
  type InterimTranscriptionFrame,
  TranscriptionFrame,
  UserStartedSpeakingFrame,
  UserStoppedSpeakingFrame,
  VADUserStartedSpeakingFrame,
  VADUserStoppedSpeakingFrame,
} from "turnwire";

/** What turns are decided from. `UserStarted…` and `UserStoppedSpeakingFrame` ask for a turn and for its end. */
export type TurnFrame =
  | VADUserStartedSpeakingFrame
  | VADUserStoppedSpeakingFrame
  | InterimTranscriptionFrame
  | TranscriptionFrame
  | BotStartedSpeakingFrame
  | BotStoppedSpeakingFrame
  | UserStartedSpeakingFrame
  | UserStoppedSpeakingFrame;

/** What has been heard in a user's turn; outside of one, since the last turn, unless it has been dropped. */
export interface TurnState {
  /** Whether the VAD hears the user's voice. */
  readonly voice: boolean;
  readonly botSpeaking: boolean;
  /** How many words there are final transcriptions of. */
  readonly finalWords: number;
  /** The same, with those of the newest interim transcription that is not final yet. */
  readonly words: number;
  /** Whether, as far as can be told, no transcription of what was said is still to come. */
  readonly complete: boolean;
  /** Whether the STT service heard the user come to an end, and nothing has been heard since. */
  readonly endOfSpeech: boolean;
  /** How long ago the voice stopped, or, without a VAD, words last came; undefined before either. */
  readonly quietMs: number | undefined;
  /** How long ago a `UserStoppedSpeakingFrame` asked for the end of the turn. */
  readonly endAskedMs: number | undefined;
}

/** The words of a text. */
export function countWords(text: string): number {
  return text.split(/\s+/).filter((word) => word !== "").length;
}

/** Keeps a {@link TurnState}. */
export class Hearing implements TurnState {
  readonly #clock: Clock;
  voice = false;
  botSpeaking = false;
  finalWords = 0;
  complete = false;
  endOfSpeech = false;
  /** Whether the VAD heard a voice. */
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

  /** Begins anew. Who speaks is kept: it is so, whatever the turns. */
  forget(): void {
    this.finalWords = 0;
    this.#interimWords = 0;
    this.complete = false;
    this.endOfSpeech = false;
    this.heardVoice = this.voice;
    this.#quietSinceMs = undefined;
    this.#endAskedAtMs = undefined;
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
