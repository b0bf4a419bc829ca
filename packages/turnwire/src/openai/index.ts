export type {
  OpenAIResponsesHttpLLMServiceOptions,
  OpenAIResponsesLLMServiceOptions,
  OpenAIResponsesLLMTimeouts,
  OpenAIResponsesOptions,
  OpenAIResponsesTimeouts,
} from "./options.ts";
export type { OpenAIRunInferenceOptions } from "./responses-client.ts";
export { OpenAIResponsesHttpLLMService } from "./http-llm-service.ts";
export { OpenAIResponsesLLMService } from "./llm-service.ts";
export { ResponsesConnectionPool, type ResponsesConnectionPoolOptions } from "./connection/index.ts";
export type { ResponseFormat } from "./request/index.ts";
export type { SteeringInput, SteeringOutcome } from "./response/index.ts";
export type { OpenAIResponsesLLMSettings, Reasoning } from "./settings.ts";
