export { type SpeechPart } from "./synthesis/index.ts";
export {
  SentenceAggregator,
  type SentenceAggregatorOptions,
  type TextAggregator,
  withoutMarkdown,
} from "./text/index.ts";
export { TTSService, type TTSServiceEvents, type TTSServiceOptions } from "./tts-service.ts";
export { type SpokenWord } from "./utterance/index.ts";
export { WebsocketTTSService, type WebsocketTTSServiceOptions } from "./websocket-tts-service.ts";
