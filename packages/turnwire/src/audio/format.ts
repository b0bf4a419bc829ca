import { InvalidArgumentError, kindOf } from "../errors.ts";

/** How PCM is laid out in time. Samples are signed 16-bit little-endian. */
export interface AudioFormat {
  /** Samples per second, of each channel. */
  sampleRate: number;
  channels: number;
}

/** Signed 16-bit little-endian PCM, interleaved */
export interface PcmAudio extends AudioFormat {
  audio: Uint8Array;
}

export const bytesPerSample = 2;

/** The bytes of one sample of all channels. */
export function bytesPerFrame(format: { channels: number }): number {
  return bytesPerSample * format.channels;
}

/** How long the audio is, in milliseconds. A part of a sample at the end does not count. */
export function durationMs(audio: PcmAudio): number {
  return (Math.floor(audio.audio.length / bytesPerFrame(audio)) * 1000) / audio.sampleRate;
}

/** How many milliseconds of audio the bytes are. */
export function msForBytes(bytes: number, format: AudioFormat): number {
  return (bytes * 1000) / bytesPerFrame(format) / format.sampleRate;
}

/** How many bytes `ms` of audio take: the nearest number of whole samples. */
export function bytesForMs(ms: number, format: AudioFormat): number {
  return Math.round((ms * format.sampleRate) / 1000) * bytesPerFrame(format);
}

const maxSampleRate = 768_000;
const maxChannels = 64;

/** @throws InvalidArgumentError that names the field, below `field` when one is given. */
export function checkAudioFormat(format: { sampleRate: unknown; channels: unknown }, field?: string): void {
  checkWhole(format.sampleRate, "sampleRate", maxSampleRate, field);
  checkWhole(format.channels, "channels", maxChannels, field);
}

function checkWhole(value: unknown, name: string, max: number, parent: string | undefined): void {
  if (typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= max) return;
  const path = parent === undefined ? name : `${parent}.${name}`;
  throw new InvalidArgumentError(path, `must be a whole number from 1 to ${max}, not ${kindOf(value)}`);
}

/** @throws InvalidArgumentError when the audio ends within a sample. */
export function checkWholeFrames(audio: PcmAudio, field = "audio"): void {
  const size = bytesPerFrame(audio);
  if (audio.audio.length % size === 0) return;
  throw new InvalidArgumentError(field, `must hold whole samples of ${size} bytes, not ${audio.audio.length} bytes`);
}
