import { readFileSync } from "node:fs";
import { type Check, checkName, type Checks, checkValue, InvalidArgumentError, is, isRecord } from "turnwire/internal";
import { oneOrMany, record, whole } from "../../../kit/index.ts";
import type { ScriptCondition, ScriptError, ScriptFixture, ScriptTurn, ScriptUsage } from "./fixture.ts";

/** The fixture itself, or the one in the JSON file. Throws an `InvalidArgumentError` naming the field at fault. */
export function readFixture(source: ScriptFixture | string | URL): ScriptFixture {
  const value: unknown = typeof source === "string" || source instanceof URL ? readFile(source) : source;
  checkValue(value, "fixture", is.object);
  fixture.within?.(value, "");
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

const patternFields = record("a pattern", { pattern: is.required(is.string), flags: is.string });

const pattern: Check = {
  expected: "a string, or an object with pattern and flags",
  holds: (value) => typeof value === "string" || isRecord(value),
  within: (value, path) => {
    if (typeof value === "string" || value instanceof RegExp) return;
    patternFields.within?.(value, path);
    const { pattern: source, flags } = value as { pattern: string; flags?: string };
    try {
      void new RegExp(source, flags);
    } catch (cause) {
      throw new InvalidArgumentError(`${path}.pattern`, "is not a regular expression with these flags", { cause });
    }
  },
};

const yes = is.custom("true", (value) => value === true);

const condition = record("a condition", {
  user: pattern,
  toolOutput: is.anyOf(yes, record("toolOutput", { name: is.text, callId: is.text, output: pattern })),
  request: whole(1),
  model: is.text,
} satisfies Checks<ScriptCondition>);

const error = record("an error", {
  status: is.required(whole(400, 599)),
  message: is.required(is.string),
  code: is.text,
  type: is.text,
  param: is.text,
  headers: is.recordOf(is.string),
} satisfies Checks<ScriptError>);

const usage = record("usage", {
  inputTokens: is.required(whole(0)),
  outputTokens: is.required(whole(0)),
  cachedTokens: whole(0),
  reasoningTokens: whole(0),
} satisfies Checks<ScriptUsage>);

const delays = { delayMs: oneOrMany(is.duration) };
const delay = { delayMs: is.duration };

/** The fields of a piece, by the field that says which kind it is. */
const pieces: Readonly<Record<string, Checks>> = {
  text: { text: oneOrMany(is.string), ...delays },
  refusal: { refusal: oneOrMany(is.string), ...delays },
  reasoning: { reasoning: is.string, encryptedContent: is.string, ...delay },
  call: { call: is.text, arguments: is.anyOf(is.string, is.object), callId: is.text, ...delay },
  error: { error, ...delay },
  incomplete: { incomplete: is.text, ...delay },
  usage: { usage },
  hang: { hang: yes },
  delayMs: delay,
};
const kinds = Object.keys(pieces);

const piece: Check = {
  expected: "a string or an object",
  holds: (value) => typeof value === "string" || isRecord(value),
  within: (value, path) => {
    if (!isRecord(value)) return;
    const kind = kinds.find((field) => value[field] !== undefined);
    if (kind !== undefined) return record(`a piece with ${kind}`, pieces[kind]!).within?.(value, path);
    for (const field of Object.keys(value)) checkName("field", field, kinds, "a piece", {}, `${path}.`);
    throw new InvalidArgumentError(path, `expected one of ${kinds.join(", ")}, got none`);
  },
};

const reply = oneOrMany(piece);
const turn = record("a turn", {
  when: condition,
  reply: is.required(reply),
  times: whole(1),
} satisfies Checks<ScriptTurn>);
const fixture = record("a fixture", {
  version: is.custom("1", (value) => value === 1),
  turns: is.required(is.listOf(turn)),
  fallback: reply,
} satisfies Checks<ScriptFixture>);
