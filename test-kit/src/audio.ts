import type { PcmAudio } from "turnwire/internal";

/** A sine of amplitude `level` (0 to 1) in every channel. */
export function sine(options: {
  hz: number;
  ms: number;
  sampleRate: number;
  channels?: number;
  level?: number;
}): PcmAudio {
  const { hz, ms, sampleRate, channels = 1, level = 0.5 } = options;
  const frames = Math.round((ms * sampleRate) / 1000);
  const samples = Array.from(
    { length: frames },
    (_, at) => level * 0x7fff * Math.sin((2 * Math.PI * hz * at) / sampleRate),
  );
  return pcm(
    samples.flatMap((sample) => Array.from({ length: channels }, () => sample)),
    sampleRate,
    channels,
  );
}

/** Samples as audio that begins at an odd address. */
export function pcm(samples: readonly number[], sampleRate = 16_000, channels = 1): PcmAudio {
  const memory = new DataView(new ArrayBuffer(samples.length * 2 + 1));
  samples.forEach((sample, at) => memory.setInt16(1 + at * 2, Math.round(sample), true));
  return { audio: new Uint8Array(memory.buffer, 1), sampleRate, channels };
}

export function samplesOf({ audio }: { audio: Uint8Array }): number[] {
  const view = new DataView(audio.buffer, audio.byteOffset, audio.byteLength);
  return Array.from({ length: Math.floor(audio.length / 2) }, (_, at) => view.getInt16(at * 2, true));
}
