import { checkOptions, is } from "turnwire/internal";
import type { TurnFrame, TurnState } from "./turn-state.ts";

/** Decides when a user's turn ends. A plain object will do. */
export interface UserTurnStopStrategy {
  /**
   * Returns in how many milliseconds the turn should end, 0 for now, or undefined if this strategy does not end it. Called
   * for every `TurnFrame` of a turn, including the first; each result replaces the last one. `state` includes the frame.
   */
  endsInMs(frame: TurnFrame, state: TurnState): number | undefined;
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
