import { isObject } from "turnwire/internal";
import type { AnsweredCall } from "./reading.ts";
import { capitalize, joinWords, sentence, wordsOf } from "./words.ts";

/** Puts the outputs of function calls into sentences. */
export function answerFromOutputs(calls: readonly AnsweredCall[]): string {
  return calls.map(answerFor).join(" ");
}

function answerFor(call: AnsweredCall): string {
  const output = call.output ?? "";
  const toolWords = wordsOf(call.name).join(" ");
  const value = parse(output);
  const failure = failureOf(value, output);
  if (failure !== undefined)
    return sentence(failure === "" ? `The call of ${call.name} failed` : `The call of ${call.name} failed: ${failure}`);
  if (interrupted(value, output)) return `The call of ${call.name} was interrupted, so I do not have its result.`;
  const given = argumentsOf(call);
  const said = describe(value, given);
  if (said === "") return `The call of ${call.name} came back with nothing.`;
  if (isSentence(said)) return said;
  const subject = subjectOf(given, toolWords, value);
  return sentence(subject === undefined ? `${capitalize(toolWords)}: ${said}` : `${subject} ${said}`);
}

/** How the sentence about a result begins. */
function subjectOf(given: Record<string, unknown>, toolWords: string, value: unknown): string | undefined {
  const expression = stringArgument(given, /expression|formula|equation|expr|calculation/i);
  if (expression !== undefined) return `${expression} is`;
  const place = stringArgument(given, /place|city|location|town|country|region|zone/i);
  if (place === undefined) return undefined;
  const noun = /\btime\b/.test(toolWords)
    ? "time"
    : toolWords.split(" ").find((word) => !/^(?:get|fetch|current|the|look|up|lookup|find|check|show)$/.test(word));
  const single = !isObject(value) || scalarFields(value, given).length === 1 || preferred(value) !== undefined;
  return single && noun !== undefined ? `The ${noun} in ${place} is` : `${capitalize(noun ?? toolWords)} in ${place}:`;
}

function stringArgument(given: Record<string, unknown>, name: RegExp): string | undefined {
  const found = Object.entries(given).find(([key, value]) => name.test(key) && typeof value === "string");
  return found === undefined ? undefined : String(found[1]);
}

const preferredFields = [
  "result",
  "answer",
  "text",
  "message",
  "summary",
  "value",
  "time",
  "local_time",
  "localTime",
  "output",
  "content",
  "description",
];

function preferred(value: Record<string, unknown>): string | undefined {
  const name = preferredFields.find((field) => isScalar(value[field]) && value[field] !== "");
  return name === undefined ? undefined : String(value[name]);
}

/** A result in words: a scalar as it is, of an object the field that says most, else all its plain fields. */
function describe(value: unknown, given: Record<string, unknown>): string {
  if (isScalar(value)) return String(value);
  if (Array.isArray(value))
    return joinWords(value.slice(0, 10).map((item: unknown) => describe(item, given))) || "nothing";
  if (!isObject(value)) return "";
  const first = preferred(value);
  if (first !== undefined) return first;
  const fields = scalarFields(value, given);
  if (fields.length === 1) return String(fields[0]?.[1]);
  if (fields.length > 0)
    return joinWords(fields.slice(0, 10).map(([name, field]) => `${wordsOf(name).join(" ")} ${String(field)}`));
  const nested = Object.values(value).find((field) => isObject(field) || Array.isArray(field));
  return nested === undefined ? "" : describe(nested, given);
}

/** The plain fields that do not just repeat what was asked. */
function scalarFields(value: Record<string, unknown>, given: Record<string, unknown>): Array<[string, unknown]> {
  const asked = new Set(Object.values(given).map((argument) => String(argument).toLowerCase()));
  const fields = Object.entries(value).filter(([, field]) => isScalar(field));
  const news = fields.filter(([name, field]) => !(name in given) || !asked.has(String(field).toLowerCase()));
  return news.length > 0 ? news : fields;
}

function failureOf(value: unknown, output: string): string | undefined {
  if (isObject(value)) {
    const error = value["error"];
    if (isObject(error)) return isScalar(error["message"]) ? String(error["message"]) : "";
    if (typeof error === "string" && error !== "") return interrupted(undefined, error) ? undefined : error;
    if (value["success"] === false || value["ok"] === false || value["isError"] === true) {
      return preferred(value) ?? "";
    }
    return undefined;
  }
  return /^(?:error|failed|exception)\b[:\s]*/i.test(output)
    ? output.replace(/^(?:error|exception)\b[:\s]*/i, "")
    : undefined;
}

function interrupted(value: unknown, output: string): boolean {
  if (isObject(value) && value["interrupted"] === true) return true;
  const text = isObject(value)
    ? ([value["status"], value["error"], preferred(value)].find(isScalar)?.toString() ?? "")
    : output;
  return (
    text.length < 300 &&
    /\b(?:interrupted|cancell?ed|aborted|was not (?:run|finished|completed)|did not finish)\b/i.test(text)
  );
}

function isSentence(text: string): boolean {
  return /^\S.*\s\S.*[.!?]$/s.test(text.trim());
}

function isScalar(value: unknown): value is string | number | boolean {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean";
}

function parse(output: string): unknown {
  try {
    return JSON.parse(output) as unknown;
  } catch {
    return output;
  }
}

function argumentsOf(call: AnsweredCall): Record<string, unknown> {
  const value = parse(call.arguments);
  return isObject(value) ? value : {};
}
