import { isObject } from "turnwire/internal";
import { wordsOf } from "./finding.ts";
import type { ReadCall } from "./reading.ts";

/** The output of a function call as a sentence. */
export function sayResult({ name, arguments: given, output = "" }: ReadCall): string {
  const value = parse(output);
  const error = isObject(value) ? value["error"] : undefined;
  if (error !== undefined) return sentence(`The call of ${name} failed: ${inWords(error)}`);
  const result = inWords(value);
  if (result === "") return `The call of ${name} returned nothing.`;
  if (/^\S.*\s.*[.!?]$/s.test(result)) return result;
  const asked = parse(given);
  const { expression, city, location, place = city ?? location } = isObject(asked) ? asked : {};
  if (typeof expression === "string") return sentence(`${expression} is ${result}`);
  const noun = wordsOf(name).at(-1) ?? name;
  return sentence(typeof place === "string" ? `The ${noun} in ${place} is ${result}` : `${name}: ${result}`);
}

/** The fields that say most, the best first. */
const tellingFields = ["result", "answer", "text", "message", "summary", "time", "value"];

function inWords(value: unknown): string {
  if (Array.isArray(value)) return value.slice(0, 10).map(inWords).join(", ");
  if (!isObject(value))
    return typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? `${value}` : "";
  const telling = tellingFields.find((field) => value[field] !== undefined && !isObject(value[field]));
  if (telling !== undefined) return inWords(value[telling]);
  const fields = Object.entries(value).filter(([, field]) => !isObject(field));
  return fields.map(([name, field]) => `${wordsOf(name).join(" ")} ${inWords(field)}`).join(", ");
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
