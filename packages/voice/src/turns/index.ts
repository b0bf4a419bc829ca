export {
  EndpointingStopStrategy,
  ExplicitTurnStrategy,
  MinWordsStartStrategy,
  SilenceStopStrategy,
  TranscriptionStartStrategy,
  type UserTurnStartStrategy,
  type UserTurnStopStrategy,
  VADStartStrategy,
} from "./strategies.ts";
export {
  type TurnLatencyEvents,
  TurnLatencyObserver,
  type VoiceStageName,
  type VoiceTurnRecord,
} from "./turn-latency.ts";
export type { TurnFrame, TurnState } from "./turn-state.ts";
export {
  type UserTurnEndReason,
  UserTurnProcessor,
  type UserTurnProcessorEvents,
  type UserTurnProcessorOptions,
} from "./user-turn-processor.ts";
export { formatWaterfall } from "./waterfall.ts";
export {
  EnergyVADAnalyzer,
  type VADAnalyzer,
  VADProcessor,
  type VADProcessorOptions,
  WebRTCVADAnalyzer,
  type WebRTCVADAnalyzerOptions,
} from "./vad/index.ts";
