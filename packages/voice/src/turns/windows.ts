import { AudioChunker, Resampler, toMono } from "turnwire/internal";
import type { PcmAudio } from "turnwire";

const bytesPerSample = 2;

/** Cuts audio of any format, in pieces of any length, into windows of one channel. */
export class Windows {
  readonly #sampleRate: number;
  readonly #bytes: number;
  #chunker: AudioChunker;
  #resampler: Resampler | undefined;
  #inputRate = 0;

  constructor(format: { sampleRate: number; windowSamples: number }) {
    this.#sampleRate = format.sampleRate;
    this.#bytes = format.windowSamples * bytesPerSample;
    this.#chunker = new AudioChunker(this.#bytes);
  }

  /** The windows that are whole now. */
  push(audio: PcmAudio): PcmAudio[] {
    if (audio.sampleRate !== this.#inputRate) this.#begin(audio.sampleRate);
    const mono = toMono(audio).audio;
    const chunks = this.#chunker.push(this.#resampler?.push(mono) ?? mono);
    return chunks.map((chunk) => ({ audio: chunk, sampleRate: this.#sampleRate, channels: 1 }));
  }

  #begin(inputRate: number): void {
    const same = inputRate === this.#sampleRate;
    this.#resampler = same ? undefined : new Resampler({ from: inputRate, to: this.#sampleRate, channels: 1 });
    this.#chunker = new AudioChunker(this.#bytes);
    this.#inputRate = inputRate;
  }
}
