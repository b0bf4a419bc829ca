import { InvalidArgumentError, kindOf } from "../errors.ts";

const nothing = new Uint8Array(0);

/** Cuts bytes that come in pieces of any size into chunks of one size. */
export class AudioChunker {
  readonly #size: number;
  #rest: Uint8Array = nothing;

  /** @param bytesPerChunk See `bytesForMs`. */
  constructor(bytesPerChunk: number) {
    if (!Number.isInteger(bytesPerChunk) || bytesPerChunk < 1) {
      throw new InvalidArgumentError(
        "bytesPerChunk",
        `must be a whole number of at least 1, not ${kindOf(bytesPerChunk)}`,
      );
    }
    this.#size = bytesPerChunk;
  }

  /** The chunks that are whole now. */
  push(bytes: Uint8Array): Uint8Array[] {
    let all = bytes;
    if (this.#rest.length > 0) {
      all = new Uint8Array(this.#rest.length + bytes.length);
      all.set(this.#rest);
      all.set(bytes, this.#rest.length);
    }
    const chunks: Uint8Array[] = [];
    let from = 0;
    for (; from + this.#size <= all.length; from += this.#size) chunks.push(all.subarray(from, from + this.#size));
    // A copy: who gave the bytes may use their memory again.
    this.#rest = all.slice(from);
    return chunks;
  }

  /** What is left over: less than a chunk. Starts empty again. */
  flush(): Uint8Array {
    const rest = this.#rest;
    this.#rest = nothing;
    return rest;
  }
}
