import { readFileSync } from "node:fs";
import fc from "fast-check";
import { type PcmAudio, readWav } from "turnwire/internal";

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

/** Audio in any usual format, at any address, of whole samples. */
export const anyAudio: fc.Arbitrary<PcmAudio> = fc
  .record({
    sampleRate: fc.constantFrom(8000, 11_025, 16_000, 22_050, 24_000, 44_100, 48_000),
    channels: fc.integer({ min: 1, max: 3 }),
    frames: fc.nat(300),
    offset: fc.nat(3),
    seed: fc.integer(),
  })
  .map(({ sampleRate, channels, frames, offset, seed }) => {
    const size = frames * channels * 2;
    const audio = new Uint8Array(new ArrayBuffer(size + offset), offset);
    for (let at = 0; at < size; at += 1) audio[at] = (Math.imul(seed + at, 0x9e3779b1) >>> 13) & 0xff;
    return { audio, sampleRate, channels };
  });

/**
 * "Can you hear me?" and "It is raining.", said by `espeak-ng -v en-gb -s 150`, with a little noise throughout: 16 kHz.
 * The voice is there from 600 to 1505 and from 2305 to 3085 ms, of 3785.
 */
export function twoSentences(): PcmAudio {
  return readWav(readFileSync(new URL("../fixtures/two-sentences.wav", import.meta.url)));
}
