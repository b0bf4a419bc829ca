export { ExplicitTurnStrategy } from "./explicit-turn-strategy.ts";
export {
  MinWordsStartStrategy,
  TranscriptionStartStrategy,
  type UserTurnStartStrategy,
  VADStartStrategy,
} from "./start-strategies.ts";
export { EndpointingStopStrategy, SilenceStopStrategy, type UserTurnStopStrategy } from "./stop-strategies.ts";
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
export { EnergyVADAnalyzer } from "./vad/energy-vad-analyzer.ts";
export type { VADAnalyzer } from "./vad/vad-analyzer.ts";
export { VADProcessor, type VADProcessorOptions } from "./vad/vad-processor.ts";
export { WebRTCVADAnalyzer, type WebRTCVADAnalyzerOptions } from "./vad/webrtc-vad-analyzer.ts";
export { formatWaterfall } from "./waterfall.ts";
