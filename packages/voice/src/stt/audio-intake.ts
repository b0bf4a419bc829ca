import { type PcmAudio, Resampler, toMono } from "turnwire/internal";

/** Brings audio that comes in pieces to one channel and one sample rate, without seams. */
export class AudioIntake {
  readonly sampleRate: number;
  #resampler: Resampler | undefined;
  #from: number;

  constructor(sampleRate: number) {
    this.sampleRate = this.#from = sampleRate;
  }

  take(audio: PcmAudio): Uint8Array {
    const mono = toMono(audio);
    if (mono.sampleRate !== this.#from) {
      this.#from = mono.sampleRate;
      this.#resampler = undefined;
    }
    if (this.#from === this.sampleRate) return mono.audio;
    this.#resampler ??= new Resampler({ from: this.#from, to: this.sampleRate, channels: 1 });
    return this.#resampler.push(mono.audio);
  }
}
