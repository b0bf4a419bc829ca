export {
  InputAudioRawFrame,
  OutputAudioRawFrame,
  TTSAudioRawFrame,
  TTSStartedFrame,
  TTSStoppedFrame,
} from "./audio.ts";
export { checkFrame, ControlFrame, DataFrame, Frame, SystemFrame } from "./frame.ts";
export {
  type FunctionCall,
  FunctionCallCancelFrame,
  FunctionCallInProgressFrame,
  FunctionCallResultFrame,
  FunctionCallsStartedFrame,
} from "./function-calls.ts";
export { CancelFrame, EndFrame, ErrorFrame, InterruptionFrame, StartFrame } from "./lifecycle.ts";
export {
  LLMFullResponseEndFrame,
  LLMFullResponseStartFrame,
  LLMSteeredFrame,
  LLMThoughtEndFrame,
  LLMThoughtStartFrame,
  LLMThoughtTextFrame,
} from "./llm.ts";
export { LLMUpdateSettingsFrame, STTUpdateSettingsFrame, TTSUpdateSettingsFrame } from "./settings.ts";
export { type LLMTokenUsage, type MetricsData, MetricsFrame } from "./metrics.ts";
export {
  BotStartedSpeakingFrame,
  BotStoppedSpeakingFrame,
  UserStartedSpeakingFrame,
  UserStoppedSpeakingFrame,
  UserTurnEndFrame,
  UserTurnStartFrame,
  VADUserStartedSpeakingFrame,
  VADUserStoppedSpeakingFrame,
} from "./speaking.ts";
export { TTSSpeakFrame } from "./speech.ts";
export { InterimTranscriptionFrame, LLMTextFrame, TextFrame, TranscriptionFrame, TTSTextFrame } from "./text.ts";
