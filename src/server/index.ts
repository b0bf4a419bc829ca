export { type ApiErrorBody, ResponsesApiError, type ResponsesApiErrorInit } from "./api-error.ts";
export type { Brain, BrainOutput, BrainRequest } from "./brain.ts";
export type { CancelMode, ReceivedRequest, RequestStatus } from "./core/index.ts";
export type { ServerConnection } from "./hosts/index.ts";
export { rulesBrain, type RulesBrainOptions } from "./rules/index.ts";
export { ResponsesServer, type ResponsesServerOptions } from "./server.ts";
