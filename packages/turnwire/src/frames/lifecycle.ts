import type { TurnwireError } from "../errors.ts";
import { ControlFrame, SystemFrame } from "./frame.ts";

/** The first frame of a pipeline: processors open what they need. */
export class StartFrame extends SystemFrame {}

/** The last frame of a pipeline, in order behind everything queued: processors finish and close. */
export class EndFrame extends ControlFrame {
  override get uninterruptible(): boolean {
    return true;
  }
}

/** Ends a pipeline at once: processors stop what they do and close. */
export class CancelFrame extends SystemFrame {}

/** The user interrupted: what is being said or made is dropped. */
export class InterruptionFrame extends SystemFrame {}

/** Something failed. Travels up to the pipeline's task. */
export class ErrorFrame extends SystemFrame {
  readonly error: TurnwireError;
  /** Whether the pipeline cannot go on: its task is cancelled then. */
  readonly fatal: boolean;

  constructor(error: TurnwireError, options: { fatal?: boolean } = {}) {
    super();
    this.error = error;
    this.fatal = options.fatal ?? false;
  }
}
