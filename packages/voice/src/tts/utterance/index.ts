export { type SpokenWord, Utterance, type UtteranceOptions } from "./utterance.ts";
export { SpeakingRate } from "./word-timeline.ts";
