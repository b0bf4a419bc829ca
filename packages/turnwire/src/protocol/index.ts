export {
  type ClientEvent,
  isObject,
  isTerminalEvent,
  parseEvent,
  type RawEvent,
  type Response,
  type ResponseCancelEvent,
  type ResponseCreateEvent,
  type ResponseInputItem,
  type ResponseOutputItem,
  type ServerEvent,
} from "./events.ts";
export { laneNamePattern, limits } from "./limits.ts";
export {
  errorCodes,
  isErrorEvent,
  isKnownErrorCode,
  normalizeError,
  providerError,
  retryAfter,
  type WireError,
} from "./wire-errors.ts";
