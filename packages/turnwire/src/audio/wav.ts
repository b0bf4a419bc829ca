import { InvalidArgumentError } from "../errors.ts";
import {
  type AudioFormat,
  bytesPerFrame,
  bytesPerSample,
  checkAudioFormat,
  checkPcmAudio,
  type PcmAudio,
} from "./format.ts";
import { viewOf } from "./pcm.ts";

/** The contents of the header of a WAV file. */
export interface WavHeader extends AudioFormat {
  /** Where the samples begin. */
  dataOffset: number;
  /** How many bytes of samples follow; undefined if the header does not say. */
  dataBytes: number | undefined;
}

/** The sizes in the headers of programs that write to a pipe. */
const unknownSizes = new Set([0, 0xffffffff]);
const pcm = 1;
const extensible = 0xfffe;
/** Bytes 2 to 15 of a sub-format GUID of WAVE_FORMAT_EXTENSIBLE; the first two are the format tag. */
const guidTail = "000000001000800000aa00389b71";
const formatNames: Record<number, string> = { 2: "ADPCM", 3: "floating point", 6: "A-law", 7: "µ-law", 0x55: "MP3" };

/**
 * Reads up to the start of the samples. Returns undefined when the bytes end before that.
 * @param totalBytes The size of the whole file, if it is known, so that an unknown size of 0 is not taken for an empty file.
 * @throws InvalidArgumentError when it is not a WAV file of 16-bit PCM.
 */
export function parseWavHeader(bytes: Uint8Array, totalBytes?: number): WavHeader | undefined {
  if (bytes.length < 12) {
    if (!"RIFF".startsWith(textAt(bytes, 0, Math.min(4, bytes.length)))) throw notWav();
    return undefined;
  }
  if (textAt(bytes, 0, 4) !== "RIFF" || textAt(bytes, 8, 4) !== "WAVE") throw notWav();
  const view = viewOf(bytes);
  let format: AudioFormat | undefined;
  for (let at = 12; at + 8 <= bytes.length;) {
    const [id, size, body] = [textAt(bytes, at, 4), view.getUint32(at + 4, true), at + 8];
    if (id === "data") {
      if (format === undefined)
        throw new InvalidArgumentError("wav", `expected a "fmt " chunk before the samples, got none`);
      const empty = size === 0 && totalBytes !== undefined && view.getUint32(4, true) + 8 === totalBytes;
      return { ...format, dataOffset: body, dataBytes: unknownSizes.has(size) && !empty ? undefined : size };
    }
    if (id === "fmt ") {
      if (body + size > bytes.length) return undefined;
      format = readFormat(bytes.subarray(body, body + size));
    }
    // Chunks begin at even offsets.
    at = body + size + (size % 2);
  }
  return undefined;
}

/**
 * Reads a WAV file of 16-bit PCM. Chunks other than the format and the samples are skipped. A file that ends early, or
 * whose header does not give its size, is read to its end. The audio shares memory with the bytes.
 * @throws InvalidArgumentError when it cannot be read; the message says what it is instead.
 */
export function readWav(bytes: Uint8Array): PcmAudio {
  const header = parseWavHeader(bytes, bytes.length);
  if (header === undefined)
    throw new InvalidArgumentError("wav", `expected samples, got the end of the file after ${bytes.length} bytes`);
  const { dataOffset, dataBytes = Infinity, sampleRate, channels } = header;
  const there = Math.min(dataBytes, bytes.length - dataOffset);
  const whole = there - (there % bytesPerFrame(header));
  return { audio: bytes.subarray(dataOffset, dataOffset + whole), sampleRate, channels };
}

/** Returns a WAV file of 16-bit PCM. A partial sample at the end is left out. */
export function writeWav(audio: PcmAudio): Uint8Array {
  checkPcmAudio(audio);
  const whole = audio.audio.length - (audio.audio.length % bytesPerFrame(audio));
  const header = writeWavHeader(audio, whole);
  const bytes = new Uint8Array(header.length + whole);
  bytes.set(header);
  bytes.set(audio.audio.subarray(0, whole), header.length);
  return bytes;
}

/**
 * Returns the 44 bytes before the samples.
 * @param dataBytes How many bytes of samples follow; for a stream it is left out, and the header gives no size.
 */
export function writeWavHeader(format: AudioFormat, dataBytes?: number): Uint8Array {
  checkAudioFormat(format);
  const header = new Uint8Array(44);
  const view = viewOf(header);
  const { sampleRate, channels } = format;
  const size = dataBytes === undefined ? 0xffffffff : Math.min(dataBytes, 0xffffffff);
  header.set(Buffer.from("RIFF....WAVEfmt "), 0);
  view.setUint32(4, Math.min(size + 36, 0xffffffff), true);
  view.setUint32(16, 16, true);
  view.setUint16(20, pcm, true);
  view.setUint16(22, channels, true);
  view.setUint32(24, sampleRate, true);
  view.setUint32(28, sampleRate * bytesPerFrame(format), true);
  view.setUint16(32, bytesPerFrame(format), true);
  view.setUint16(34, bytesPerSample * 8, true);
  header.set(Buffer.from("data"), 36);
  view.setUint32(40, size, true);
  return header;
}

function readFormat(body: Uint8Array): AudioFormat {
  if (body.length < 16)
    throw new InvalidArgumentError("wav", `expected a "fmt " chunk of at least 16 bytes, got ${body.length}`);
  const view = viewOf(body);
  const bits = view.getUint16(14, true);
  const tag = formatTag(body);
  if (tag !== pcm || bits !== bytesPerSample * 8) {
    const what = tag === pcm ? "PCM" : (formatNames[tag] ?? `format 0x${tag.toString(16)}`);
    throw new InvalidArgumentError(
      "wav",
      `expected 16-bit PCM, got ${bits}-bit ${what}; convert it, for example with ffmpeg -i in.wav -c:a pcm_s16le out.wav`,
    );
  }
  const format = { sampleRate: view.getUint32(4, true), channels: view.getUint16(2, true) };
  checkAudioFormat(format, "wav");
  return format;
}

/** The format tag. WAVE_FORMAT_EXTENSIBLE has it in the sub-format. */
function formatTag(body: Uint8Array): number {
  const view = viewOf(body);
  const tag = view.getUint16(0, true);
  if (tag !== extensible || body.length < 40) return tag;
  return Buffer.from(body.subarray(26, 40)).toString("hex") === guidTail ? view.getUint16(24, true) : tag;
}

function textAt(bytes: Uint8Array, at: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + length));
}

function notWav(): InvalidArgumentError {
  return new InvalidArgumentError("wav", `expected a WAV file, got one that does not begin with "RIFF" and "WAVE"`);
}
