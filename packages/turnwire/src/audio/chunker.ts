import { InvalidArgumentError, kindOf } from "../errors.ts";
import { SampleBuffer } from "./sample-buffer.ts";

/** Cuts bytes that come in pieces of any size into chunks of one size. */
export class AudioChunker {
  readonly #size: number;
  readonly #buffer: SampleBuffer;

  /** @param bytesPerChunk See `bytesForMs`. */
  constructor(bytesPerChunk: number) {
    if (!Number.isInteger(bytesPerChunk) || bytesPerChunk < 1) {
      throw new InvalidArgumentError(
        "bytesPerChunk",
        `must be a whole number of at least 1, not ${kindOf(bytesPerChunk)}`,
      );
    }
    this.#size = bytesPerChunk;
    this.#buffer = new SampleBuffer(bytesPerChunk);
  }

  /** Returns the chunks that are whole now. */
  push(bytes: Uint8Array): Uint8Array[] {
    const whole = this.#buffer.push(bytes);
    const chunks: Uint8Array[] = [];
    for (let from = 0; from < whole.length; from += this.#size) chunks.push(whole.subarray(from, from + this.#size));
    return chunks;
  }

  /** Returns what is left over, less than a chunk, and starts again. */
  flush(): Uint8Array {
    return this.#buffer.flush();
  }
}
