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
  if (isAudio(from)) yield* cut([from.audio], from, chunkMs);
  else {
    const pieces = bytesOf(from, signal);
    if (raw !== undefined) yield* cut(pieces, raw, chunkMs);
    else {
      const { format, samples } = await wavIn(pieces);
      yield* cut(samples, format, chunkMs);
    }
  }
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

async function wavIn(
  pieces: AsyncGenerator<Uint8Array>,
): Promise<{ format: AudioFormat; samples: AsyncIterable<Uint8Array> }> {
  let head = Buffer.alloc(0);
  for (;;) {
    const header = parseWavHeader(head);
    if (header !== undefined) return { format: header, samples: samplesOf(head, header, pieces) };
    const { value, done } = await pieces.next();
    if (done !== true && head.length < maxHeaderBytes) head = Buffer.concat([head, value]);
    else throw new InvalidArgumentError("from", `holds no samples of a WAV file in its first ${head.length} bytes`);
  }
}

async function* samplesOf(
  head: Uint8Array,
  header: { dataOffset: number; dataBytes: number | undefined },
  pieces: AsyncGenerator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  let left = header.dataBytes ?? Infinity;
  try {
    for (let piece = head.subarray(header.dataOffset); ;) {
      yield piece.subarray(0, left);
      left -= Math.min(left, piece.length);
      if (left === 0) return;
      const { value, done } = await pieces.next();
      if (done === true) return;
      piece = value;
    }
  } finally {
    await pieces.return(undefined);
  }
}

async function* cut(
  pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  format: AudioFormat,
  chunkMs: number,
): AsyncGenerator<PcmAudio> {
  const { sampleRate, channels } = format;
  const chunker = new AudioChunker(Math.max(bytesPerFrame(format), bytesForMs(chunkMs, format)));
  for await (const piece of pieces) {
    for (const audio of chunker.push(piece)) yield { audio, sampleRate, channels };
  }
  const rest = chunker.flush();
  const whole = rest.length - (rest.length % bytesPerFrame(format));
  if (whole > 0) yield { audio: rest.subarray(0, whole), sampleRate, channels };
}
