export { OpenAIResponsesLLMService } from "./llm-service.ts";
export type { OpenAIResponsesLLMServiceOptions, OpenAIResponsesLLMTimeouts } from "./options.ts";
