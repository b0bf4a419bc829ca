import { type Clock, type Logger, systemClock } from "turnwire/internal";
import { InvalidArgumentError } from "turnwire/internal";
import { FileInput, type FileInputOptions } from "./file-input.ts";
import { FileOutput, type FileOutputOptions } from "./file-output.ts";

/** Options of a {@link FileTransport}. */
export interface FileTransportOptions {
  input?: FileInputOptions;
  output?: FileOutputOptions;
  /** The pace of both, where they do not say otherwise. Default `realtime`. */
  pace?: "realtime" | "none";
  clock?: Clock;
  logger?: Logger;
}

/**
 * A conversation from a file or pipe to another, on one timeline:
 *
 * ```ts
 * const files = new FileTransport({ input: { from: "user.wav" }, output: { to: "bot.wav" } });
 * const task = new PipelineTask([files.input(), stt, user, llm, tts, files.output(), assistant]);
 * ```
 */
export class FileTransport {
  readonly #input: FileInput | undefined;
  readonly #output: FileOutput | undefined;
  #beganAtMs: number | undefined;

  constructor(options: FileTransportOptions) {
    const { input, output, pace = "realtime", clock = systemClock, logger } = options;
    const shared = { pace, clock, ...(logger === undefined ? {} : { logger }) };
    // Whichever starts first: then both files are of the same length, and of the same time at each point.
    const began = (): number => (this.#beganAtMs ??= clock.now());
    if (input !== undefined) this.#input = new FileInput({ ...shared, ...input }, began);
    if (output !== undefined) this.#output = new FileOutput({ ...shared, ...output }, began);
  }

  /** The processor at the start of the pipeline. */
  input(): FileInput {
    if (this.#input === undefined) throw new InvalidArgumentError("input", "must be given to be used");
    return this.#input;
  }

  /** The processor behind the TTS service. */
  output(): FileOutput {
    if (this.#output === undefined) throw new InvalidArgumentError("output", "must be given to be used");
    return this.#output;
  }
}
