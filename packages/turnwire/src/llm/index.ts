export {
  type InferenceOptions,
  type InferenceResult,
  LLMService,
  type LLMServiceEvents,
  type LLMServiceOptions,
  type RunInferenceOptions,
} from "./llm-service.ts";
export type { RequestReason, RetryReason } from "./reasons.ts";
export { type RequestDetails, timeToFirstOutput, Turn, type TurnRecord, type TurnTimes } from "./turn.ts";
export { type MessageLink, WebsocketLLMService, type WebsocketLLMServiceOptions } from "./websocket-llm-service.ts";
