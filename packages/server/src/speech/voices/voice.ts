import type { PcmAudio } from "turnwire/internal";

/** Makes speech of text. */
export interface Voice {
  /** What it is, to be shown: `espeak-ng` or `tones`. */
  readonly name: string;
  /** The text as mono PCM at a sample rate. Rejects with the signal's reason, or with what went wrong. */
  speak(text: string, sampleRate: number, signal?: AbortSignal): Promise<PcmAudio>;
}
