import { type Clock, Deadline, type Logger, untilAborted } from "../async/index.ts";
import { CancelFrame } from "../frames/index.ts";
import { type FrameProcessor, internalsOf } from "./frame-processor.ts";

/** Waits for a limited time until every processor of a pipeline has stopped, then stops those that have not. */
export class Shutdown {
  readonly #processors: readonly FrameProcessor[];
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #limitMs: number;
  readonly #cancelPassed = Promise.withResolvers<void>();

  constructor(processors: readonly FrameProcessor[], options: { logger: Logger; clock: Clock; limitMs: number }) {
    this.#processors = processors;
    this.#logger = options.logger;
    this.#clock = options.clock;
    this.#limitMs = options.limitMs;
  }

  /** Records that a CancelFrame came out of the end of the pipeline. */
  cancelPassed(): void {
    this.#cancelPassed.resolve();
  }

  /** Resolves when no processor works, at the latest after the limit. When cancelling, a CancelFrame has to come out too. */
  async complete(cancelling: boolean): Promise<void> {
    using limit = new Deadline("stopping", this.#limitMs, { clock: this.#clock });
    try {
      await untilAborted(this.#quiet(cancelling), limit.signal);
      for (const processor of this.#processors) internalsOf(processor).scheduler.cancel();
    } catch {
      this.#giveUp();
    }
  }

  async #quiet(cancelling: boolean): Promise<void> {
    if (cancelling) await this.#cancelPassed.promise;
    const schedulers = this.#processors.map((processor) => internalsOf(processor).scheduler);
    while (schedulers.some((scheduler) => scheduler.isBusy))
      await Promise.all(schedulers.map((scheduler) => scheduler.idle()));
  }

  #giveUp(): void {
    this.#logger.warn(
      `${this.#culprits()} within ${this.#limitMs} ms of the pipeline's end; the task ended without it`,
    );
    const cancelled = this.#processors.filter((processor) => internalsOf(processor).scheduler.isCancelled);
    for (const processor of cancelled) internalsOf(processor).scheduler.cancel();
    // Processors after one that hangs have not been given the CancelFrame. One that has been passes further ones on.
    for (const processor of this.#processors) {
      if (!internalsOf(processor).scheduler.isCancelled) void processor.queueFrame(new CancelFrame());
    }
  }

  #culprits(): string {
    const busy = this.#processors.filter((processor) => internalsOf(processor).scheduler.isBusy);
    if (busy.length > 0) return `${busy.map((processor) => processor.name).join(", ")} did not stop`;
    const unreached = this.#processors.findIndex((processor) => !internalsOf(processor).scheduler.isCancelled);
    const swallower = this.#processors.at(unreached === -1 ? -1 : unreached - 1);
    return `${swallower?.name} did not push the CancelFrame on`;
  }
}
