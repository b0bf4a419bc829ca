import { type AudioFormat, bytesForMs, bytesPerFrame, durationMs, msForBytes } from "turnwire/internal";
import type { OutputChunk } from "../pacer.ts";
import type { Sink } from "./sink.ts";

/**
 * Writes audio at the time it was played, with silence where nothing was played. Audio sent ahead of its time is held until
 * then, since an interruption may still take it back.
 */
export class Recording {
  readonly #sink: Sink;
  readonly #format: AudioFormat;
  /** When the recording begins; undefined if the audio is only joined. */
  readonly #originMs: number | undefined;
  #waiting: OutputChunk[] = [];
  #bytes = 0;
  #written: Promise<void> = Promise.resolve();

  constructor(sink: Sink, format: AudioFormat, originMs: number | undefined) {
    this.#sink = sink;
    this.#format = format;
    this.#originMs = originMs;
  }

  /** Adds a chunk. Resolves when everything played by now is written. */
  add(chunk: OutputChunk, nowMs: number): Promise<void> {
    this.#waiting.push(chunk);
    return this.#writeUntil(nowMs);
  }

  /** Drops what has not been played by now. */
  cut(nowMs: number): void {
    if (this.#originMs === undefined) return;
    this.#waiting = this.#waiting.flatMap((chunk) => {
      const audio = chunk.audio.subarray(0, Math.max(0, bytesForMs(nowMs - chunk.startsAtMs, this.#format)));
      return audio.length === 0 ? [] : [{ ...chunk, audio }];
    });
  }

  /** Writes what is left, and silence up to now; then closes the target. */
  async finish(nowMs: number): Promise<void> {
    void this.#writeUntil(Infinity);
    if (this.#originMs !== undefined) this.#fillUntil(nowMs);
    try {
      await this.#written;
    } finally {
      await this.#sink.close();
    }
  }

  #writeUntil(nowMs: number): Promise<void> {
    const due = this.#originMs === undefined ? Infinity : nowMs;
    for (
      let [chunk] = this.#waiting;
      chunk !== undefined && chunk.startsAtMs + durationMs(chunk) <= due;
      [chunk] = this.#waiting
    ) {
      const { audio, startsAtMs } = chunk;
      this.#waiting.shift();
      if (this.#originMs !== undefined) this.#fillUntil(startsAtMs);
      this.#bytes += audio.length;
      this.#write(() => this.#sink.write(audio));
    }
    return this.#written;
  }

  #fillUntil(atMs: number): void {
    const missingMs = atMs - (this.#originMs ?? 0) - msForBytes(this.#bytes, this.#format);
    // A shorter gap comes from rounding, and would be heard as a click.
    if (missingMs <= 1) return;
    const missing = bytesForMs(missingMs, this.#format);
    this.#bytes += missing;
    this.#write(() => this.#writeSilence(missing));
  }

  async #writeSilence(bytes: number): Promise<void> {
    const second = new Uint8Array(this.#format.sampleRate * bytesPerFrame(this.#format));
    for (let left = bytes; left > 0; left -= second.length) {
      await this.#sink.write(second.subarray(0, left));
    }
  }

  #write(action: () => Promise<void>): void {
    this.#written = this.#written.then(action);
    // The caller that awaits it gets the error.
    this.#written.catch(() => undefined);
  }
}
