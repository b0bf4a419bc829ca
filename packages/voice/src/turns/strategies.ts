import { TranscriptionFrame } from "turnwire";
import {
  checkOptions,
  is,
  BotStoppedSpeakingFrame,
  InterimTranscriptionFrame,
  UserStartedSpeakingFrame,
  VADUserStartedSpeakingFrame,
} from "turnwire/internal";
import type { TurnFrame, TurnState } from "./turn-state.ts";

/** Decides when a user's turn begins. A plain object will do. */
export interface UserTurnStartStrategy {
  /** Returns whether a turn begins with this frame. Called for every `TurnFrame` outside of turns; `state` includes the frame. */
  starts(frame: TurnFrame, state: TurnState): boolean;
}

/** Decides when a user's turn ends. A plain object will do. */
export interface UserTurnStopStrategy {
  /**
   * Returns in how many milliseconds the turn should end, 0 for now, or undefined if this strategy does not end it. Called
   * for every `TurnFrame` of a turn, including the first; each result replaces the last one. `state` includes the frame.
   */
  endsInMs(frame: TurnFrame, state: TurnState): number | undefined;
}

/** Starts a turn when the VAD detects a voice, also while the bot speaks. */
export class VADStartStrategy implements UserTurnStartStrategy {
  starts(frame: TurnFrame): boolean {
    return frame instanceof VADUserStartedSpeakingFrame;
  }
}

/** Starts a turn when a word is recognised, also while the bot speaks. */
export class TranscriptionStartStrategy implements UserTurnStartStrategy {
  readonly #useInterim: boolean;

  /** @param options - `useInterim`: whether interim transcriptions count. Default true. */
  constructor(options: { useInterim?: boolean } = {}) {
    checkOptions("TranscriptionStartStrategy", options, { useInterim: is.flag });
    this.#useInterim = options.useInterim ?? true;
  }

  starts(frame: TurnFrame): boolean {
    return hasWords(frame, this.#useInterim);
  }
}

/**
 * While the bot speaks, starts a turn when a number of words have been recognised, so that an "uh-huh" does not interrupt.
 * Otherwise a voice or a word is enough. Do not combine it with a strategy that needs fewer words.
 */
export class MinWordsStartStrategy implements UserTurnStartStrategy {
  readonly #minWords: number;
  readonly #useInterim: boolean;

  /** @param options - `minWords`: default 3. `useInterim`: whether words of interim transcriptions count. Default true. */
  constructor(options: { minWords?: number; useInterim?: boolean } = {}) {
    checkOptions("MinWordsStartStrategy", options, { minWords: is.number({ min: 1 }), useInterim: is.flag });
    this.#minWords = options.minWords ?? 3;
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
   * Both times count from when the VAD reports that the voice has stopped; without a VAD, from the last transcription.
   *
   * @param options - `pauseMs`: how long the user may pause within a turn. Default 600. `finalTimeoutMs`: how long to wait
   * for the transcription. Default 1500.
   */
  constructor(options: { pauseMs?: number; finalTimeoutMs?: number } = {}) {
    checkOptions("SilenceStopStrategy", options, { pauseMs: is.duration, finalTimeoutMs: is.duration });
    this.#pauseMs = options.pauseMs ?? 600;
    this.#finalTimeoutMs = options.finalTimeoutMs ?? 1500;
  }

  endsInMs(_frame: TurnFrame, state: TurnState): number | undefined {
    if (state.voice || state.quietMs === undefined) return undefined;
    const waitMs = state.complete ? this.#pauseMs : Math.max(this.#pauseMs, this.#finalTimeoutMs);
    return Math.max(0, waitMs - state.quietMs);
  }
}

/** Ends a turn when the STT service has detected its end (`TranscriptionFrame.endOfSpeech`), unless the VAD hears a voice. */
export class EndpointingStopStrategy implements UserTurnStopStrategy {
  endsInMs(_frame: TurnFrame, state: TurnState): number | undefined {
    return state.endOfSpeech && !state.voice ? 0 : undefined;
  }
}

/**
 * Starts and ends turns when a processor in front pushes `UserStartedSpeakingFrame` or `UserStoppedSpeakingFrame`, as with
 * push-to-talk. The end of a turn waits for the transcription of what was said.
 */
export class ExplicitTurnStrategy implements UserTurnStartStrategy, UserTurnStopStrategy {
  readonly #finalTimeoutMs: number;

  /** @param options - `finalTimeoutMs`: how long to wait for the transcription. Default 1000. */
  constructor(options: { finalTimeoutMs?: number } = {}) {
    checkOptions("ExplicitTurnStrategy", options, { finalTimeoutMs: is.duration });
    this.#finalTimeoutMs = options.finalTimeoutMs ?? 1000;
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
