import fc from "fast-check";
import type { PcmAudio } from "../../src/audio/index.ts";

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
