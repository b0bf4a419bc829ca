import { checkOptions, is, isRecord } from "../checks/index.ts";
import { InvalidArgumentError, kindOf, PipelineError } from "../errors.ts";
import type { Frame } from "../frames/index.ts";
import type { FrameDirection } from "./frame-queue.ts";
import { checkProcessor, FrameProcessor, internalsOf } from "./frame-processor.ts";

/** Options of a {@link Pipeline}. */
export interface PipelineOptions {
  /** The pipeline's name in logs and errors. Default: the class name and a number. */
  name?: string;
}

const checks = { name: is.text };
const hints = {
  capacity: "a pipeline has no queue; give the capacity to its processors",
  logger: "give the logger to PipelineTask or to its processors",
};

/**
 * Processors in a row, linked by the constructor. A pipeline is itself a processor, so that pipelines can be nested. Frames
 * go straight to the first processor, upstream ones to the last: a pipeline has no queue of its own.
 */
export class Pipeline extends FrameProcessor {
  /** The processors as given, nested pipelines among them. */
  readonly processors: readonly FrameProcessor[];

  /**
   * @throws InvalidArgumentError without processors, or for something else among them; PipelineError when one is part of a
   * pipeline already.
   */
  constructor(processors: readonly FrameProcessor[], options: PipelineOptions = {}) {
    const given = checkProcessors(processors);
    super(checkOptions("Pipeline", options, checks, hints));
    this.processors = given;
    claim(this.processors, this.name);
    for (const [index, processor] of this.processors.entries()) {
      const next = this.processors[index + 1];
      if (next !== undefined) processor.link(next);
    }
    const internals = internalsOf(this);
    internals.first = internalsOf(this.processors[0]!).first;
    internals.last = internalsOf(this.processors.at(-1)!).last;
  }

  override queueFrame(frame: Frame, direction: FrameDirection = "downstream", signal?: AbortSignal): Promise<void> {
    const { first, last } = internalsOf(this);
    return (direction === "downstream" ? first : last).queueFrame(frame, direction, signal);
  }

  /** Never called: frames enter the processors directly. */
  protected override processFrame(): void {}
}

function checkProcessors(processors: unknown): FrameProcessor[] {
  if (!Array.isArray(processors) || processors.length === 0) {
    let wayOut = "";
    if (processors instanceof FrameProcessor) wayOut = "; put the processors into an array";
    else if (isRecord(processors) && "pipeline" in processors) wayOut = "; the pipeline is the first argument";
    const got = `${kindOf(processors)}${wayOut}`;
    throw new InvalidArgumentError("processors", `expected at least one processor, got ${got}`);
  }
  const given: readonly unknown[] = processors;
  return given.map((processor, index) => {
    checkProcessor(processor, `processors[${index}]`);
    return processor;
  });
}

/** Not public: makes processors parts of a pipeline or task: all of them, each once, or none. */
export function claim(processors: readonly FrameProcessor[], owner: string): void {
  for (const [index, processor] of processors.entries()) {
    const taken = processors.indexOf(processor) < index ? owner : internalsOf(processor).owner;
    if (taken === undefined) continue;
    throw new PipelineError(
      `${processor.name} cannot become a part of ${owner}: it is a part of ${taken} already; make a new processor for each pipeline`,
    );
  }
  for (const processor of processors) internalsOf(processor).owner = owner;
}

/** The processors that handle frames, in order, out of pipelines however deeply nested. */
export function flatten(processor: FrameProcessor): FrameProcessor[] {
  return processor instanceof Pipeline ? processor.processors.flatMap(flatten) : [processor];
}
