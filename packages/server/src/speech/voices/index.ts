export { openVoice, type OpenVoiceOptions, type VoiceChoice, voiceChecks } from "./open-voice.ts";
export { toneAudio, toneWords } from "./tones.ts";
export type { Voice } from "./voice.ts";
