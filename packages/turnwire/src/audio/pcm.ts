import { InvalidArgumentError, kindOf } from "../errors.ts";
import { type AudioFormat, bytesForMs, bytesPerFrame, bytesPerSample, checkPcmAudio, type PcmAudio } from "./format.ts";

/**
 * Splits audio into chunks of `chunkMs` milliseconds; the last may be shorter. They share memory with the audio. A partial
 * sample at the end stays in the last chunk, so that the chunks join to the audio again.
 * @throws InvalidArgumentError when `chunkMs` is shorter than a sample.
 */
export function splitAudio(audio: PcmAudio, chunkMs: number): PcmAudio[] {
  checkPcmAudio(audio);
  const { audio: bytes, sampleRate, channels } = audio;
  const size = bytesForMs(chunkMs, audio);
  if (!(size >= bytesPerFrame(audio)) || !Number.isFinite(size)) {
    throw new InvalidArgumentError("chunkMs", `expected the duration of at least one sample, got ${kindOf(chunkMs)}`);
  }
  const chunks: PcmAudio[] = [];
  for (let from = 0; from < bytes.length; from += size) {
    chunks.push({ audio: bytes.subarray(from, from + size), sampleRate, channels });
  }
  return chunks;
}

/**
 * Joins pieces of audio, in their order.
 * @throws InvalidArgumentError when there is nothing to join, or the formats differ.
 */
export function concatAudio(parts: readonly PcmAudio[]): PcmAudio {
  const [first] = parts;
  if (first === undefined) throw new InvalidArgumentError("parts", "expected at least one piece of audio, got none");
  for (const [index, part] of parts.entries()) checkPcmAudio(part, `parts[${index}]`);
  const { sampleRate, channels } = first;
  const odd = parts.findIndex((part) => part.sampleRate !== sampleRate || part.channels !== channels);
  if (odd !== -1) {
    const { sampleRate: otherRate, channels: otherChannels } = parts[odd] as PcmAudio;
    throw new InvalidArgumentError(
      `parts[${odd}]`,
      `expected the format of the first, ${sampleRate} Hz × ${channels}, got ${otherRate} Hz × ${otherChannels}; resample it`,
    );
  }
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.audio.length, 0));
  let at = 0;
  for (const { audio } of parts) {
    bytes.set(audio, at);
    at += audio.length;
  }
  return { audio: bytes, sampleRate, channels };
}

/** Returns `ms` milliseconds of silence. */
export function silence(ms: number, format: AudioFormat): PcmAudio {
  return {
    audio: new Uint8Array(bytesForMs(Math.max(0, ms), format)),
    sampleRate: format.sampleRate,
    channels: format.channels,
  };
}

/** Returns the level: the root mean square of all channels, from 0 to 1 (a full-scale square wave). */
export function rms({ audio }: { audio: Uint8Array }): number {
  const samples = viewOf(audio);
  const count = Math.floor(audio.length / bytesPerSample);
  if (count === 0) return 0;
  let sum = 0;
  for (let index = 0; index < count; index += 1) sum += samples.getInt16(index * bytesPerSample, true) ** 2;
  return Math.sqrt(sum / count) / 0x8000;
}

/** Returns the mean of the channels. Audio with one channel is returned as it is. */
export function toMono(audio: PcmAudio): PcmAudio {
  const { channels, sampleRate } = audio;
  if (channels === 1) return audio;
  const from = viewOf(audio.audio);
  const count = Math.floor(audio.audio.length / bytesPerFrame(audio));
  const mono = new Uint8Array(count * bytesPerSample);
  const to = viewOf(mono);
  for (let frame = 0; frame < count; frame += 1) {
    let sum = 0;
    for (let channel = 0; channel < channels; channel += 1) {
      sum += from.getInt16((frame * channels + channel) * bytesPerSample, true);
    }
    to.setInt16(frame * bytesPerSample, Math.round(sum / channels), true);
  }
  return { audio: mono, sampleRate, channels: 1 };
}

/** A view of the bytes. Unlike an Int16Array it works at any offset, and is little-endian on any machine. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
