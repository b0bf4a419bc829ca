import { readFileSync } from "node:fs";
import { InvalidArgumentError, kindOf } from "turnwire/internal";
import { checkScript, type Script, type ScriptedWord } from "../../speech/index.ts";

/** The content of a script file. */
export interface ScriptFile {
  readonly script: Script;
  /** How many words are in it, over all connections. */
  readonly words: number;
}

/**
 * Reads a script: a list of words for every connection, or `{ "connections": [...] }` with a list for each; the last
 * also serves all later connections. Errors name the file and the place in it.
 */
export function readScriptFile(path: string): ScriptFile {
  const value = parse(path);
  try {
    const lists = listsOf(value);
    return {
      script: ({ connection }) => lists[Math.min(connection, lists.length) - 1] ?? [],
      words: lists.reduce((sum, list) => sum + list.length, 0),
    };
  } catch (error) {
    if (!(error instanceof InvalidArgumentError)) throw error;
    throw new Error(`--script ${path}: ${error.message}`, { cause: error });
  }
}

function parse(path: string): unknown {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? ` (${String(cause.code)})` : "";
    throw new Error(`--script ${path}: the file cannot be read${code}`, { cause });
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Error(`--script ${path}: the file is no JSON`, { cause });
  }
}

function listsOf(value: unknown): ScriptedWord[][] {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  if (!isObject || !("connections" in value)) return [checkScript(value, "words")];
  const { connections } = value;
  if (!Array.isArray(connections)) {
    throw new InvalidArgumentError("connections", `must be a list of lists of words, not ${kindOf(connections)}`);
  }
  return connections.map((list: unknown, index) => checkScript(list, `connections[${index}]`));
}
