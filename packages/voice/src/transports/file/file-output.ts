import type { Writable } from "node:stream";
import { checkOptions, type Checks, Deadline, is, toTurnwireError, untilAborted } from "turnwire/internal";
import { outputChecks, OutputTransport, type OutputTransportOptions } from "../output-transport.ts";
import type { OutputChunk } from "../pacer.ts";
import { Recording } from "./recording.ts";
import { openSink, targetCheck } from "./sink.ts";

/** Options of a {@link FileOutput}. */
export interface FileOutputOptions extends OutputTransportOptions {
  /** The path of a file, or a writable stream such as `process.stdout`. */
  to: string | Writable;
  /** Whether the samples are written without a WAV header. Default false. */
  raw?: boolean;
}

export const fileOutputChecks: Checks<FileOutputOptions> = {
  ...outputChecks,
  to: is.required(targetCheck),
  raw: is.flag,
};

/** How long the target may take to open, and to take the last bytes. */
const limitMs = 5000;

/**
 * Writes the bot's audio to a file or a pipe: what was played, at the time it was played, with silence in between. With
 * `pace: "none"` all audio is joined.
 */
export class FileOutput extends OutputTransport {
  readonly #options: FileOutputOptions;
  readonly #began: () => number;
  #recording: Recording | undefined;

  /**
   * @param began Returns when the conversation began, and begins it if it has not.
   * @throws InvalidArgumentError for an option that is unknown or unusable.
   */
  constructor(options: FileOutputOptions, began?: () => number) {
    super(checkOptions("FileOutput", options, fileOutputChecks));
    this.#options = options;
    this.#began = began ?? (() => this.clock.now());
  }

  protected override async start(): Promise<void> {
    const originMs = this.#options.pace === "none" ? undefined : this.#began();
    const opening = openSink(this.#options.to, this.#options.raw === true ? undefined : this.format);
    using limit = new Deadline("opening the output", limitMs, { clock: this.clock });
    await this.#orFail(async () => {
      this.#recording = new Recording(await untilAborted(opening, limit.signal), this.format, originMs);
    });
  }

  protected override writeAudio(chunk: OutputChunk, signal: AbortSignal): void | Promise<void> {
    const written = this.#recording?.add(chunk, this.clock.now());
    return written && this.#orFail(() => untilAborted(written, signal));
  }

  protected override clearAudio(): void {
    this.#recording?.cut(this.clock.now());
  }

  protected override async stop(): Promise<void> {
    const recording = this.#recording;
    this.#recording = undefined;
    if (recording === undefined) return;
    using limit = new Deadline("writing the last audio", limitMs, { clock: this.clock });
    await this.#orFail(() => untilAborted(recording.finish(this.clock.now()), limit.signal));
  }

  /** A failure to write ends the pipeline. */
  async #orFail(action: () => Promise<void>): Promise<void> {
    try {
      await action();
    } catch (error) {
      if (error instanceof DOMException && error.name === "AbortError") throw error;
      this.#recording = undefined;
      const failed = toTurnwireError(error, "pipeline_failed", `${this.name} could not write its audio`);
      void this.pushError(failed, { fatal: true });
    }
  }
}
