export { SpeechQueue } from "./speech-queue.ts";
export { type SpeechPart } from "./speech-part.ts";
export { Synthesis, type SynthesisHooks } from "./synthesis.ts";
