/** The parts of a voice agent: transports for audio, services that hear and speak, and turn-taking. */
export {
  type AudioFormat,
  BotStartedSpeakingFrame,
  BotStoppedSpeakingFrame,
  bytesForMs,
  concatAudio,
  durationMs,
  InputAudioRawFrame,
  InterimTranscriptionFrame,
  OutputAudioRawFrame,
  type PcmAudio,
  readWav,
  resample,
  rms,
  silence,
  splitAudio,
  STTUpdateSettingsFrame,
  toMono,
  TranscriptionFrame,
  TTSAudioRawFrame,
  TTSSpeakFrame,
  TTSStartedFrame,
  TTSStoppedFrame,
  TTSTextFrame,
  TTSUpdateSettingsFrame,
  UserStartedSpeakingFrame,
  UserStoppedSpeakingFrame,
  UserTurnEndFrame,
  UserTurnStartFrame,
  VADUserStartedSpeakingFrame,
  VADUserStoppedSpeakingFrame,
  writeWav,
} from "turnwire/internal";
export * from "./cartesia/index.ts";
export * from "./deepgram/index.ts";
export * from "./stt/index.ts";
export * from "./transports/index.ts";
export * from "./tts/index.ts";
export * from "./turns/index.ts";
