export { withoutMarkdown } from "./plain-speech.ts";
export { SentenceAggregator, type SentenceAggregatorOptions, type TextAggregator } from "./sentences.ts";
export { findWord, isSpeakable, wordEnd } from "./spoken-words.ts";
