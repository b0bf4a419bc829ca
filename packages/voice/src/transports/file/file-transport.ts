import {
  checkOptions,
  type Checks,
  defined,
  InvalidArgumentError,
  is,
  type Logger,
  systemClock,
} from "turnwire/internal";
import { type Environment, environmentCheck } from "turnwire/provider";
import { groupOf, paceCheck, transportHints } from "../../checks.ts";
import { FileInput, fileInputChecks, type FileInputOptions } from "./file-input.ts";
import { FileOutput, fileOutputChecks, type FileOutputOptions } from "./file-output.ts";

/** Options of a {@link FileTransport}. */
export interface FileTransportOptions {
  input?: FileInputOptions;
  output?: FileOutputOptions;
  /** The pace of both, unless their own options set it. Default `realtime`. */
  pace?: "realtime" | "none";
  environment?: Pick<Environment, "clock">;
  logger?: Logger;
}

const checks: Checks<FileTransportOptions> = {
  input: groupOf(fileInputChecks, { path: "it is called `from`", ...transportHints }),
  output: groupOf(fileOutputChecks, { path: "it is called `to`" }),
  pace: paceCheck,
  environment: environmentCheck,
  logger: is.logger,
};

const hints = {
  from: "it belongs to the option `input`",
  to: "it belongs to the option `output`",
  ...transportHints,
};

/**
 * A conversation from one file or pipe to another, on one timeline:
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

  /** @throws InvalidArgumentError for an option that is unknown or unusable. */
  constructor(options: FileTransportOptions) {
    const { input, output, pace, environment, logger } = checkOptions("FileTransport", options, checks, hints);
    if (input === undefined && output === undefined) {
      throw new InvalidArgumentError("input", "expected the options of the input, the output or both, got neither");
    }
    const clock = environment?.clock ?? systemClock;
    const shared = defined({ pace, environment, logger });
    // Whichever starts first begins it, so that both files have the same length and the same time at each point.
    const began = (): number => (this.#beganAtMs ??= clock.now());
    if (input !== undefined) this.#input = new FileInput({ ...shared, ...input }, began);
    if (output !== undefined) this.#output = new FileOutput({ ...shared, ...output }, began);
  }

  /** The first processor of the pipeline. @throws InvalidArgumentError if the transport has no input. */
  input(): FileInput {
    return existing("input", this.#input);
  }

  /** The processor after the TTS service. @throws InvalidArgumentError if the transport has no output. */
  output(): FileOutput {
    return existing("output", this.#output);
  }
}

function existing<End>(name: "input" | "output", end: End | undefined): End {
  if (end !== undefined) return end;
  throw new InvalidArgumentError(name, `expected the options of the ${name}, got undefined`);
}
