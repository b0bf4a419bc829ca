import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import {
  AudioChunker,
  bytesForMs,
  checkAudioFormat,
  concatAudio,
  durationMs,
  rms,
  silence,
  splitAudio,
  toMono,
} from "../../src/audio/index.ts";
import { pcm, samplesOf, sine } from "@turnwire/test-kit";
import { anyAudio } from "./any-audio.ts";

const format = { sampleRate: 16_000, channels: 1 };

test("converts between time and bytes", () => {
  expect(bytesForMs(20, format)).toBe(640);
  expect(bytesForMs(20, { sampleRate: 44_100, channels: 2 })).toBe(882 * 4);
  expect(bytesForMs(0.1, { sampleRate: 8000, channels: 2 })).toBe(4);
  expect(durationMs({ ...format, audio: new Uint8Array(640) })).toBe(20);
  expect(durationMs({ ...format, audio: new Uint8Array(641) })).toBe(20);
  expect(durationMs(silence(250, { sampleRate: 48_000, channels: 2 }))).toBe(250);
  expect(silence(-5, format).audio.length).toBe(0);
});

test.each([
  [{ sampleRate: 0, channels: 1 }, "sampleRate: expected a whole number from 1 to 768000, got the number 0"],
  [{ sampleRate: "16000", channels: 1 }, "sampleRate: expected a whole number from 1 to 768000, got a string"],
  [{ sampleRate: 8000, channels: 1.5 }, "channels: expected a whole number from 1 to 64, got the number 1.5"],
])("refuses the format %o", (wrong, message) => {
  expect(() => checkAudioFormat(wrong)).toThrow(message);
});

describe("splitting and joining", () => {
  it("splits audio into chunks of the given size and joins them again", () => {
    fc.assert(
      fc.property(anyAudio, fc.double({ min: 1, max: 50, noNaN: true }), (audio, chunkMs) => {
        const chunks = splitAudio(audio, chunkMs);
        const size = bytesForMs(chunkMs, audio);
        expect(chunks.slice(0, -1).every((chunk) => chunk.audio.length === size)).toBe(true);
        expect(chunks.every((chunk) => chunk.audio.length > 0 && chunk.audio.length <= size)).toBe(true);
        if (chunks.length === 0) expect(audio.audio.length).toBe(0);
        else expect(concatAudio(chunks)).toEqual(audio);
      }),
    );
  });

  it("keeps a partial sample at the end", () => {
    const audio = { ...format, audio: new Uint8Array([1, 2, 3]) };
    expect(concatAudio(splitAudio(audio, 0.1)).audio).toEqual(audio.audio);
  });

  it.each([0, -1, Number.NaN, 0.001, Infinity])("refuses chunks of %s ms", (chunkMs) => {
    expect(() => splitAudio(silence(10, format), chunkMs)).toThrow(
      "chunkMs: expected the duration of at least one sample",
    );
  });

  it("refuses to join different formats, or no parts", () => {
    const other = silence(10, { sampleRate: 8000, channels: 1 });
    expect(() => concatAudio([silence(10, format), other])).toThrow(
      "parts[1]: expected the format of the first, 16000 Hz × 1, got 8000 Hz × 1; resample it",
    );
    expect(() => concatAudio([])).toThrow("parts: expected at least one piece");
  });
});

test("computes the level", () => {
  expect(rms(silence(10, format))).toBe(0);
  expect(rms({ audio: new Uint8Array(0) })).toBe(0);
  expect(rms(pcm([-0x8000, -0x8000]))).toBe(1);
  expect(rms(sine({ hz: 440, ms: 1000, sampleRate: 16_000, level: 0.5 }))).toBeCloseTo(0.5 / Math.SQRT2, 3);
});

test("mixes channels down to their mean", () => {
  expect(samplesOf(toMono(pcm([100, 300, -5, -6, 0x7fff, 0x7fff], 8000, 2)))).toEqual([200, -5, 0x7fff]);
  const mono = pcm([1, 2]);
  expect(toMono(mono)).toBe(mono);
});

describe("the chunker", () => {
  it("produces the same chunks for pieces of any size", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 })), fc.integer({ min: 1, max: 30 }), (pieces, size) => {
        const chunker = new AudioChunker(size);
        const chunks = pieces.flatMap((piece) => chunker.push(piece));
        expect(chunks.every((chunk) => chunk.length === size)).toBe(true);
        const rest = chunker.flush();
        expect(rest.length).toBeLessThan(size);
        expect(Buffer.concat([...chunks, rest])).toEqual(Buffer.concat(pieces));
        expect(chunker.flush().length).toBe(0);
      }),
    );
  });

  it("keeps its audio when the caller reuses the memory", () => {
    const chunker = new AudioChunker(4);
    const memory = new Uint8Array([1, 2]);
    chunker.push(memory);
    memory.fill(9);
    expect(chunker.push(new Uint8Array([3, 4]))).toEqual([new Uint8Array([1, 2, 3, 4])]);
  });
});
