import { InvalidArgumentError, kindOf } from "../errors.ts";
import type { Frame } from "../frames/index.ts";
import type { FrameDirection } from "./frame-queue.ts";
import { claim, FrameProcessor, internalsOf } from "./frame-processor.ts";

/** Options of a {@link Pipeline}. */
export interface PipelineOptions {
  /** What logs and errors call it. Default: the class name and a number. */
  name?: string;
}

/**
 * Processors one behind the other, linked in the constructor; itself a processor, so that pipelines nest. Frames go
 * straight to the first (upstream ones to the last) processor: a pipeline has no queue of its own.
 */
export class Pipeline extends FrameProcessor {
  /** The processors as given, nested pipelines among them. */
  readonly processors: readonly FrameProcessor[];

  /** @throws InvalidArgumentError without processors; PipelineError when one is part of a pipeline already. */
  constructor(processors: readonly FrameProcessor[], options: PipelineOptions = {}) {
    super(options);
    this.processors = [...processors];
    const first = this.processors[0];
    const last = this.processors.at(-1);
    if (first === undefined || last === undefined) {
      throw new InvalidArgumentError("processors", `must hold at least one processor, not ${kindOf(processors)}`);
    }
    claim(this.processors, this.name);
    for (const [index, processor] of this.processors.entries()) {
      const next = this.processors[index + 1];
      if (next !== undefined) processor.link(next);
    }
    const internals = internalsOf(this);
    internals.first = internalsOf(first).first;
    internals.last = internalsOf(last).last;
  }

  override queueFrame(frame: Frame, direction: FrameDirection = "downstream", signal?: AbortSignal): Promise<void> {
    const { first, last } = internalsOf(this);
    return (direction === "downstream" ? first : last).queueFrame(frame, direction, signal);
  }

  /** Never called: frames enter the processors directly. */
  protected override processFrame(): void {}
}

/** The processors that handle frames, in order, out of pipelines however nested. */
export function flatten(processor: FrameProcessor): FrameProcessor[] {
  return processor instanceof Pipeline ? processor.processors.flatMap(flatten) : [processor];
}
