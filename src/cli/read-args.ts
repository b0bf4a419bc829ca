import { parseArgs, type ParseArgsConfig } from "node:util";
import { UsageError } from "./usage.ts";

/** The options that a subcommand knows, as `parseArgs` takes them. */
type Known = NonNullable<ParseArgsConfig["options"]>;
type Values<T extends Known> = ReturnType<
  typeof parseArgs<{ args: string[]; allowPositionals: false; options: T }>
>["values"];

export interface ReadArgsOptions {
  /** Says what there is; it is named with every mistake. */
  readonly helpCommand: string;
  /** Whether a key may be among the arguments: one that belongs nowhere is not repeated then. */
  readonly secrets?: boolean;
}

/**
 * Reads the options of a subcommand; none takes arguments of its own.
 * @throws UsageError
 */
export function readArgs<const T extends Known>(
  args: readonly string[],
  options: T,
  { helpCommand, secrets = false }: ReadArgsOptions,
): Values<T> {
  try {
    return parseArgs({ args: [...args], allowPositionals: false, options }).values;
  } catch (error) {
    const stray = error instanceof Error && "code" in error && error.code === "ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL";
    if (stray && secrets) throw new UsageError("there is an argument that belongs to no option", helpCommand);
    // Of what it says only the first sentence is about the mistake.
    const message = error instanceof Error ? error.message : String(error);
    const [problem = message] = message.split(/\.\s|\n/);
    throw new UsageError(problem.charAt(0).toLowerCase() + problem.slice(1).replace(/\.$/, ""), helpCommand);
  }
}
