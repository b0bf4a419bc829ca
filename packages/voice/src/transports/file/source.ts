import { createReadStream } from "node:fs";
import { Readable } from "node:stream";
import {
  AudioChunker,
  type AudioFormat,
  bytesForMs,
  bytesPerFrame,
  type Check,
  checkAudioFormat,
  InvalidArgumentError,
  is,
  onAbort,
  parseWavHeader,
  untilAborted,
  type PcmAudio,
  type WavHeader,
} from "turnwire/internal";

/** A source of audio: the path of a file, a stream such as `process.stdin`, or the audio itself. */
export type AudioSource = string | AsyncIterable<Uint8Array> | PcmAudio;

const maxHeaderBytes = 1024 * 1024;

/**
 * Reads audio in pieces of `chunkMs`; the last one is shorter. Without `raw`, the source has to be a WAV file.
 * @throws InvalidArgumentError if `from` cannot be read; the signal's reason when it fires.
 */
export async function* readAudio(
  from: AudioSource,
  options: { raw: AudioFormat | undefined; chunkMs: number; signal: AbortSignal },
): AsyncGenerator<PcmAudio, void> {
  const { raw, chunkMs, signal } = options;
  let chunker: AudioChunker | undefined;
  let format: AudioFormat = { sampleRate: 0, channels: 1 };
  for await (const { audio, sampleRate, channels } of piecesOf(from, raw, signal)) {
    format = { sampleRate, channels };
    chunker ??= new AudioChunker(Math.max(bytesPerFrame(format), bytesForMs(chunkMs, format)));
    for (const chunk of chunker.push(audio)) yield { audio: chunk, ...format };
  }
  const rest = chunker?.flush() ?? new Uint8Array(0);
  const whole = rest.length - (rest.length % bytesPerFrame(format));
  if (whole > 0) yield { audio: rest.subarray(0, whole), ...format };
}

export const sourceCheck: Check = {
  ...is.custom(
    "a path, a readable stream or audio",
    (from) => (typeof from === "string" && from !== "") || isIterable(from) || isAudio(from),
  ),
  within: (from, field) => {
    if (isAudio(from)) checkAudioFormat(from, field);
  },
};

function isAudio(from: unknown): from is PcmAudio {
  return typeof from === "object" && from !== null && "audio" in from && from.audio instanceof Uint8Array;
}

function isIterable(from: unknown): boolean {
  return typeof from === "object" && from !== null && Symbol.asyncIterator in from;
}

async function* bytesOf(from: string | AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const stream = typeof from === "string" ? createReadStream(from) : from;
  const iterator = stream[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  const end = (): void => {
    // A stream that waits for bytes would not notice the iterator's end.
    if (stream instanceof Readable) stream.destroy();
    else void iterator.return?.();
  };
  const removeListener = onAbort(signal, end);
  try {
    for (;;) {
      const { value, done } = await untilAborted(iterator.next(), signal);
      if (done === true) return;
      yield value;
    }
  } catch (error) {
    if (signal.aborted) throw error;
    const detail = error instanceof Error ? error.message : String(error);
    throw new InvalidArgumentError("from", `cannot be read: ${detail}`, { cause: error });
  } finally {
    removeListener();
    end();
  }
}

/** The audio in pieces of any length, all of one format. */
async function* piecesOf(
  from: AudioSource,
  raw: AudioFormat | undefined,
  signal: AbortSignal,
): AsyncGenerator<PcmAudio> {
  if (isAudio(from)) yield from;
  else if (raw === undefined) yield* wavSamples(bytesOf(from, signal));
  else for await (const audio of bytesOf(from, signal)) yield { audio, ...raw };
}

async function* wavSamples(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<PcmAudio> {
  let head = Buffer.alloc(0);
  let header: WavHeader | undefined;
  let left = Infinity;
  for await (const piece of bytes) {
    let samples = piece;
    if (header === undefined) {
      head = Buffer.concat([head, piece]);
      header = parseWavHeader(head);
      if (header === undefined && head.length < maxHeaderBytes) continue;
      if (header === undefined) break;
      left = header.dataBytes ?? Infinity;
      samples = head.subarray(header.dataOffset);
    }
    const { sampleRate, channels } = header;
    yield { audio: samples.subarray(0, left), sampleRate, channels };
    left -= Math.min(left, samples.length);
    if (left === 0) return;
  }
  if (header !== undefined) return;
  throw new InvalidArgumentError("from", `holds no samples of a WAV file in its first ${head.length} bytes`);
}
