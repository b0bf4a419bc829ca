import { type Clock, Emitter, type Logger } from "../async/index.ts";
import type { Frame } from "../frames/index.ts";
import type { DirectedFrame, FrameDirection } from "./frame-queue.ts";
import type { FrameProcessor } from "./frame-processor.ts";

/** A frame on its way from one processor to its neighbour. */
export interface FramePushed {
  readonly source: FrameProcessor;
  readonly destination: FrameProcessor;
  readonly frame: Frame;
  readonly direction: FrameDirection;
  /** The time of the task's clock, in milliseconds. */
  readonly timestampMs: number;
}

/**
 * Watches a pipeline from outside. The two ends of the task, where frames enter and leave, also appear as source and
 * destination. A nested pipeline does not appear, only its processors do. An error that an observer throws is logged.
 */
export interface PipelineObserver {
  /** Called for every frame that a processor pushes, before the neighbour gets it. */
  onPushFrame(push: FramePushed): void | Promise<void>;
}

/** Returns the function that processors call to notify all observers. */
export function notifyObservers(
  observers: readonly PipelineObserver[],
  clock: Clock,
  logger: Logger,
): (source: FrameProcessor, destination: FrameProcessor, entry: DirectedFrame) => void {
  const emitter = new Emitter<{ push: [FramePushed] }>((_event, error) =>
    logger.warn("an observer of the pipeline failed", { error }),
  );
  for (const observer of observers) emitter.on("push", (push) => observer.onPushFrame(push));
  return (source, destination, { frame, direction }) =>
    emitter.emit("push", { source, destination, frame, direction, timestampMs: clock.now() });
}
