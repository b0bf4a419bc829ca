import { ControlFrame, SystemFrame } from "./frame.ts";

/** The user's voice began to be heard. Whether that is a turn of the user's is for the turn-taking to say. */
export class VADUserStartedSpeakingFrame extends SystemFrame {
  /** For how long it had been heard when this was said, in milliseconds, if known. */
  readonly startMs: number | undefined;

  constructor(options: { startMs?: number } = {}) {
    super();
    this.startMs = options.startMs;
  }
}

/** The user's voice has not been heard for a while. */
export class VADUserStoppedSpeakingFrame extends SystemFrame {
  /** For how long it had not been heard when this was said, in milliseconds, if known. */
  readonly stopMs: number | undefined;

  constructor(options: { stopMs?: number } = {}) {
    super();
    this.stopMs = options.stopMs;
  }
}

/** The user began to speak: a turn of the user's. */
export class UserStartedSpeakingFrame extends SystemFrame {}

/** The user stopped speaking: the end of a turn of the user's. */
export class UserStoppedSpeakingFrame extends SystemFrame {}

/**
 * The words of a user's turn follow, up to the `UserTurnEndFrame`. These two say in order with the words what the
 * speaking frames, which overtake, say at once.
 */
export class UserTurnStartFrame extends ControlFrame {
  override get uninterruptible(): boolean {
    return true;
  }
}

/** All words of the user's turn have gone before. */
export class UserTurnEndFrame extends ControlFrame {
  /** What says at once that this turn has ended. */
  readonly stopped: UserStoppedSpeakingFrame;

  constructor(stopped: UserStoppedSpeakingFrame) {
    super();
    this.stopped = stopped;
  }

  override get uninterruptible(): boolean {
    return true;
  }
}

/** The bot's speech began to be played. */
export class BotStartedSpeakingFrame extends SystemFrame {}

/** The bot's speech stopped being played. */
export class BotStoppedSpeakingFrame extends SystemFrame {}
