import { ControlFrame, SystemFrame } from "./frame.ts";

/** Voice activity began in the user's audio. Turn-taking decides whether that is a turn of the user. */
export class VADUserStartedSpeakingFrame extends SystemFrame {
  /** For how long there had been a voice before this frame, in milliseconds, if known. */
  readonly startMs: number | undefined;

  constructor(options: { startMs?: number } = {}) {
    super();
    this.startMs = options.startMs;
  }
}

/** Voice activity ended in the user's audio. */
export class VADUserStoppedSpeakingFrame extends SystemFrame {
  /** For how long there had been no voice before this frame, in milliseconds, if known. */
  readonly stopMs: number | undefined;

  constructor(options: { stopMs?: number } = {}) {
    super();
    this.stopMs = options.stopMs;
  }
}

/** The user began to speak: a turn of the user begins. */
export class UserStartedSpeakingFrame extends SystemFrame {}

/** The user stopped speaking: the turn of the user ends. */
export class UserStoppedSpeakingFrame extends SystemFrame {}

/**
 * The words of a turn of the user follow, up to the `UserTurnEndFrame`. These two frames keep their order with the words;
 * `UserStartedSpeakingFrame` and `UserStoppedSpeakingFrame` overtake them.
 */
export class UserTurnStartFrame extends ControlFrame {
  override get uninterruptible(): boolean {
    return true;
  }
}

/** All words of the user's turn came before this frame. */
export class UserTurnEndFrame extends ControlFrame {
  /** The frame that announced the end of this turn at once. */
  readonly stopped: UserStoppedSpeakingFrame;

  constructor(stopped: UserStoppedSpeakingFrame) {
    super();
    this.stopped = stopped;
  }

  override get uninterruptible(): boolean {
    return true;
  }
}

/** The bot's speech begins to play. */
export class BotStartedSpeakingFrame extends SystemFrame {}

/** The bot's speech has stopped playing. */
export class BotStoppedSpeakingFrame extends SystemFrame {}
