import { setImmediate } from "node:timers/promises";
import {
  type AudioFormat,
  checkOptions,
  type Checks,
  delay,
  durationMs,
  is,
  silence,
  splitAudio,
  toTurnwireError,
  type PcmAudio,
} from "turnwire/internal";
import { formatChecks, paceCheck } from "../../checks.ts";
import { inputChecks, InputTransport, type InputTransportOptions } from "../input-transport.ts";
import { type AudioSource, readAudio, sourceCheck } from "./source.ts";

/** Options of a {@link FileInput}. */
export interface FileInputOptions extends InputTransportOptions {
  /** The path of a file, a readable stream such as `process.stdin`, or audio. */
  from: AudioSource;
  /** The format of raw PCM without a header. Default: it is a WAV file, whose header says the format. */
  raw?: AudioFormat;
  /** `none` pushes the audio as fast as it is taken. Default `realtime`. */
  pace?: "realtime" | "none";
  /** How much silence follows the audio, in milliseconds: the detection of the end of speech needs some. Default 0. */
  trailingSilenceMs?: number;
  /** Whether the pipeline ends (after everything so far has been handled) or goes on. Default `end`. */
  whenDone?: "end" | "stay";
}

export const fileInputChecks: Checks<FileInputOptions> = {
  ...inputChecks,
  from: is.required(sourceCheck),
  raw: is.group<AudioFormat>({
    sampleRate: is.required(formatChecks.sampleRate),
    channels: is.required(formatChecks.channels),
  }),
  pace: paceCheck,
  trailingSilenceMs: is.duration,
  whenDone: is.oneOf(["end", "stay"]),
};

/** Reads what the user says from a file or a pipe. */
export class FileInput extends InputTransport {
  readonly #options: FileInputOptions;
  readonly #began: () => number;
  readonly #stopping = new AbortController();
  #done: Promise<void> = Promise.resolve();

  /**
   * @param began Returns when the conversation began, and begins it if it has not.
   * @throws InvalidArgumentError for an option that is unknown or unusable.
   */
  constructor(options: FileInputOptions, began?: () => number) {
    super(checkOptions("FileInput", options, fileInputChecks));
    this.#options = options;
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
    const { from, raw, trailingSilenceMs = 0 } = this.#options;
    yield* readAudio(from, { raw, chunkMs: this.chunkMs, signal });
    yield* splitAudio(silence(trailingSilenceMs, this.format), this.chunkMs);
  }

  /** Waits as long as a microphone does: until the audio has been said. */
  async #wait(dueMs: number, signal: AbortSignal): Promise<void> {
    // Frames are handled in between.
    if (this.#options.pace === "none") await setImmediate(undefined, { signal });
    else if (dueMs > this.clock.now()) await delay(dueMs - this.clock.now(), { signal, clock: this.clock });
  }
}
