import { TranscriptionFrame } from "turnwire";
import {
  BotStoppedSpeakingFrame,
  checkOptions,
  InterimTranscriptionFrame,
  is,
  VADUserStartedSpeakingFrame,
} from "turnwire/internal";
import type { TurnFrame, TurnState } from "./turn-state.ts";

/** Decides when a user's turn begins. A plain object will do. */
export interface UserTurnStartStrategy {
  /** Returns whether a turn begins with this frame. Called for every `TurnFrame` outside of turns; `state` includes the frame. */
  starts(frame: TurnFrame, state: TurnState): boolean;
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

function hasWords(frame: TurnFrame, useInterim: boolean): boolean {
  const counts = frame instanceof TranscriptionFrame || (useInterim && frame instanceof InterimTranscriptionFrame);
  return counts && frame.text.trim() !== "";
}
