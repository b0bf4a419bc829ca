export { openVoice, type OpenVoiceOptions, type VoiceChoice } from "./open-voice.ts";
export { toneAudio, toneWords } from "./tones.ts";
export type { Voice } from "./voice.ts";
