export type { SpeechPart } from "./synthesis/speech-part.ts";
export { withoutMarkdown } from "./text/without-markdown.ts";
export { SentenceAggregator, type SentenceAggregatorOptions, type TextAggregator } from "./text/sentences.ts";
export { TTSService, type TTSServiceEvents, type TTSServiceOptions, type TTSTimeouts } from "./tts-service.ts";
export type { SpokenWord } from "./utterance/utterance.ts";
export {
  WebsocketTTSService,
  type WebsocketTTSServiceOptions,
  type WebsocketTTSTimeouts,
} from "./websocket-tts-service.ts";
