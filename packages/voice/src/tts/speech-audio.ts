import { type AudioFormat, bytesPerFrame } from "turnwire/internal";

/** Audio between who makes it and who plays it, by its position in bytes. Whole samples only: a part of one waits for its rest. */
export class SpeechAudio {
  readonly format: AudioFormat;
  readonly #frameBytes: number;
  #chunks: Uint8Array[] = [];
  #rest = new Uint8Array(0);
  #inBytes = 0;
  #outBytes = 0;

  constructor(format: AudioFormat) {
    this.format = format;
    this.#frameBytes = bytesPerFrame(format);
  }

  /** How many bytes have come. */
  get inBytes(): number {
    return this.#inBytes;
  }

  /** How many bytes have been taken. */
  get outBytes(): number {
    return this.#outBytes;
  }

  /** How much has been taken, in milliseconds. */
  get outMs(): number {
    return (this.#outBytes / this.#frameBytes / this.format.sampleRate) * 1000;
  }

  append(bytes: Uint8Array): void {
    let whole = bytes;
    if (this.#rest.length > 0) {
      whole = new Uint8Array(this.#rest.length + bytes.length);
      whole.set(this.#rest);
      whole.set(bytes, this.#rest.length);
    }
    const length = whole.length - (whole.length % this.#frameBytes);
    this.#rest = whole.slice(length);
    if (length === 0) return;
    this.#chunks.push(whole.subarray(0, length));
    this.#inBytes += length;
  }

  /** The next audio, as it came, but not beyond the position. */
  take(upToBytes: number): Uint8Array {
    const [chunk] = this.#chunks;
    if (chunk === undefined) return new Uint8Array(0);
    const length = Math.min(chunk.length, upToBytes - this.#outBytes);
    if (length === chunk.length) this.#chunks.shift();
    else this.#chunks[0] = chunk.subarray(length);
    this.#outBytes += length;
    return chunk.subarray(0, length);
  }

  /** Drops what lies behind the position and has not been taken. */
  truncate(atBytes: number): void {
    this.#rest = new Uint8Array(0);
    while (this.#inBytes > Math.max(atBytes, this.#outBytes)) {
      const last = this.#chunks.pop();
      if (last === undefined) return;
      const keep = Math.max(0, last.length - (this.#inBytes - Math.max(atBytes, this.#outBytes)));
      this.#inBytes -= last.length - keep;
      if (keep > 0) this.#chunks.push(last.subarray(0, keep));
    }
  }
}
