import {
  BotStoppedSpeakingFrame,
  InterimTranscriptionFrame,
  TranscriptionFrame,
  UserStartedSpeakingFrame,
  VADUserStartedSpeakingFrame,
} from "turnwire";
import { checkNumber } from "./checks.ts";
import type { TurnFrame, TurnState } from "./turn-state.ts";

/** Decides when a user's turn begins. It can be a plain object. */
export interface UserTurnStartStrategy {
  /** Whether a turn begins with this frame. Asked for every `TurnFrame` outside of turns; `state` holds the frame already. */
  starts(frame: TurnFrame, state: TurnState): boolean;
}

/** Decides when a user's turn ends. It can be a plain object. */
export interface UserTurnStopStrategy {
  /**
   * In how many milliseconds the turn is to end, 0 being now; undefined: not on this strategy's account. Asked for every
   * `TurnFrame` of a turn, the first included; an answer takes the place of the one before. `state` holds the frame already.
   */
  endsInMs(frame: TurnFrame, state: TurnState): number | undefined;
}

/** Starts a turn when the VAD hears a voice, also while the bot speaks. */
export class VADStartStrategy implements UserTurnStartStrategy {
  starts(frame: TurnFrame): boolean {
    return frame instanceof VADUserStartedSpeakingFrame;
  }
}

/** Starts a turn when a word has been recognised, also while the bot speaks. */
export class TranscriptionStartStrategy implements UserTurnStartStrategy {
  readonly #useInterim: boolean;

  /** @param options - `useInterim`: whether interim transcriptions count. Default true. */
  constructor(options: { useInterim?: boolean } = {}) {
    this.#useInterim = options.useInterim ?? true;
  }

  starts(frame: TurnFrame): boolean {
    return hasWords(frame, this.#useInterim);
  }
}

/**
 * While the bot speaks, starts a turn when so many words have been recognised: an "uh-huh" does not interrupt. While it
 * does not, a voice or a word is enough. Not to be combined with a strategy that starts without the words.
 */
export class MinWordsStartStrategy implements UserTurnStartStrategy {
  readonly #minWords: number;
  readonly #useInterim: boolean;

  /** @param options - `minWords`: default 3. `useInterim`: whether words of interim transcriptions count. Default true. */
  constructor(options: { minWords?: number; useInterim?: boolean } = {}) {
    this.#minWords = checkNumber("minWords", options.minWords ?? 3, 1);
    this.#useInterim = options.useInterim ?? true;
  }

  starts(frame: TurnFrame, state: TurnState): boolean {
    const words = hasWords(frame, this.#useInterim);
    if (state.botSpeaking) return words && (this.#useInterim ? state.words : state.finalWords) >= this.#minWords;
    const stillSpeaking = frame instanceof BotStoppedSpeakingFrame && state.voice;
    return words || stillSpeaking || frame instanceof VADUserStartedSpeakingFrame;
  }
}

/** Ends a turn when the voice has been quiet for a while and its transcription has come, or has not come in time. */
export class SilenceStopStrategy implements UserTurnStopStrategy {
  readonly #pauseMs: number;
  readonly #finalTimeoutMs: number;

  /**
   * Both count from when the VAD says that the voice has stopped; without a VAD from the last transcription.
   *
   * @param options - `pauseMs`: how long the user may pause without the turn ending. Default 600.
   * `finalTimeoutMs`: how long the transcription is waited for. Default 1500.
   */
  constructor(options: { pauseMs?: number; finalTimeoutMs?: number } = {}) {
    this.#pauseMs = checkNumber("pauseMs", options.pauseMs ?? 600, 0);
    this.#finalTimeoutMs = checkNumber("finalTimeoutMs", options.finalTimeoutMs ?? 1500, 0);
  }

  endsInMs(_frame: TurnFrame, state: TurnState): number | undefined {
    if (state.voice || state.quietMs === undefined) return undefined;
    const waitMs = state.complete ? this.#pauseMs : Math.max(this.#pauseMs, this.#finalTimeoutMs);
    return Math.max(0, waitMs - state.quietMs);
  }
}

/** Ends a turn when the STT service has heard its end (`TranscriptionFrame.endOfSpeech`), unless the VAD hears a voice. */
export class EndpointingStopStrategy implements UserTurnStopStrategy {
  endsInMs(_frame: TurnFrame, state: TurnState): number | undefined {
    return state.endOfSpeech && !state.voice ? 0 : undefined;
  }
}

/**
 * Starts and ends turns when a `UserStartedSpeakingFrame` or a `UserStoppedSpeakingFrame` comes in from before, as with
 * push-to-talk. After the latter the turn waits for the transcription of what was said.
 */
export class ExplicitTurnStrategy implements UserTurnStartStrategy, UserTurnStopStrategy {
  readonly #finalTimeoutMs: number;

  /** @param options - `finalTimeoutMs`: how long the transcription is waited for. Default 1000. */
  constructor(options: { finalTimeoutMs?: number } = {}) {
    this.#finalTimeoutMs = checkNumber("finalTimeoutMs", options.finalTimeoutMs ?? 1000, 0);
  }

  starts(frame: TurnFrame): boolean {
    return frame instanceof UserStartedSpeakingFrame;
  }

  endsInMs(_frame: TurnFrame, state: TurnState): number | undefined {
    if (state.endAskedMs === undefined) return undefined;
    return state.complete ? 0 : Math.max(0, this.#finalTimeoutMs - state.endAskedMs);
  }
}

function hasWords(frame: TurnFrame, useInterim: boolean): boolean {
  const counts = frame instanceof TranscriptionFrame || (useInterim && frame instanceof InterimTranscriptionFrame);
  return counts && frame.text.trim() !== "";
}
