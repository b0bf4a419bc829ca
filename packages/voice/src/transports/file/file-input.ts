import { type AudioFormat, bytesForMs, durationMs, silence, splitAudio } from "turnwire/internal";
import { delay } from "turnwire/internal";
import { toTurnwireError } from "turnwire/internal";
import type { PcmAudio } from "turnwire";
import { setImmediate } from "node:timers/promises";
import { InputTransport, type InputTransportOptions } from "../input-transport.ts";
import { numberOption } from "../options.ts";
import { type AudioSource, checkSource, readAudio } from "./source.ts";

/** Options of a {@link FileInput}. */
export interface FileInputOptions extends InputTransportOptions {
  /** The path of a file, a readable stream such as `process.stdin`, or audio. */
  from: AudioSource;
  /** The format of raw PCM, without a header. Default: it is a WAV file, which says so itself. */
  raw?: AudioFormat;
  /** `none` gives the audio as fast as it is taken. Default `realtime`. */
  pace?: "realtime" | "none";
  /** How much silence follows the audio, in milliseconds: what hears the end of speech needs some. Default 0. */
  trailingSilenceMs?: number;
  /** Whether the pipeline is to end (when everything before has been handled) or to go on. Default `end`. */
  whenDone?: "end" | "stay";
}

/** Reads what the user says from a file or a pipe. */
export class FileInput extends InputTransport {
  readonly #options: FileInputOptions;
  readonly #trailingSilenceMs: number;
  readonly #began: () => number;
  readonly #stopping = new AbortController();
  #done: Promise<void> = Promise.resolve();

  /** @param began Says when the conversation began, and that it does now. */
  constructor(options: FileInputOptions, began?: () => number) {
    super(options);
    checkSource(options.from, options.raw);
    this.#options = options;
    this.#trailingSilenceMs = numberOption("trailingSilenceMs", options.trailingSilenceMs, { default: 0 });
    this.#began = began ?? (() => this.clock.now());
  }

  protected override start(): void {
    this.#done = this.#run(this.#began());
  }

  protected override async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#done;
  }

  async #run(startedAtMs: number): Promise<void> {
    const { signal } = this.#stopping;
    try {
      let dueMs = startedAtMs;
      for await (const audio of this.#pieces(signal)) {
        dueMs += durationMs(audio);
        await this.#wait(dueMs, signal);
        this.receiveAudio(audio);
      }
      this.flushAudio();
      if (this.#options.whenDone !== "stay") void this.requestEnd();
    } catch (error) {
      if (signal.aborted) return;
      void this.pushError(toTurnwireError(error, "pipeline_failed", `${this.name} could not read its audio`), {
        fatal: true,
      });
    }
  }

  async *#pieces(signal: AbortSignal): AsyncGenerator<PcmAudio> {
    const { from, raw } = this.#options;
    yield* readAudio(from, { raw, chunkMs: this.chunkMs, signal });
    if (bytesForMs(this.#trailingSilenceMs, this.format) === 0) return;
    yield* splitAudio(silence(this.#trailingSilenceMs, this.format), this.chunkMs);
  }

  /** A microphone gives a piece of audio when it has been said. */
  async #wait(dueMs: number, signal: AbortSignal): Promise<void> {
    // Not all in one go: the frames are handled meanwhile.
    if (this.#options.pace === "none") await setImmediate(undefined, { signal });
    else if (dueMs > this.clock.now()) await delay(dueMs - this.clock.now(), { signal, clock: this.clock });
  }
}
