import { type Clock, Deadline, type Logger, untilAborted } from "../async/index.ts";
import { CancelFrame } from "../frames/index.ts";
import { type FrameProcessor, placeOf } from "./frame-processor.ts";

/** Waits, for a limited time, until every processor of a pipeline has stopped, and stops those that have not. */
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

  /** A CancelFrame has come out of the end. */
  cancelPassed(): void {
    this.#cancelPassed.resolve();
  }

  /** Resolves once all is quiet, or at the limit. With `cancelling` a CancelFrame has to come out of the end too. */
  async complete(cancelling: boolean): Promise<void> {
    using limit = new Deadline("stopping", this.#limitMs, { clock: this.#clock });
    try {
      await untilAborted(this.#quiet(cancelling), limit.signal);
      for (const processor of this.#processors) placeOf(processor).core.cancel();
    } catch {
      this.#giveUp();
    }
  }

  async #quiet(cancelling: boolean): Promise<void> {
    if (cancelling) await this.#cancelPassed.promise;
    const cores = this.#processors.map((processor) => placeOf(processor).core);
    while (cores.some((core) => core.busy)) await Promise.all(cores.map((core) => core.idle()));
  }

  #giveUp(): void {
    this.#logger.warn(`${this.#culprits()} within ${this.#limitMs} ms of the pipeline's end; left behind`);
    const cancelled = this.#processors.filter((processor) => placeOf(processor).core.cancelled);
    for (const processor of cancelled) placeOf(processor).core.cancel();
    // Those behind one that hangs have not heard of the end yet; one that has passes the frame on to the next itself.
    for (const processor of this.#processors) {
      if (!placeOf(processor).core.cancelled) void processor.queueFrame(new CancelFrame());
    }
  }

  #culprits(): string {
    const busy = this.#processors.filter((processor) => placeOf(processor).core.busy);
    if (busy.length > 0) return `${busy.map((processor) => processor.name).join(", ")} did not stop`;
    const unreached = this.#processors.findIndex((processor) => !placeOf(processor).core.cancelled);
    const swallower = this.#processors.at(unreached === -1 ? -1 : unreached - 1);
    return `${swallower?.name} did not push the CancelFrame on`;
  }
}
