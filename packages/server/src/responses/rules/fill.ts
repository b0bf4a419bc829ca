import { isObject } from "turnwire/internal";
import { findArithmetic, findNumbers, wordsOf } from "./finding.ts";

/** What there is to fill the values of a JSON Schema with; what has been used for one value is not used for the next. */
export interface Material {
  readonly text: string;
  readonly expressions: readonly string[];
  readonly places: readonly string[];
  readonly numbers: number[];
  readonly quoted: string[];
  /** The text for a string that nothing else fits. */
  readonly fallback: string;
}

export function materialIn(text: string, places: readonly string[], fallback = text): Material {
  const quoted = [...text.matchAll(/"([^"]+)"|“([^”]+)”/g)].map((match) => match[1] ?? match[2] ?? "");
  return { text, expressions: findArithmetic(text).expressions, places, numbers: findNumbers(text), quoted, fallback };
}

/** What a string of this name and description holds. */
export function contentOf(name: string, schema: unknown): "expression" | "place" | "other" {
  const { type, description, enum: choices } = asObject(schema);
  if (type !== "string" || choices !== undefined) return "other";
  const words = new Set([...wordsOf(name), ...(typeof description === "string" ? wordsOf(description) : [])]);
  if (["expression", "formula", "equation"].some((word) => words.has(word))) return "expression";
  return ["place", "city", "location", "town", "country", "timezone", "zone"].some((word) => words.has(word))
    ? "place"
    : "other";
}

/** Deeper than this, a schema that contains itself is ended with what is empty. */
const deepest = 6;

/** A value of a schema's types, required fields and choices; its other keywords are not looked at. */
export function fill(schema: unknown, material: Material, root: unknown = schema, name = "", depth = 0): unknown {
  const { const: constant, enum: choices, ...given } = resolve(schema, root);
  if (constant !== undefined) return constant;
  if (Array.isArray(choices)) {
    const said = new Set(wordsOf(material.text));
    return choices.find((choice) => wordsOf(String(choice)).some((word) => said.has(word))) ?? choices[0];
  }
  const alternatives = given["anyOf"] ?? given["oneOf"];
  if (Array.isArray(alternatives)) {
    const isNull = (one: unknown): boolean => resolve(one, root)["type"] === "null";
    const chosen: unknown = alternatives.find((one) => isNull(one) === depth > deepest) ?? alternatives[0];
    return fill(chosen, material, root, name, depth + 1);
  }
  const inner = (of: unknown, its: string): unknown => fill(of, material, root, its, depth + 1);
  const types = [given["type"] ?? ("properties" in given ? "object" : "string")].flat();
  switch (types.find((type) => type !== "null")) {
    case "object": {
      const required: readonly unknown[] = Array.isArray(given["required"]) ? given["required"] : [];
      const wanted = Object.entries(asObject(given["properties"])).filter(([its]) => required.includes(its));
      return Object.fromEntries(wanted.map(([its, property]) => [its, inner(property, its)]));
    }
    case "array": {
      if (depth > deepest) return [];
      const least = typeof given["minItems"] === "number" ? Math.min(given["minItems"], 100) : 1;
      return Array.from({ length: least }, () => inner(given["items"], name));
    }
    case "integer":
    case "number": {
      const low = typeof given["minimum"] === "number" ? given["minimum"] : 0;
      return material.numbers.shift() ?? low;
    }
    case "boolean":
      return false;
    case "string":
      return stringFor(name, given, material) ?? (types.includes("null") ? null : material.fallback);
    default:
      return null;
  }
}

function stringFor(name: string, schema: unknown, { expressions, places, quoted }: Material): string | undefined {
  const content = contentOf(name, { ...asObject(schema), type: "string" });
  if (content === "expression") return expressions[0];
  return content === "place" ? places[0] : quoted.shift();
}

function resolve(schema: unknown, root: unknown): Record<string, unknown> {
  let found = asObject(schema);
  for (let hops = 0; typeof found["$ref"] === "string" && hops < 10; hops += 1) {
    let target = root;
    for (const key of found["$ref"].split("/").slice(1)) target = asObject(target)[key];
    found = asObject(target);
  }
  return found;
}

function asObject(value: unknown): Record<string, unknown> {
  return isObject(value) ? value : {};
}
