export type { FrameDirection } from "./frame-queue.ts";
export { FrameProcessor, type FrameProcessorOptions } from "./frame-processor.ts";
export type { FramePushed, PipelineObserver } from "./observer.ts";
export { Pipeline, type PipelineOptions } from "./pipeline.ts";
export {
  PipelineTask,
  type PipelineTaskEvents,
  type PipelineTaskOptions,
  type PipelineTaskOutcome,
} from "./pipeline-task.ts";
