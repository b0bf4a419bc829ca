import { checkValue, is } from "../checks/index.ts";
import { SampleBuffer } from "./sample-buffer.ts";

/** Cuts pieces of audio of any size into chunks of one size. */
export class AudioChunker {
  readonly #size: number;
  readonly #buffer: SampleBuffer;

  /** @param bytesPerChunk See `bytesForMs`. */
  constructor(bytesPerChunk: number) {
    checkValue(bytesPerChunk, "bytesPerChunk", is.number({ min: 1, integer: true }));
    this.#size = bytesPerChunk;
    this.#buffer = new SampleBuffer(bytesPerChunk);
  }

  /** Adds bytes. Returns the chunks that are complete. */
  push(bytes: Uint8Array): Uint8Array[] {
    const whole = this.#buffer.push(bytes);
    const chunks: Uint8Array[] = [];
    for (let from = 0; from < whole.length; from += this.#size) chunks.push(whole.subarray(from, from + this.#size));
    return chunks;
  }

  /** Returns the incomplete chunk, and starts again. */
  flush(): Uint8Array {
    return this.#buffer.flush();
  }
}
