import type { Frame } from "../frames/index.ts";
import { FrameProcessor } from "./frame-processor.ts";

/** One end of a pipeline, where frames enter or leave it: passes each to the task at once and queues none. */
export class PipelineEdge extends FrameProcessor {
  readonly #reached: (frame: Frame) => void;

  constructor(name: string, reached: (frame: Frame) => void) {
    super({ name });
    this.#reached = reached;
  }

  send(frame: Frame): Promise<void> {
    return this.pushFrame(frame, "downstream");
  }

  override queueFrame(frame: Frame): Promise<void> {
    this.#reached(frame);
    return Promise.resolve();
  }

  /** Never called: `queueFrame` takes everything. */
  protected override processFrame(): void {}
}
