export { type SpeechPart } from "./synthesis/index.ts";
export {
  SentenceAggregator,
  type SentenceAggregatorOptions,
  type TextAggregator,
  withoutMarkdown,
} from "./text/index.ts";
export { TTSService, type TTSServiceEvents, type TTSServiceOptions, type TTSTimeouts } from "./tts-service.ts";
export { type SpokenWord } from "./utterance/index.ts";
export {
  websocketTTSChecks,
  WebsocketTTSService,
  type WebsocketTTSServiceOptions,
  type WebsocketTTSTimeouts,
} from "./websocket-tts-service.ts";
