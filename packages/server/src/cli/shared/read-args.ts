import { parseArgs, type ParseArgsConfig } from "node:util";

/** The command was called in a wrong way. */
export class UsageError extends Error {
  constructor(problem: string, helpCommand: string) {
    super(`${problem}; ${helpCommand} says what there is`);
    this.name = "UsageError";
  }
}

/** The options that a subcommand knows, as `parseArgs` takes them. */
type Known = NonNullable<ParseArgsConfig["options"]>;
type Values<T extends Known> = ReturnType<
  typeof parseArgs<{ args: string[]; allowPositionals: false; options: T }>
>["values"];

export interface ReadArgsOptions {
  /** The command that lists the options; every error names it. */
  readonly helpCommand: string;
  /** Whether a key may be among the arguments, so that errors must not repeat a stray one. */
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
    // Only the first sentence of the message is about the mistake.
    const message = error instanceof Error ? error.message : String(error);
    const [problem = message] = message.split(/\.\s|\n/);
    throw new UsageError(problem.charAt(0).toLowerCase() + problem.slice(1).replace(/\.$/, ""), helpCommand);
  }
}

/** @throws UsageError for an option that is given without a value. */
export function refuseEmpty(values: Readonly<Record<string, unknown>>, helpCommand: string): void {
  for (const [name, value] of Object.entries(values)) {
    const texts: unknown[] = Array.isArray(value) ? value : [value];
    if (texts.some((text) => typeof text === "string" && text.trim() === "")) {
      throw new UsageError(`--${name} is empty`, helpCommand);
    }
  }
}

/**
 * Reads where a server listens, and who is let in.
 * @throws UsageError for a text that is no TCP port.
 */
export function readListening(
  values: { port?: string | undefined; host?: string | undefined; "api-key"?: string[] | undefined },
  defaultPort: number,
  helpCommand: string,
): { port: number; host: string; apiKeys: readonly string[] } {
  const { port: text = String(defaultPort), host = "127.0.0.1", "api-key": keys = [] } = values;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Infinity;
  if (port > 65_535) throw new UsageError("--port is not a number from 0 to 65535", helpCommand);
  return { port, host, apiKeys: keys.map((key) => key.trim()) };
}
