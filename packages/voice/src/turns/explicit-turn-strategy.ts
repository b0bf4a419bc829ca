import { checkOptions, is, UserStartedSpeakingFrame } from "turnwire/internal";
import type { UserTurnStartStrategy } from "./start-strategies.ts";
import type { UserTurnStopStrategy } from "./stop-strategies.ts";
import type { TurnFrame, TurnState } from "./turn-state.ts";

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
