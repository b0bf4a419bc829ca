import { type Clock, defaultLogger, Emitter, type Listener, type Logger, systemClock } from "../async/index.ts";
import { toTurnwireError } from "../errors.ts";
import { CancelFrame, EndFrame, type Frame, StartFrame } from "../frames/index.ts";
import { type FrameDirection, FrameProcessor, type FrameProcessorOptions } from "../pipeline/index.ts";

export interface AIServiceOptions extends FrameProcessorOptions {
  logger?: Logger;
  clock?: Clock;
}

/** The base of every service: a processor with events and a life of start, then stop or cancel. */
export abstract class AIService<Events extends { [K in keyof Events]: unknown[] }> extends FrameProcessor {
  protected readonly logger: Logger;
  protected readonly clock: Clock;
  protected readonly events: Emitter<Events>;

  constructor(options: AIServiceOptions = {}) {
    super(options);
    this.logger = options.logger ?? defaultLogger;
    this.clock = options.clock ?? systemClock;
    this.events = new Emitter((event, error) =>
      this.logger.warn(`a listener of "${String(event)}" on ${this.name} failed`, { error }),
    );
  }

  /** Listens to an event; the answer takes the listener away again. */
  on<K extends keyof Events>(event: K, listener: Listener<Events[K]>): () => void {
    return this.events.on(event, listener);
  }

  off<K extends keyof Events>(event: K, listener: Listener<Events[K]>): void {
    this.events.off(event, listener);
  }

  /** Opens what the service needs. In a pipeline the StartFrame does it; in direct use the first turn does. */
  start(): void | Promise<void> {}

  /** Closes everything, after what is under way has been ended. The service can be used again. */
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
    // One that travels upstream only asks for the end.
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
