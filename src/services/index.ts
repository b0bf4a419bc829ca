export { AIService, type AIServiceOptions } from "./ai-service.ts";
export {
  ContinuousConnection,
  type ContinuousConnectionOptions,
  type ContinuousHandlers,
} from "./continuous-connection.ts";
export {
  type InferenceOptions,
  type InferenceResult,
  LLMService,
  type LLMServiceEvents,
  type LLMServiceOptions,
  type RunInferenceOptions,
} from "./llm-service.ts";
export { withoutMarkdown } from "./plain-speech.ts";
export { type ApiKey, ProviderKey, websocketBase } from "./provider-access.ts";
export { SentenceAggregator, type SentenceAggregatorOptions, type TextAggregator } from "./sentences.ts";
export { type SpeechPart } from "./synthesis.ts";
export { TTSService, type TTSServiceEvents, type TTSServiceOptions } from "./tts-service.ts";
export { type SpokenWord } from "./utterance.ts";
export { type RequestDetails, timeToFirstOutput, Turn, type TurnRecord, type TurnTimes } from "./turn.ts";
export {
  changedSettings,
  expectFlag,
  expectNumber,
  expectText,
  type SettingCheck,
  type SettingsTable,
} from "./settings-table.ts";
export {
  STTService,
  type STTServiceEvents,
  type STTServiceOptions,
  type Transcript,
  type TranscriptWord,
} from "./stt-service.ts";
export { type MessageLink, WebsocketLLMService, type WebsocketLLMServiceOptions } from "./websocket-llm-service.ts";
export { WebsocketSTTService, type WebsocketSTTServiceOptions } from "./websocket-stt-service.ts";
export { WebsocketTTSService, type WebsocketTTSServiceOptions } from "./websocket-tts-service.ts";
