import { bytesPerSample, checkAudioFormat, checkPcmAudio, checkWholeFrames, type PcmAudio } from "./format.ts";
import { viewOf } from "./pcm.ts";
import { SampleBuffer } from "./sample-buffer.ts";

/** How many zero crossings of the sinc count on each side of a sample: the sharpness of the filter. */
const zeroCrossings = 24;
/** Kaiser window: about 80 dB between the pass band and the stop band. */
const kaiserBeta = 8;
/** The cut-off of the filter, as a fraction of half of the lower sample rate. */
const rolloff = 0.92;
/** How many sets of weights are kept. The usual pairs of sample rates need at most 640. */
const maxPhases = 1024;

/**
 * Changes the sample rate of pieces of audio, which join without a seam. A windowed sinc filter, which also removes the
 * frequencies that the lower sample rate cannot carry. The output is delayed by 24 samples of the lower rate.
 */
export class Resampler {
  readonly #channels: number;
  /** The rates without their common divisor: output sample m lies at input position m · from / to. */
  readonly #from: number;
  readonly #to: number;
  readonly #scale: number;
  /** How many input samples count on each side of a position. */
  readonly #reach: number;
  readonly #phases = new Map<number, Float32Array>();
  /** Input samples that are still needed, interleaved; the first is at position #start. */
  #held = new Float32Array(0);
  #start = 0;
  #taken = 0;
  #given = 0;
  readonly #partial: SampleBuffer;

  constructor(options: { from: number; to: number; channels: number }) {
    checkAudioFormat({ sampleRate: options.from, channels: options.channels });
    checkAudioFormat({ sampleRate: options.to, channels: options.channels });
    const divisor = commonDivisor(options.from, options.to);
    this.#channels = options.channels;
    this.#partial = new SampleBuffer(bytesPerSample * options.channels);
    this.#from = options.from / divisor;
    this.#to = options.to / divisor;
    this.#scale = rolloff * Math.min(1, options.to / options.from);
    this.#reach = Math.ceil(zeroCrossings / this.#scale);
  }

  /** Adds audio. Returns the output samples that this completes. */
  push(audio: Uint8Array): Uint8Array {
    const samples = this.#take(audio);
    // As if the first sample had gone on before the beginning, so that there is no click.
    if (this.#taken === 0 && samples.length > 0) {
      this.#start = -this.#reach;
      this.#append(repeat(samples.subarray(0, this.#channels), this.#reach));
    }
    this.#append(samples);
    this.#taken += samples.length / this.#channels;
    return this.#make(Math.ceil(((this.#taken - this.#reach) * this.#to) / this.#from));
  }

  /** Returns the last output samples, as if the last input sample went on, and starts again. */
  flush(): Uint8Array {
    const last = this.#held.slice(-this.#channels);
    this.#append(repeat(last, this.#reach + 1));
    const rest = this.#make(Math.round((this.#taken * this.#to) / this.#from));
    this.#held = new Float32Array(0);
    this.#partial.flush();
    this.#start = this.#taken = this.#given = 0;
    return rest;
  }

  /** The samples of complete frames. A partial frame is kept until the rest comes. */
  #take(audio: Uint8Array): Float32Array {
    const bytes = this.#partial.push(audio);
    const view = viewOf(bytes);
    const samples = new Float32Array(bytes.length / bytesPerSample);
    for (let at = 0; at < samples.length; at += 1) samples[at] = view.getInt16(at * bytesPerSample, true);
    return samples;
  }

  #append(samples: Float32Array): void {
    const joined = new Float32Array(this.#held.length + samples.length);
    joined.set(this.#held);
    joined.set(samples, this.#held.length);
    this.#held = joined;
  }

  /** Makes the output samples from the next one up to number `until`, exclusive. */
  #make(until: number): Uint8Array {
    const count = Math.max(0, until - this.#given);
    const bytes = new Uint8Array(count * bytesPerSample * this.#channels);
    const view = viewOf(bytes);
    for (let index = 0; index < count; index += 1) {
      const at = (this.#given + index) * this.#from;
      const position = Math.floor(at / this.#to);
      const weights = this.#weights(at % this.#to);
      const first = position - this.#reach + 1 - this.#start;
      for (let channel = 0; channel < this.#channels; channel += 1) {
        const value = this.#weigh(weights, first, channel);
        view.setInt16((index * this.#channels + channel) * bytesPerSample, value, true);
      }
    }
    this.#given += count;
    this.#forget();
    return bytes;
  }

  #weigh(weights: Float32Array, first: number, channel: number): number {
    const channels = this.#channels;
    const held = this.#held;
    let sum = 0;
    let from = first * channels + channel;
    for (let tap = 0; tap < weights.length; tap += 1) {
      sum += (weights[tap] as number) * (held[from] as number);
      from += channels;
    }
    return Math.max(-0x8000, Math.min(0x7fff, Math.round(sum)));
  }

  #forget(): void {
    const next = Math.floor((this.#given * this.#from) / this.#to) - this.#reach + 1;
    const frames = Math.min(Math.max(0, next - this.#start), this.#held.length / this.#channels);
    this.#held = this.#held.slice(frames * this.#channels);
    this.#start += frames;
  }

  /** The weights of the input samples around a position that is `phase / to` samples after one. Their sum is 1. */
  #weights(phase: number): Float32Array {
    const known = this.#phases.get(phase);
    if (known !== undefined) return known;
    const weights = new Float32Array(2 * this.#reach);
    const offset = phase / this.#to + this.#reach - 1;
    let sum = 0;
    for (let tap = 0; tap < weights.length; tap += 1) sum += weights[tap] = windowedSinc((offset - tap) * this.#scale);
    for (let tap = 0; tap < weights.length; tap += 1) weights[tap] = (weights[tap] as number) / sum;
    if (this.#phases.size < maxPhases) this.#phases.set(phase, weights);
    return weights;
  }
}

/** Returns the audio at another sample rate; its duration changes by less than a sample. For pieces use {@link Resampler}. */
export function resample(audio: PcmAudio, sampleRate: number): PcmAudio {
  checkPcmAudio(audio);
  const { channels } = audio;
  if (sampleRate === audio.sampleRate) return audio;
  checkWholeFrames(audio);
  const resampler = new Resampler({ from: audio.sampleRate, to: sampleRate, channels });
  const [start, end] = [resampler.push(audio.audio), resampler.flush()];
  const bytes = new Uint8Array(start.length + end.length);
  bytes.set(start);
  bytes.set(end, start.length);
  return { audio: bytes, sampleRate, channels };
}

function windowedSinc(x: number): number {
  const edge = x / zeroCrossings;
  if (Math.abs(edge) >= 1) return 0;
  const sinc = x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
  return (sinc * bessel(kaiserBeta * Math.sqrt(1 - edge * edge))) / bessel(kaiserBeta);
}

/** The modified Bessel function of the first kind, order 0. */
function bessel(x: number): number {
  let sum = 1;
  let term = 1;
  for (let k = 1; term > sum * 1e-10; k += 1) sum += term *= (x / (2 * k)) ** 2;
  return sum;
}

function repeat(frame: Float32Array, times: number): Float32Array {
  const repeated = new Float32Array(frame.length * times);
  for (let at = 0; at < repeated.length; at += frame.length) repeated.set(frame, at);
  return repeated;
}

function commonDivisor(one: number, other: number): number {
  return other === 0 ? one : commonDivisor(other, one % other);
}
