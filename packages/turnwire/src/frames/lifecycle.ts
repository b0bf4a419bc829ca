import { InvalidArgumentError, kindOf, TurnwireError } from "../errors.ts";
import { ControlFrame, SystemFrame } from "./frame.ts";

/** The first frame of a pipeline. Processors open what they need. */
export class StartFrame extends SystemFrame {}

/** The last frame of a pipeline, after all that were queued. Processors finish their work and close what they opened. */
export class EndFrame extends ControlFrame {
  override get uninterruptible(): boolean {
    return true;
  }
}

/** Ends a pipeline at once. Processors stop their work and close what they opened. */
export class CancelFrame extends SystemFrame {}

/** The user interrupted. Processors drop the output that they are working on. */
export class InterruptionFrame extends SystemFrame {}

/** Something failed. Travels upstream to the pipeline's task. */
export class ErrorFrame extends SystemFrame {
  readonly error: TurnwireError;
  /** Whether the pipeline cannot go on. Its task is cancelled then. */
  readonly fatal: boolean;

  constructor(error: TurnwireError, options: { fatal?: boolean } = {}) {
    super();
    if (!TurnwireError.isInstance(error)) {
      const got = kindOf(error);
      throw new InvalidArgumentError("error", `expected a TurnwireError, got ${got}; pass it as the cause of one`);
    }
    this.error = error;
    this.fatal = options.fatal ?? false;
  }
}
