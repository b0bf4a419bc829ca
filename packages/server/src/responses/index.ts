export { type ApiErrorBody, ResponsesApiError, type ResponsesApiErrorInit } from "./api-error.ts";
export type { Brain, BrainOutput, BrainRequest, BrainUsage } from "./brain.ts";
export * from "./brains/index.ts";
export {
  MemoryStore,
  readCompaction,
  type ReceivedRequest,
  type RequestStatus,
  type ResponseStore,
  type StoredResponse,
  SqliteStore,
  type Timing,
  type TokenCounter,
} from "./core/index.ts";
export { type CancelMode, type Dialect, type DialectName, dialects } from "./dialects/index.ts";
export type { ErrorShape } from "./error-shapes.ts";
export type { Fault, FaultAction, FaultKind, FaultPlace } from "./faults/index.ts";
export type { FaultHandle, FaultList, ServerEnvironment } from "../kit/index.ts";
export type { ServerConnection } from "./transport/index.ts";
export type { ResponsesServerOptions } from "./options.ts";
export { rulesBrain, type RulesBrainOptions } from "./rules/rules-brain.ts";
export { ResponsesServer } from "./responses-server.ts";
