export { Inference } from "./inference.ts";
export { type InferenceRecord, type InferenceTimes, timeToFirstOutput } from "./inference-record.ts";
export type { InferenceResult } from "./inference-result.ts";
export { InferenceTrace, type RequestDetails } from "./inference-trace.ts";
export {
  type InferenceOptions,
  LLMService,
  type LLMServiceEvents,
  type LLMServiceOptions,
  type LLMTimeouts,
  type RunInferenceOptions,
} from "./llm-service.ts";
export type { RequestReason, RetryReason } from "./reasons.ts";
export { addUsage, type TurnRecord } from "./turn-record.ts";
export type { TurnStream } from "./turn-stream.ts";
export {
  WebsocketLLMService,
  type WebsocketLLMServiceOptions,
  type WebsocketLLMTimeouts,
} from "./websocket-llm-service.ts";
