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
 * Watches a pipeline without being a link of it. The task's own ends, where frames come in and go out, appear as
 * source and destination too; pipelines do not, only what is in them. A throw or a rejection is logged.
 */
export interface PipelineObserver {
  /** Called for every frame a processor pushes, before the neighbour is given it. */
  onPushFrame(push: FramePushed): void | Promise<void>;
}

/** What processors call so that all observers are told. */
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
