import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { finished } from "node:stream/promises";

/** Lines are left out while the disk is this far behind. */
const longestBacklog = 16 * 1024 * 1024;

export interface Log extends AsyncDisposable {
  readonly line: (text: string) => void;
}

/**
 * Opens a file that lines are appended to. Disposing of it resolves when everything that can be written is written.
 * Rejects if the file cannot be opened.
 * @param onBroken Called once, when nothing more can be written.
 */
export async function openLogFile(path: string, onBroken: (error: Error) => void): Promise<Log> {
  const stream = createWriteStream(path, { flags: "a", mode: 0o600 });
  try {
    await once(stream, "open");
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? ` (${String(cause.code)})` : "";
    throw new Error(`--log ${path}: the file cannot be written${code}`, { cause });
  }
  stream.on("error", onBroken);
  return {
    line: (text) => {
      if (stream.writable && stream.writableLength <= longestBacklog) stream.write(`${text}\n`);
    },
    [Symbol.asyncDispose]: async () => {
      stream.end();
      // `onBroken` was told of an error.
      await finished(stream).catch(() => undefined);
    },
  };
}
