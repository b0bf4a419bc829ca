import { type Clock, type EventMap, systemClock } from "../async/index.ts";
import { toTurnwireError } from "../errors.ts";
import { CancelFrame, EndFrame, type Frame, StartFrame } from "../frames/index.ts";
import { type FrameDirection, FrameProcessor, type FrameProcessorOptions } from "../pipeline/index.ts";
import type { Environment } from "../websocket/index.ts";

export interface AIServiceOptions extends FrameProcessorOptions {
  environment?: Environment;
}

/** The base of every service: a processor that is started, and stopped or cancelled. */
export abstract class AIService<Events extends EventMap<Events>> extends FrameProcessor<Events> {
  protected readonly clock: Clock;

  constructor(options: AIServiceOptions = {}) {
    super(options);
    this.clock = options.environment?.clock ?? systemClock;
  }

  /** Opens what the service needs. A `StartFrame` calls it in a pipeline; in direct use the first turn opens it. */
  start(): void | Promise<void> {}

  /** Ends what is running and closes everything. The service can be used again. */
  stop(): void | Promise<void> {}

  /** Closes everything at once. */
  cancel(): void | Promise<void> {
    return this.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  protected override async processFrame(frame: Frame, direction: FrameDirection, _signal: AbortSignal): Promise<void> {
    if (frame instanceof StartFrame) await this.#attempt("start", () => this.start());
    // An EndFrame that travels upstream only asks for the end.
    else if (frame instanceof EndFrame && direction === "downstream") await this.#attempt("stop", () => this.stop());
    else if (frame instanceof CancelFrame) await this.#attempt("cancel", () => this.cancel());
    await this.pushFrame(frame, direction);
  }

  async #attempt(what: string, action: () => void | Promise<void>): Promise<void> {
    try {
      await action();
    } catch (error) {
      await this.pushError(toTurnwireError(error, "pipeline_failed", `${this.name} could not ${what}`));
    }
  }
}
