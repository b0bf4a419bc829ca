import { type FileHandle, open } from "node:fs/promises";
import { Writable } from "node:stream";
import { type AudioFormat, type Check, InvalidArgumentError, is, writeWavHeader } from "turnwire/internal";

/** A place to write audio to. */
export interface Sink {
  write(bytes: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

export const targetCheck: Check = is.custom(
  "a path or a writable stream",
  (to) => (typeof to === "string" && to !== "") || to instanceof Writable,
);

/**
 * Opens a file, or a stream such as `process.stdout`. With a `wav` format it writes a header first. The header of a file
 * gets the length of the audio at the end; that of a stream says that the length is unknown.
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
  // A valid header from the start, so that the file can be read before it is closed.
  if (wav !== undefined) await file.writeFile(writeWavHeader(wav));
  return {
    async write(bytes) {
      // Unlike `write`, it never writes only a part.
      await file.writeFile(bytes);
      size += bytes.length;
    },
    async close() {
      if (wav !== undefined) await file.write(writeWavHeader(wav, size), 0, undefined, 0);
      await file.close();
    },
  };
}

/** Resolves when the stream has taken the bytes. */
function writeTo(stream: Writable, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(bytes, (error) => (error ? reject(error) : resolve()));
  });
}

function endOf(stream: Writable): Promise<void> {
  // Others may still write to the streams of the process.
  if (stream === process.stdout || stream === process.stderr || stream.destroyed) return Promise.resolve();
  return new Promise((resolve) => stream.end(() => resolve()));
}
