export { EnergyVADAnalyzer } from "./energy-vad-analyzer.ts";
export type { VADAnalyzer } from "./vad-analyzer.ts";
export { VADProcessor, type VADProcessorOptions } from "./vad-processor.ts";
export { WebRTCVADAnalyzer, type WebRTCVADAnalyzerOptions } from "./webrtc-vad-analyzer.ts";
