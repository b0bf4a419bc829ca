import { type AudioFormat, bytesPerSample, checkAudioFormat, checkWholeFrames, type PcmAudio } from "./format.ts";
import { toMono } from "./pcm.ts";
import { Resampler } from "./resample.ts";

const nothing = new Uint8Array(0);

/**
 * Brings audio that comes in pieces, of whatever format, to one format. Pieces of the same format join without a seam.
 * Where the number of channels differs, each is the mean of all.
 */
export class AudioConverter {
  readonly #format: AudioFormat;
  #source: AudioFormat | undefined;
  #resampler: Resampler | undefined;

  constructor(format: AudioFormat) {
    checkAudioFormat(format);
    this.#format = { sampleRate: format.sampleRate, channels: format.channels };
  }

  /** @throws InvalidArgumentError when the audio has an impossible format, or ends within a sample. */
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

  /** The last samples, which waited for what comes behind them. Starts anew. */
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

  /** Out of the one channel that was made of several, as many as are wanted. */
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
