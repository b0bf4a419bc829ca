export { withoutMarkdown } from "./plain-speech.ts";
export { SentenceAggregator, type SentenceAggregatorOptions, type TextAggregator } from "./sentences.ts";
export { type SpeechPart } from "./synthesis.ts";
export { TTSService, type TTSServiceEvents, type TTSServiceOptions } from "./tts-service.ts";
export { type SpokenWord } from "./utterance.ts";
export { WebsocketTTSService, type WebsocketTTSServiceOptions } from "./websocket-tts-service.ts";
