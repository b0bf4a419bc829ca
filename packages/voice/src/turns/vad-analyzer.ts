import type { PcmAudio } from "turnwire";

/** Says of short pieces of audio how likely a voice is in them. */
export interface VADAnalyzer {
  /** Samples per second of what it takes. */
  readonly sampleRate: number;
  /** How many samples it takes at a time. */
  readonly windowSamples: number;
  /** How likely a voice is in the window, from 0 to 1. Windows come in order, the next once this one is answered. */
  analyze(window: PcmAudio): number | Promise<number>;
  /** Forgets what it has heard. */
  reset(): void;
  /** Gives back what it holds. It is not used any more. */
  close(): void | Promise<void>;
}
