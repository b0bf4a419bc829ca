import type { ReadStream } from "node:tty";
import type { Output } from "./output.ts";

/** What a run of the command has around it. */
export interface Surroundings {
  env: Readonly<Record<string, string | undefined>>;
  stdin: NodeJS.ReadableStream & Partial<Pick<ReadStream, "isTTY">>;
  stdout: Output;
  stderr: Output;
  version: string;
}
