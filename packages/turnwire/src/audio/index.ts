export { AudioChunker } from "./chunker.ts";
export { AudioConverter } from "./converter.ts";
export {
  type AudioFormat,
  bytesForMs,
  bytesPerFrame,
  checkAudioFormat,
  checkPcmAudio,
  checkWholeFrames,
  durationMs,
  msForBytes,
  type PcmAudio,
} from "./format.ts";
export { concatAudio, rms, silence, splitAudio, toMono } from "./pcm.ts";
export { resample, Resampler } from "./resample.ts";
export { SampleBuffer } from "./sample-buffer.ts";
export { parseWavHeader, readWav, type WavHeader, writeWav, writeWavHeader } from "./wav.ts";
