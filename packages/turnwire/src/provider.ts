/** For authors of services: the bases, and the tools they are made of. */
import "./node-version.ts";
export * from "./checks/index.ts";
export type { Clock, Listener, Random } from "./async/index.ts";
export { type CheckedArguments } from "./context/index.ts";
export { FunctionCallError, WebsocketReconnectedError } from "./errors.ts";
export type { OpenAIResponsesLLMTimeouts, OpenAIResponsesOptions, OpenAIResponsesTimeouts } from "./openai/index.ts";
export * from "./llm/index.ts";
export * from "./service/index.ts";
export * from "./websocket/index.ts";
