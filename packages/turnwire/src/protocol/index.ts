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
export { retryAfter } from "./retry-after.ts";
export { errorCodes, isKnownErrorCode, normalizeError, providerError, type WireError } from "./wire-errors.ts";
