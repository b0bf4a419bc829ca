import { type FileHandle, open } from "node:fs/promises";
import { Writable } from "node:stream";
import { type AudioFormat, writeWavHeader } from "turnwire/internal";
import { InvalidArgumentError, kindOf } from "turnwire/internal";

/** Where audio is written to. */
export interface Sink {
  write(bytes: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

/** @throws InvalidArgumentError for a target that cannot be one. */
export function checkTarget(to: unknown): void {
  if ((typeof to === "string" && to !== "") || to instanceof Writable) return;
  throw new InvalidArgumentError("to", `must be a path or a writable stream, not ${kindOf(to)}`);
}

/**
 * Opens a file, or a stream such as `process.stdout`. With a `wav` format a header comes first; in a file it says in
 * the end how long the audio is, in a stream that this is not known.
 */
export async function openSink(to: string | Writable, wav: AudioFormat | undefined): Promise<Sink> {
  if (typeof to !== "string") {
    if (wav !== undefined) await writeTo(to, writeWavHeader(wav));
    return { write: (bytes) => writeTo(to, bytes), close: () => endOf(to) };
  }
  const file = await open(to, "w").catch((error: unknown) => {
    const detail = error instanceof Error ? error.message : String(error);
    throw new InvalidArgumentError("to", `cannot be written: ${detail}`, { cause: error });
  });
  return fileSink(file, wav);
}

async function fileSink(file: FileHandle, wav: AudioFormat | undefined): Promise<Sink> {
  let size = 0;
  // Until it is closed: what is there can be read.
  if (wav !== undefined) await file.writeFile(writeWavHeader(wav));
  return {
    async write(bytes) {
      // Unlike `write`, never only a part.
      await file.writeFile(bytes);
      size += bytes.length;
    },
    async close() {
      if (wav !== undefined) await file.write(writeWavHeader(wav, size), 0, undefined, 0);
      await file.close();
    },
  };
}

/** Resolves when the stream has taken the bytes on. */
function writeTo(stream: Writable, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(bytes, (error) => (error ? reject(error) : resolve()));
  });
}

function endOf(stream: Writable): Promise<void> {
  // The process's own: others may still write to them.
  if (stream === process.stdout || stream === process.stderr || stream.destroyed) return Promise.resolve();
  return new Promise((resolve) => stream.end(() => resolve()));
}
