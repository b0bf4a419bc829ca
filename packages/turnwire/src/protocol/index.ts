export { type EventKind, isObject, parseEvent, type RawEvent, toEvent } from "./events.ts";
export type {
  FunctionCallItem,
  InputAudio,
  InputFile,
  InputImage,
  InputPart,
  InputText,
  OutputMessage,
  ReasoningItem,
  ResponseInputItem,
  ResponseOutputItem,
} from "./items.ts";
export { checkRequestSize, laneNamePattern, limits } from "./limits.ts";
export {
  errorCodes,
  isKnownErrorCode,
  normalizeError,
  providerError,
  retryAfter,
  type WireError,
} from "./wire-errors.ts";
