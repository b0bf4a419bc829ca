import type { Writable } from "node:stream";
import { Deadline, untilAborted } from "turnwire/internal";
import { toTurnwireError } from "turnwire/internal";
import { OutputTransport, type OutputTransportOptions } from "../output-transport.ts";
import type { OutputChunk } from "../pacer.ts";
import { Recording } from "./recording.ts";
import { checkTarget, openSink } from "./sink.ts";

/** Options of a {@link FileOutput}. */
export interface FileOutputOptions extends OutputTransportOptions {
  /** The path of a file, or a writable stream such as `process.stdout`. */
  to: string | Writable;
  /** Whether the samples are written without a WAV header. Default false. */
  raw?: boolean;
}

/** How long the target may take to be opened, and to take the last bytes. */
const limitMs = 5000;

/**
 * Writes what the bot says to a file or a pipe: what was played, at the time it was played, with silence in between.
 * With `pace: "none"` the audio comes one behind the other.
 */
export class FileOutput extends OutputTransport {
  readonly #options: FileOutputOptions;
  readonly #began: () => number;
  #recording: Recording | undefined;

  /** @param began Says when the conversation began, and that it does now. */
  constructor(options: FileOutputOptions, began?: () => number) {
    super(options);
    checkTarget(options.to);
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

  /** Without a place to write to there is no use in going on. */
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
