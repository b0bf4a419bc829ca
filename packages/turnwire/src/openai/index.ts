export { ResponsesConnectionPool, type ResponsesConnectionPoolOptions } from "./connection/index.ts";
export type { OpenAIRunInferenceOptions } from "./http/index.ts";
export { OpenAIResponsesHttpLLMService } from "./http-llm-service.ts";
export {
  OpenAIResponsesLLMService,
  type OpenAIResponsesLLMServiceOptions,
  type OpenAIResponsesLLMTimeouts,
} from "./llm-service/index.ts";
export type { ResponseFormat } from "./request/index.ts";
export type { SteeringInput, SteeringOutcome } from "./response/index.ts";
export type {
  OpenAIResponsesHttpLLMServiceOptions,
  OpenAIResponsesLLMSettings,
  OpenAIResponsesOptions,
  OpenAIResponsesTimeouts,
  Reasoning,
} from "./settings.ts";
