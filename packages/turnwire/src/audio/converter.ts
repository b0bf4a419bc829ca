import { type AudioFormat, bytesPerSample, checkAudioFormat, checkWholeFrames, type PcmAudio } from "./format.ts";
import { toMono } from "./pcm.ts";
import { Resampler } from "./resample.ts";

const nothing = new Uint8Array(0);

/**
 * Converts pieces of audio, each of any format, to one format. Pieces of the same format join without a seam. If the number
 * of channels differs, every channel is the mean of all.
 */
export class AudioConverter {
  readonly #format: AudioFormat;
  #source: AudioFormat | undefined;
  #resampler: Resampler | undefined;

  constructor(format: AudioFormat) {
    checkAudioFormat(format);
    this.#format = { sampleRate: format.sampleRate, channels: format.channels };
  }

  /** @throws InvalidArgumentError when the format is unusable, or the audio ends with a partial sample. */
  convert(audio: PcmAudio): Uint8Array {
    checkAudioFormat(audio);
    checkWholeFrames(audio);
    const { sampleRate, channels } = audio;
    const before =
      sampleRate === this.#source?.sampleRate && channels === this.#source.channels ? nothing : this.flush();
    if (this.#source === undefined) this.#begin({ sampleRate, channels });
    const { audio: bytes } = channels === this.#format.channels ? audio : toMono(audio);
    const converted = this.#spread(this.#resampler === undefined ? bytes : this.#resampler.push(bytes));
    return before.length === 0 ? converted : Buffer.concat([before, converted]);
  }

  /** Returns the last samples, which needed those after them to be converted, and starts again. */
  flush(): Uint8Array {
    const rest = this.#resampler === undefined ? nothing : this.#spread(this.#resampler.flush());
    this.#resampler = undefined;
    this.#source = undefined;
    return rest;
  }

  #begin(source: AudioFormat): void {
    this.#source = source;
    if (source.sampleRate === this.#format.sampleRate) return;
    const channels = source.channels === this.#format.channels ? source.channels : 1;
    this.#resampler = new Resampler({ from: source.sampleRate, to: this.#format.sampleRate, channels });
  }

  /** Copies the one channel that several were mixed into to every channel of the format. */
  #spread(bytes: Uint8Array): Uint8Array {
    const { channels } = this.#format;
    if (channels === 1 || this.#source?.channels === channels) return bytes;
    const spread = new Uint8Array(bytes.length * channels);
    for (let at = 0; at < spread.length; at += bytesPerSample) {
      const sample = Math.floor(at / (bytesPerSample * channels)) * bytesPerSample;
      spread.set(bytes.subarray(sample, sample + bytesPerSample), at);
    }
    return spread;
  }
}
