export { type OpenAIRunInferenceOptions, ResponsesClient } from "./responses-client.ts";
