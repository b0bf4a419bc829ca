import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseWavHeader, readWav, writeWav, writeWavHeader } from "../../src/audio/index.ts";
import { anyAudio } from "./any-audio.ts";

// The layout of the chunks: https://www.mmsp.ece.mcgill.ca/Documents/AudioFormats/WAVE/WAVE.html
const u16 = (value: number): number[] => [value & 0xff, (value >> 8) & 0xff];
const u32 = (value: number): number[] => [...u16(value & 0xffff), ...u16(value >>> 16)];
const text = (value: string): number[] => [...Buffer.from(value)];
const chunk = (id: string, body: number[], size = body.length): number[] => [
  ...text(id),
  ...u32(size),
  ...body,
  ...(body.length % 2 === 1 ? [0] : []),
];
const fmt = (options: { tag?: number; bits?: number; more?: number[] } = {}): number[] =>
  chunk("fmt ", [
    ...[...u16(options.tag ?? 1), ...u16(1), ...u32(8000), ...u32(16_000), ...u16(2), ...u16(options.bits ?? 16)],
    ...(options.more ?? []),
  ]);
const riff = (chunks: number[], size = chunks.length + 4): Uint8Array =>
  new Uint8Array([...text("RIFF"), ...u32(size), ...text("WAVE"), ...chunks]);

const samples = [1, 2, 3, 4];
const audio = { audio: new Uint8Array(samples), sampleRate: 8000, channels: 1 };

describe("reading", () => {
  it("reads a plain file", () => {
    expect(readWav(riff([...fmt(), ...chunk("data", samples)]))).toEqual(audio);
  });

  it("skips other chunks before and after the samples, also of odd size", () => {
    const around = chunk("LIST", text("INFOISFT"));
    expect(readWav(riff([...chunk("odd ", [7]), ...fmt(), ...around, ...chunk("data", samples), ...around]))).toEqual(
      audio,
    );
  });

  it("reads WAVE_FORMAT_EXTENSIBLE with 16-bit PCM, and refuses it with floating point", () => {
    const sub = (tag: number): number[] => [
      ...[...u16(22), ...u16(16), ...u32(4), ...u16(tag), ...u16(0)],
      ...[0x00, 0x00, 0x10, 0x00, 0x80, 0x00, 0x00, 0xaa, 0x00, 0x38, 0x9b, 0x71],
    ];
    const file = (tag: number): Uint8Array =>
      riff([...fmt({ tag: 0xfffe, more: sub(tag) }), ...chunk("data", samples)]);
    expect(readWav(file(1))).toEqual(audio);
    expect(() => readWav(file(3))).toThrow("wav: expected 16-bit PCM, got 16-bit floating point; convert it");
  });

  it.each([
    ["0xffffffff", 0xffffffff, 0xffffffff],
    ["0", 0, 0],
    ["0 only in the size of the samples", 0, 36],
    ["0 in a header that it never corrected", 0, 0xffffffff],
  ])("reads to the end if a writer to a pipe left %s", (_what, dataSize, riffSize) => {
    expect(readWav(riff([...fmt(), ...chunk("data", samples, dataSize)], riffSize))).toEqual(audio);
  });

  it("distinguishes an empty file from an unknown size", () => {
    const empty = [...fmt(), ...chunk("data", []), ...chunk("LIST", text("INFO"))];
    expect(readWav(riff(empty)).audio.length).toBe(0);
  });

  it("reads the whole samples of a truncated file", () => {
    const file = riff([...fmt(), ...chunk("data", [...samples, 5], 4000)]);
    expect(readWav(file)).toEqual({ ...audio, audio: expect.objectContaining({ length: 6 }) });
    expect(readWav(file.subarray(0, -1)).audio.length).toBe(4);
  });

  it.each([
    [
      "text",
      new Uint8Array(text("OggS and more of it")),
      'expected a WAV file, got one that does not begin with "RIFF" and "WAVE"',
    ],
    ["another RIFF", new Uint8Array([...text("RIFF"), ...u32(4), ...text("AVI ")]), "expected a WAV file"],
    ["few bytes of something", new Uint8Array(text("fLaC")), "expected a WAV file"],
    ["nothing", new Uint8Array(0), "expected samples, got the end of the file after 0 bytes"],
    ["a header alone", riff([]), "expected samples, got the end of the file after 12 bytes"],
    ["no format", riff(chunk("data", samples)), 'expected a "fmt " chunk before the samples, got none'],
    ["a short format", riff([...chunk("fmt ", [1, 0])]), 'expected a "fmt " chunk of at least 16 bytes, got 2'],
    ["24 bits", riff([...fmt({ bits: 24 })]), "expected 16-bit PCM, got 24-bit PCM; convert it"],
    ["µ-law", riff([...fmt({ tag: 7, bits: 8 })]), "expected 16-bit PCM, got 8-bit µ-law"],
    ["an unknown format", riff([...fmt({ tag: 0x1234 })]), "expected 16-bit PCM, got 16-bit format 0x1234"],
  ])("refuses %s", (_what, bytes, message) => {
    expect(() => readWav(bytes)).toThrow(`wav: ${message}`);
  });

  it("either reads or refuses any bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), fc.boolean(), (bytes, whole) => {
        try {
          readWav(whole ? riff([...bytes]) : bytes);
        } catch (error) {
          expect(error).toMatchObject({ code: "invalid_argument" });
        }
      }),
    );
  });

  it("waits for the rest of a header that arrives in pieces", () => {
    const file = riff([...chunk("LIST", [1, 2, 3]), ...fmt(), ...chunk("data", samples)]);
    const [first] = [...file.keys()].filter((length) => parseWavHeader(file.subarray(0, length)) !== undefined);
    expect(first).toBe(file.length - samples.length);
    expect(parseWavHeader(file.subarray(0, first))).toEqual({
      sampleRate: 8000,
      channels: 1,
      dataOffset: first,
      dataBytes: 4,
    });
  });
});

describe("writing", () => {
  it("writes what it reads back unchanged", () => {
    fc.assert(
      fc.property(anyAudio, (any) => {
        expect(readWav(writeWav(any))).toEqual(any);
      }),
    );
  });

  it("writes exactly these bytes", () => {
    expect([...writeWav(audio)]).toEqual([...riff([...fmt(), ...chunk("data", samples)])]);
  });

  it("leaves out a partial sample", () => {
    expect(readWav(writeWav({ ...audio, audio: new Uint8Array([1, 2, 3]) })).audio).toEqual(new Uint8Array([1, 2]));
  });

  it("marks the size as unknown in the header of a stream", () => {
    const header = writeWavHeader({ sampleRate: 8000, channels: 1 });
    expect([...header]).toEqual([...riff([...fmt(), ...chunk("data", [], 0xffffffff)], 0xffffffff)]);
    expect(readWav(new Uint8Array([...header, ...samples]))).toEqual(audio);
  });
});
