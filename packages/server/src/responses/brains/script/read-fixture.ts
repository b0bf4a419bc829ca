import { readFileSync } from "node:fs";
import { InvalidArgumentError, kindOf } from "turnwire/internal";
import { isObject } from "turnwire/internal";
import {
  type Check,
  count,
  errorStatus,
  fields,
  isString,
  list,
  milliseconds,
  name,
  oneOrMany,
  string,
  tokens,
  unknownField,
  yes,
} from "./checks.ts";
import type { ScriptFixture } from "./fixture.ts";

/** The fixture itself, or the one in the JSON file; throws an `InvalidArgumentError` naming the field at fault. */
export function readFixture(source: ScriptFixture | string | URL): ScriptFixture {
  const value = isString(source) || source instanceof URL ? readFile(source) : source;
  fixture(value, "");
  return value as ScriptFixture;
}

function readFile(path: string | URL): unknown {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? ` (${String(cause.code)})` : "";
    throw new InvalidArgumentError("fixture", `the file ${String(path)} cannot be read${code}`, { cause });
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new InvalidArgumentError("fixture", `the file ${String(path)} is not valid JSON`, { cause });
  }
}

const pattern: Check = (value, path) => {
  if (isString(value) || value instanceof RegExp) return;
  fields({ pattern: string, flags: string }, ["pattern"])(value, path);
  const { pattern, flags } = value as { pattern: string; flags?: string };
  try {
    void new RegExp(pattern, flags);
  } catch (cause) {
    throw new InvalidArgumentError(`${path}.pattern`, "is not a regular expression with these flags", { cause });
  }
};

const toolOutput: Check = (value, path) => {
  if (value !== true) fields({ name, callId: name, output: pattern })(value, path);
};

const condition = fields({ user: pattern, toolOutput, request: count, model: name });

const args: Check = (value, path) => {
  if (isString(value) || isObject(value)) return;
  throw new InvalidArgumentError(path, `expected an object, or JSON text of one, got ${kindOf(value)}`);
};

const headers: Check = (value, path) => {
  if (!isObject(value)) throw new InvalidArgumentError(path, `expected an object, got ${kindOf(value)}`);
  for (const [header, entry] of Object.entries(value)) string(entry, `${path}.${header}`);
};

const version: Check = (value, path) => {
  if (value !== 1) throw new InvalidArgumentError(path, `expected 1, got ${kindOf(value)}`);
};

const error = fields({ status: errorStatus, message: string, code: name, type: name, param: name, headers }, [
  "status",
  "message",
]);
const counts = { inputTokens: tokens, outputTokens: tokens, cachedTokens: tokens, reasoningTokens: tokens };
const delays = { delayMs: oneOrMany(milliseconds) };
const delay = { delayMs: milliseconds };

/** What may stand in a piece, by the field that says of which kind it is. */
const pieces: Readonly<Record<string, Check>> = {
  text: fields({ text: oneOrMany(string), ...delays }),
  refusal: fields({ refusal: oneOrMany(string), ...delays }),
  reasoning: fields({ reasoning: string, encryptedContent: string, ...delay }),
  call: fields({ call: name, arguments: args, callId: name, ...delay }),
  error: fields({ error, ...delay }),
  incomplete: fields({ incomplete: name, ...delay }),
  usage: fields({ usage: fields(counts, ["inputTokens", "outputTokens"]) }),
  hang: fields({ hang: yes }),
  delayMs: fields(delay),
};

const piece: Check = (value, path) => {
  if (isString(value)) return;
  if (!isObject(value)) throw new InvalidArgumentError(path, `expected a string or an object, got ${kindOf(value)}`);
  const kind = Object.keys(pieces).find((field) => value[field] !== undefined);
  if (kind === undefined) {
    const [field] = Object.keys(value);
    if (field !== undefined) throw unknownField(path, field, Object.keys(pieces));
    throw new InvalidArgumentError(path, `says nothing; give one of ${Object.keys(pieces).join(", ")}`);
  }
  pieces[kind]?.(value, path);
};

const reply = oneOrMany(piece);
const turn = fields({ when: condition, reply, times: count }, ["reply"]);
const fixture = fields({ version, turns: list(turn), fallback: reply }, ["turns"]);
