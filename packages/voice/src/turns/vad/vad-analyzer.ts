import { type PcmAudio } from "turnwire/internal";

/** Estimates how likely short pieces of audio contain a voice. */
export interface VADAnalyzer {
  /** The sample rate it takes. */
  readonly sampleRate: number;
  /** How many samples it takes at a time. */
  readonly windowSamples: number;
  /** Returns how likely the window contains a voice, from 0 to 1. Windows come in order, each after the last answer. */
  analyze(window: PcmAudio): number | Promise<number>;
  /** Forgets what it has heard. */
  reset(): void;
  /** Releases what it holds. It is not used after that. */
  close(): void | Promise<void>;
}
