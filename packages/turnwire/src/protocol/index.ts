export {
  type ClientEvent,
  type EventKind,
  isObject,
  parseEvent,
  type RawEvent,
  type Response,
  type ResponseCancelEvent,
  type ResponseCreateEvent,
  type ResponseInputItem,
  type ResponseOutputItem,
  type ServerEvent,
  toEvent,
} from "./events.ts";
export { laneNamePattern, limits } from "./limits.ts";
export {
  errorCodes,
  isKnownErrorCode,
  normalizeError,
  providerError,
  retryAfter,
  type WireError,
} from "./wire-errors.ts";
