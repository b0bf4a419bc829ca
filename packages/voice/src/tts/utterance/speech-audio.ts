import { type AudioFormat, bytesPerFrame, msForBytes, SampleBuffer } from "turnwire/internal";

/** A FIFO of PCM audio, addressed by byte position. Holds back a partial sample until the rest of it arrives. */
export class SpeechAudio {
  readonly format: AudioFormat;
  readonly #partial: SampleBuffer;
  #chunks: Uint8Array[] = [];
  #inBytes = 0;
  #outBytes = 0;

  constructor(format: AudioFormat) {
    this.format = format;
    this.#partial = new SampleBuffer(bytesPerFrame(format));
  }

  /** The bytes appended so far, without a partial sample. */
  get inBytes(): number {
    return this.#inBytes;
  }

  /** The bytes taken so far. */
  get outBytes(): number {
    return this.#outBytes;
  }

  /** The audio taken so far, in milliseconds. */
  get outMs(): number {
    return msForBytes(this.#outBytes, this.format);
  }

  append(bytes: Uint8Array): void {
    const whole = this.#partial.push(bytes);
    if (whole.length === 0) return;
    this.#chunks.push(whole);
    this.#inBytes += whole.length;
  }

  /** Takes the next chunk as it was appended, but nothing beyond the position. */
  take(upToBytes: number): Uint8Array {
    const [chunk] = this.#chunks;
    if (chunk === undefined) return new Uint8Array(0);
    const length = Math.min(chunk.length, upToBytes - this.#outBytes);
    if (length === chunk.length) this.#chunks.shift();
    else this.#chunks[0] = chunk.subarray(length);
    this.#outBytes += length;
    return chunk.subarray(0, length);
  }

  /** Drops the audio after the position, except what has been taken. */
  truncate(atBytes: number): void {
    this.#partial.flush();
    const end = Math.max(atBytes, this.#outBytes);
    while (this.#inBytes > end) {
      const last = this.#chunks.pop();
      if (last === undefined) return;
      const keep = Math.max(0, last.length - (this.#inBytes - end));
      this.#inBytes -= last.length - keep;
      if (keep > 0) this.#chunks.push(last.subarray(0, keep));
    }
  }
}
