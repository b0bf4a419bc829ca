import { AudioChunker, AudioConverter, type PcmAudio } from "turnwire/internal";

const bytesPerSample = 2;

/** Cuts audio of any format, in pieces of any length, into windows of one channel. */
export class Windows {
  readonly #sampleRate: number;
  readonly #converter: AudioConverter;
  readonly #chunker: AudioChunker;

  constructor({ sampleRate, windowSamples }: { sampleRate: number; windowSamples: number }) {
    this.#sampleRate = sampleRate;
    this.#converter = new AudioConverter({ sampleRate, channels: 1 });
    this.#chunker = new AudioChunker(windowSamples * bytesPerSample);
  }

  /** Returns the windows that are complete now. */
  push(audio: PcmAudio): PcmAudio[] {
    const chunks = this.#chunker.push(this.#converter.convert(audio));
    return chunks.map((chunk) => ({ audio: chunk, sampleRate: this.#sampleRate, channels: 1 }));
  }
}
