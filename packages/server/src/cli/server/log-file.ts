import { once } from "node:events";
import { createWriteStream, type WriteStream } from "node:fs";

/** Lines are left out while the disk is this far behind. */
const longestBacklog = 16 * 1024 * 1024;

/** A file that lines are appended to. */
export class LogFile implements AsyncDisposable {
  readonly #stream: WriteStream;
  #broken = false;

  private constructor(stream: WriteStream) {
    this.#stream = stream;
  }

  /** @param onBroken Called once, when nothing more can be written. Rejects if the file cannot be opened. */
  static async open(path: string, onBroken: (error: Error) => void): Promise<LogFile> {
    const stream = createWriteStream(path, { flags: "a", mode: 0o600 });
    try {
      await once(stream, "open");
    } catch (cause) {
      const code = cause instanceof Error && "code" in cause ? ` (${String(cause.code)})` : "";
      throw new Error(`--log ${path}: the file cannot be written${code}`, { cause });
    }
    const file = new LogFile(stream);
    stream.on("error", (error) => {
      if (!file.#broken) onBroken(error);
      file.#broken = true;
    });
    return file;
  }

  readonly line = (text: string): void => {
    if (this.#broken || this.#stream.writableEnded || this.#stream.writableLength > longestBacklog) return;
    this.#stream.write(`${text}\n`);
  };

  /** Resolves when everything that can be written is written. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#stream.destroyed) return;
    await new Promise<void>((resolve) => {
      this.#stream.once("close", resolve);
      this.#stream.end();
    });
  }
}
