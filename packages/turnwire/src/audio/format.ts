import { checkFields, type Checks, checkValue, is } from "../checks/index.ts";
import { InvalidArgumentError, kindOf } from "../errors.ts";

/** The sample rate and the channels of PCM audio. Samples are signed 16-bit little-endian. */
export interface AudioFormat {
  /** Samples per second, of each channel. */
  sampleRate: number;
  channels: number;
}

/** Signed 16-bit little-endian PCM audio. Samples of several channels are interleaved. */
export interface PcmAudio extends AudioFormat {
  audio: Uint8Array;
}

export const bytesPerSample = 2;

/** Returns the size of one sample of all channels, in bytes. */
export function bytesPerFrame(format: { channels: number }): number {
  return bytesPerSample * format.channels;
}

/** Returns the duration in milliseconds. A partial sample at the end does not count. */
export function durationMs(audio: PcmAudio): number {
  return (Math.floor(audio.audio.length / bytesPerFrame(audio)) * 1000) / audio.sampleRate;
}

/** Returns the duration of that many bytes of audio, in milliseconds. */
export function msForBytes(bytes: number, format: AudioFormat): number {
  return (bytes * 1000) / bytesPerFrame(format) / format.sampleRate;
}

/** Returns the size of `ms` milliseconds of audio in bytes, rounded to whole samples. */
export function bytesForMs(ms: number, format: AudioFormat): number {
  return Math.round((ms * format.sampleRate) / 1000) * bytesPerFrame(format);
}

const sampleRateCheck = is.number({ min: 1, max: 768_000, integer: true });
const channelsCheck = is.number({ min: 1, max: 64, integer: true });

/** @throws InvalidArgumentError for `sampleRate` or `channels`, as a part of `field` if that is given. */
export function checkAudioFormat(format: { sampleRate: unknown; channels: unknown }, field?: string): void {
  const path = field === undefined ? "" : `${field}.`;
  checkValue(format.sampleRate, `${path}sampleRate`, sampleRateCheck);
  checkValue(format.channels, `${path}channels`, channelsCheck);
}

const pcmAudioChecks = {
  audio: is.required(is.instanceOf(Uint8Array)),
  sampleRate: is.required(sampleRateCheck),
  channels: is.required(channelsCheck),
} satisfies Checks<PcmAudio>;
const anObject = is.custom("an object with audio, sampleRate and channels", is.object.holds);

/** @throws InvalidArgumentError for something else than an object with `audio`, `sampleRate` and `channels`. */
export function checkPcmAudio(audio: unknown, field = "audio"): asserts audio is PcmAudio {
  if (ArrayBuffer.isView(audio)) {
    throw new InvalidArgumentError(field, `expected one object, { audio, sampleRate, channels }, got ${kindOf(audio)}`);
  }
  checkValue(audio, field, anObject);
  checkFields(audio as object, pcmAudioChecks, `${field}.`);
}

/** @throws InvalidArgumentError when the audio ends with a partial sample. */
export function checkWholeFrames(audio: PcmAudio, field = "audio"): void {
  const size = bytesPerFrame(audio);
  if (audio.audio.length % size === 0) return;
  throw new InvalidArgumentError(field, `expected whole samples of ${size} bytes, got ${audio.audio.length} bytes`);
}
