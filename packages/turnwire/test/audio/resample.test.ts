import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AudioConverter, durationMs, resample, Resampler, rms, splitAudio, toMono } from "../../src/audio/index.ts";
import { pcm, samplesOf, sine } from "@turnwire/test-kit";
import { anyAudio } from "./any-audio.ts";

const rates = [8000, 11_025, 16_000, 22_050, 24_000, 44_100, 48_000];

describe("converting the sample rate", () => {
  it("keeps the duration within one sample", () => {
    fc.assert(
      fc.property(anyAudio, fc.constantFrom(...rates), (audio, rate) => {
        const other = resample(audio, rate);
        expect(other).toMatchObject({ sampleRate: rate, channels: audio.channels });
        expect(Math.abs(durationMs(other) - durationMs(audio))).toBeLessThanOrEqual(1000 / rate);
      }),
      { numRuns: 50 },
    );
  });

  it("keeps the level of a sine that both rates can represent", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...rates),
        fc.constantFrom(...rates),
        fc.integer({ min: 50, max: 3000 }),
        (from, to, hz) => {
          const audio = sine({ hz, ms: 200, sampleRate: from });
          expect(rms(resample(audio, to)) / rms(audio)).toBeCloseTo(1, 1.7);
        },
      ),
      { numRuns: 40 },
    );
  });

  it("reproduces a sine sample by sample, except near the ends", () => {
    const [low, high] = [sine({ hz: 700, ms: 50, sampleRate: 16_000 }), sine({ hz: 700, ms: 50, sampleRate: 48_000 })];
    const apart = (one: number[], other: number[]): number =>
      Math.max(...one.map((sample, at) => Math.abs(sample - other[at]!)).slice(100, -200));
    expect(apart(samplesOf(resample(low, 48_000)), samplesOf(high))).toBeLessThan(20);
    expect(apart(samplesOf(resample(high, 16_000)), samplesOf(low))).toBeLessThan(20);
  });

  it("removes frequencies above the lower rate's limit without aliasing", () => {
    const audio = sine({ hz: 6000, ms: 200, sampleRate: 48_000 });
    const middle = splitAudio(resample(audio, 8000), 100)[0]!;
    expect(rms({ audio: middle.audio.subarray(200) })).toBeLessThan(0.001);
  });

  it("keeps a constant level from the first sample to the last, in each channel", () => {
    const audio = pcm(
      Array.from({ length: 400 }, (_, at) => (at % 2 === 0 ? 1000 : -2000)),
      16_000,
      2,
    );
    const samples = samplesOf(resample(audio, 44_100));
    expect(new Set(samples.filter((_, at) => at % 2 === 0))).toEqual(new Set([1000]));
    expect(new Set(samples.filter((_, at) => at % 2 === 1))).toEqual(new Set([-2000]));
  });

  it("does not overflow at full scale", () => {
    const square = pcm(Array.from({ length: 300 }, (_, at) => (at % 20 < 10 ? 0x7fff : -0x8000)));
    const [peak, trough] = [
      Math.max(...samplesOf(resample(square, 48_000))),
      Math.min(...samplesOf(resample(square, 48_000))),
    ];
    expect([peak, trough]).toEqual([0x7fff, -0x8000]);
  });

  it("returns the same audio for the same rate", () => {
    const audio = pcm([1, 2, 3]);
    expect(resample(audio, audio.sampleRate)).toBe(audio);
  });

  it("refuses invalid audio and formats", () => {
    expect(() => resample(pcm([1, 2]), 0)).toThrow("sampleRate: expected a whole number");
    expect(() => resample({ audio: new Uint8Array(3), sampleRate: 8000, channels: 1 }, 16_000)).toThrow(
      "audio: expected whole samples of 2 bytes, got 3 bytes",
    );
  });
});

describe("a resampler", () => {
  it("gives the same result for pieces of any size as for the whole", () => {
    fc.assert(
      fc.property(anyAudio, fc.constantFrom(...rates), fc.array(fc.nat(200)), (audio, to, sizes) => {
        const resampler = new Resampler({ from: audio.sampleRate, to, channels: audio.channels });
        const pieces: Uint8Array[] = [];
        let from = 0;
        for (const size of [...sizes, audio.audio.length]) {
          pieces.push(resampler.push(audio.audio.subarray(from, from + size)));
          from += size;
        }
        const joined = Buffer.concat([...pieces, resampler.flush()]);
        if (to !== audio.sampleRate) expect(joined).toEqual(Buffer.from(resample(audio, to).audio));
      }),
      { numRuns: 60 },
    );
  });

  it("can be reused after a flush", () => {
    const resampler = new Resampler({ from: 8000, to: 16_000, channels: 1 });
    const { audio } = sine({ hz: 300, ms: 20, sampleRate: 8000 });
    const once = Buffer.concat([resampler.push(audio), resampler.flush()]);
    expect(Buffer.concat([resampler.push(audio), resampler.flush()])).toEqual(once);
    expect(once.length).toBe(640);
  });
});

describe("a converter", () => {
  const format = { sampleRate: 16_000, channels: 1 };

  it("converts pieces of any format to one format, without seams", () => {
    const converter = new AudioConverter(format);
    const stereo = sine({ hz: 300, ms: 100, sampleRate: 48_000, channels: 2 });
    const mono = sine({ hz: 300, ms: 100, sampleRate: 8000 });
    const pieces = [...splitAudio(stereo, 7), ...splitAudio(mono, 13)].map((piece) => converter.convert(piece));
    const joined = Buffer.concat([...pieces, converter.flush()]);
    expect(joined).toEqual(Buffer.concat([resample(toMono(stereo), 16_000).audio, resample(mono, 16_000).audio]));
    expect(converter.flush().length).toBe(0);
  });

  it("gives each channel the mean if the number of channels differs", () => {
    const stereo = new AudioConverter({ sampleRate: 16_000, channels: 2 });
    expect(samplesOf({ audio: stereo.convert(pcm([1, -7])) })).toEqual([1, 1, -7, -7]);
    expect(samplesOf({ audio: stereo.convert(pcm([3, 6, 9], 16_000, 3)) })).toEqual([6, 6]);
    const rest = [stereo.convert(pcm([5, 5, 5, 5], 8000)), stereo.flush()];
    expect(samplesOf({ audio: Buffer.concat(rest) })).toEqual(Array.from({ length: 16 }, () => 5));
  });

  it("returns audio that already has the format unchanged", () => {
    const audio = pcm([1, 2, 3]);
    expect(new AudioConverter(format).convert(audio)).toBe(audio.audio);
  });

  it("refuses invalid audio and formats", () => {
    const converter = new AudioConverter(format);
    const audio = new Uint8Array(3);
    expect(() => converter.convert({ audio, ...format })).toThrow("audio: expected whole samples of 2 bytes");
    expect(() => converter.convert({ audio, sampleRate: -1, channels: 1 })).toThrow("sampleRate: expected");
    expect(() => new AudioConverter({ sampleRate: 16_000, channels: 0 })).toThrow("channels: expected");
  });
});
