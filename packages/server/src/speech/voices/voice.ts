import type { PcmAudio } from "turnwire/internal";

/** Makes speech of text. */
export interface Voice {
  /** Its name, such as `espeak-ng` or `tones`. */
  readonly name: string;
  /** Speaks a text as mono PCM at a sample rate. Rejects with the signal's reason or the voice's error. */
  speak(text: string, sampleRate: number, signal?: AbortSignal): Promise<PcmAudio>;
}
