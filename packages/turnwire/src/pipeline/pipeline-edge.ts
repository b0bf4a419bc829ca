import type { Frame } from "../frames/index.ts";
import { FrameProcessor } from "./frame-processor.ts";

/** Where frames come into a pipeline and where they leave it: gives each to the task at once, never queues. */
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
