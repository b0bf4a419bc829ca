import type { ReadStream } from "node:tty";
import type { Output } from "./output.ts";

/** The process around a run of the command. */
export interface Surroundings {
  env: Readonly<Record<string, string | undefined>>;
  stdin: NodeJS.ReadableStream & Partial<Pick<ReadStream, "isTTY">>;
  stdout: Output;
  stderr: Output;
  version: string;
}
