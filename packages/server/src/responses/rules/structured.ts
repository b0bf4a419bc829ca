import { Validator } from "@cfworker/json-schema";
import { isObject } from "turnwire/internal";
import { fillArguments, gatherEvidence } from "./arguments.ts";
import { readSchema } from "./schema.ts";

type JsonSchema = Record<string, unknown>;

/** What a field is called that is for the answer itself. */
const answerNames = /answer|text|message|response|reply|content|summary|explanation|description|reason|result|output/i;

/** Deeper than this, a recursive schema is brought to its end as shortly as it allows. */
const deepest = 6;

/**
 * The answer as a value of the schema: what was said fills what it fits, the answer's text goes where text is wanted, and
 * whatever else is required gets the plainest value that conforms.
 */
export function structuredAnswer(schema: unknown, said: string, answer: string): unknown {
  const root = isObject(schema) ? schema : {};
  const evidence = gatherEvidence(said, [], undefined, new Set());
  const filled = fillArguments(readSchema(root), evidence, "").value;
  return new Fitter(root, answer).fit(root, filled, "answer", 0);
}

class Fitter {
  readonly #root: JsonSchema;
  readonly #answer: string;

  constructor(root: JsonSchema, answer: string) {
    this.#root = root;
    this.#answer = answer;
  }

  /** A value of the schema: the proposal, as far as it is one. */
  fit(schema: unknown, proposal: unknown, name: string, depth: number): unknown {
    const given = this.#resolve(schema);
    if ("const" in given) return given["const"];
    const choices = given["enum"];
    if (Array.isArray(choices)) return choices.includes(proposal) ? proposal : choices[0];
    const merged = this.#merge(given);
    const alternatives = merged["anyOf"] ?? merged["oneOf"];
    if (Array.isArray(alternatives) && alternatives.length > 0)
      return this.#alternative(merged, alternatives, proposal, name, depth);
    return makers[typeOf(merged, proposal)](this, merged, { proposal, name, depth });
  }

  /** Whether a value is one of the schema, whatever keywords it has. */
  valid(schema: JsonSchema, value: unknown): boolean {
    const definitions = { $defs: this.#root["$defs"] ?? {}, definitions: this.#root["definitions"] ?? {} };
    return new Validator({ ...definitions, ...schema }, "2020-12").validate(value).valid;
  }

  /** The text for a string that nothing was said about. */
  text(name: string): string {
    return answerNames.test(name) ? this.#answer : "unknown";
  }

  #alternative(given: JsonSchema, alternatives: unknown[], proposal: unknown, name: string, depth: number): unknown {
    const { anyOf: _any, oneOf: _one, ...shared } = given;
    const schemas = alternatives.map((one) => this.#merge({ allOf: [shared, this.#resolve(one)] }));
    // The empty way out comes first where it gets too deep, and last elsewhere.
    const short = (schema: JsonSchema): number => (schema["type"] === "null" ? 0 : schema["type"] === "object" ? 2 : 1);
    const ordered = depth > deepest ? schemas.toSorted((one, other) => short(one) - short(other)) : nullLast(schemas);
    let first: unknown;
    for (const [index, schema] of ordered.entries()) {
      const value = this.fit(schema, proposal, name, depth + 1);
      if (index === 0) first = value;
      if (this.valid(given, value)) return value;
    }
    return first;
  }

  /** The schema with its `allOf` worked in. */
  #merge(given: JsonSchema): JsonSchema {
    const parts = given["allOf"];
    if (!Array.isArray(parts)) return given;
    const { allOf: _parts, ...rest } = given;
    let merged: JsonSchema = rest;
    for (const part of parts.map((one) => this.#merge(this.#resolve(one)))) {
      const properties = { ...(merged["properties"] as object), ...(part["properties"] as object) };
      const required = [...new Set([...list(merged["required"]), ...list(part["required"])])];
      merged = {
        ...merged,
        ...part,
        ...(Object.keys(properties).length > 0 ? { properties } : {}),
        ...(required.length > 0 ? { required } : {}),
      };
    }
    return merged;
  }

  #resolve(schema: unknown): JsonSchema {
    let current = isObject(schema) ? schema : {};
    for (let hops = 0; typeof current["$ref"] === "string" && hops < 20; hops += 1) {
      const { $ref: reference, ...siblings } = current;
      let target: unknown = this.#root;
      for (const key of reference.split("/").slice(1)) {
        target = isObject(target) ? target[key.replaceAll("~1", "/").replaceAll("~0", "~")] : undefined;
      }
      current = isObject(target) ? { ...target, ...siblings } : siblings;
    }
    return current;
  }
}

interface Wanted {
  readonly proposal: unknown;
  readonly name: string;
  readonly depth: number;
}

type Kind = "object" | "array" | "string" | "number" | "integer" | "boolean" | "null" | "any";
type Maker = (fitter: Fitter, schema: JsonSchema, wanted: Wanted) => unknown;

const makers: Readonly<Record<Kind, Maker>> = {
  object(fitter, schema, { proposal, depth }) {
    const properties = isObject(schema["properties"]) ? schema["properties"] : {};
    const proposed = isObject(proposal) ? proposal : {};
    const required = new Set(list(schema["required"]));
    const least = numberOf(schema["minProperties"]) ?? 0;
    const value: Record<string, unknown> = {};
    for (const [name, property] of Object.entries(properties)) {
      const wanted = required.has(name) || proposed[name] !== undefined || required.size < least;
      if (wanted) value[name] = fitter.fit(property, proposed[name], name, depth + 1);
    }
    for (const name of required) {
      if (typeof name === "string" && !(name in value))
        value[name] = fitter.fit(schema["additionalProperties"], undefined, name, depth + 1);
    }
    return value;
  },
  array(fitter, schema, { proposal, name, depth }) {
    const proposed: unknown[] = Array.isArray(proposal) ? proposal : proposal === undefined ? [] : [proposal];
    const least = numberOf(schema["minItems"]) ?? 0;
    const most = numberOf(schema["maxItems"]) ?? Infinity;
    const prefix = list(schema["prefixItems"]);
    const wanted = Math.min(most, Math.max(least, proposed.length, depth > deepest ? 0 : 1, prefix.length));
    const value: unknown[] = [];
    for (let index = 0; index < wanted; index += 1) {
      const item = fitter.fit(prefix[index] ?? schema["items"], proposed[index], name, depth + 1);
      value.push(schema["uniqueItems"] === true ? another(fitter, schema, value, item, index) : item);
    }
    if (schema["uniqueItems"] !== true) return value;
    return value.filter((item, index) => value.findIndex((other) => same(other, item)) === index);
  },
  string(fitter, schema, { proposal, name }) {
    const most = numberOf(schema["maxLength"]) ?? Infinity;
    const least = numberOf(schema["minLength"]) ?? 0;
    const format = typeof schema["format"] === "string" ? formats[schema["format"]] : undefined;
    // What the user said is no answer to it.
    const said = answerNames.test(name) ? [fitter.text(name), proposal] : [proposal, format, fitter.text(name)];
    const candidates = [...said, format, ...samples].filter((one) => typeof one === "string");
    const sized = candidates.map((text) =>
      Array.from(text.padEnd(least, text === "" ? "x" : text))
        .slice(0, most)
        .join(""),
    );
    return sized.find((text) => fitter.valid(schema, text)) ?? sized[0] ?? "";
  },
  number: (_fitter, schema, { proposal }) => inRange(schema, proposal, numberOf(schema["multipleOf"])),
  integer: (_fitter, schema, { proposal }) => inRange(schema, proposal, numberOf(schema["multipleOf"]) ?? 1),
  boolean: (_fitter, _schema, { proposal }) => proposal === true,
  null: () => null,
  any: (fitter, _schema, { proposal, name }) => proposal ?? fitter.text(name),
};

/** Texts for formats, as plain as they come. */
const formats: Readonly<Record<string, string>> = {
  "date-time": "2026-01-01T00:00:00Z",
  date: "2026-01-01",
  time: "00:00:00Z",
  duration: "PT1M",
  email: "someone@example.com",
  hostname: "example.com",
  ipv4: "127.0.0.1",
  ipv6: "::1",
  uri: "https://example.com",
  uuid: "00000000-0000-4000-8000-000000000000",
};

/** What is tried where a pattern is asked for. */
const samples = [
  "a",
  "A",
  "abc",
  "ABC",
  "0",
  "1",
  "12",
  "123",
  "1234",
  "12345",
  "1.0",
  "1.0.0",
  "a1",
  "A1",
  "#000000",
  "+10000000000",
  "en",
  "en-US",
  "USD",
  "00:00",
  "",
];

function inRange(schema: JsonSchema, proposal: unknown, step: number | undefined): number {
  const least = numberOf(schema["minimum"]) ?? -Infinity;
  const most = numberOf(schema["maximum"]) ?? Infinity;
  const above = numberOf(schema["exclusiveMinimum"]) ?? -Infinity;
  const below = numberOf(schema["exclusiveMaximum"]) ?? Infinity;
  const fits = (value: number): boolean =>
    value >= least &&
    value <= most &&
    value > above &&
    value < below &&
    (step === undefined || isMultiple(value, step));
  if (typeof proposal === "number" && fits(proposal)) return proposal;
  const low = Math.max(least, above);
  const high = Math.min(most, below);
  const anchors = [0, low, high, Number.isFinite(low) && Number.isFinite(high) ? (low + high) / 2 : 0].filter(
    Number.isFinite,
  );
  const size = step ?? 1;
  const stepped = anchors.flatMap((at) => [
    Math.ceil(at / size) * size,
    Math.floor(at / size) * size,
    Math.ceil(at / size) * size + size,
    Math.floor(at / size) * size - size,
  ]);
  const candidates = [0, ...stepped, ...anchors].map((value) => (Object.is(value, -0) ? 0 : value));
  return candidates.find(fits) ?? (Number.isFinite(low) ? low : Number.isFinite(high) ? high : 0);
}

function isMultiple(value: number, step: number): boolean {
  const quotient = value / step;
  return Math.abs(quotient - Math.round(quotient)) < 1e-9;
}

/** An item that is not there yet, where all have to differ. */
function another(fitter: Fitter, schema: JsonSchema, there: readonly unknown[], item: unknown, index: number): unknown {
  if (!there.some((other) => same(other, item))) return item;
  const items = isObject(schema["items"]) ? schema["items"] : {};
  const choices = list(items["enum"]);
  const step = numberOf(items["multipleOf"]) ?? 1;
  const variants = [...choices, typeof item === "number" ? item + step * index : `${String(item)} ${index + 1}`, !item];
  return variants.find((one) => !there.some((other) => same(other, one)) && fitter.valid(items, one)) ?? item;
}

function typeOf(schema: JsonSchema, proposal: unknown): Kind {
  const { type } = schema;
  const types = (Array.isArray(type) ? type : [type]).filter(
    (one): one is Kind => typeof one === "string" && Object.hasOwn(makers, one),
  );
  const kind = Array.isArray(proposal) ? "array" : proposal === null ? "null" : typeof proposal;
  const alike = types.find((one) => one === kind);
  if (alike !== undefined) return alike;
  const first = types.find((one) => one !== "null") ?? types[0];
  if (first !== undefined) return first;
  if ("properties" in schema || "required" in schema) return "object";
  return "items" in schema || "prefixItems" in schema ? "array" : "any";
}

function nullLast(schemas: JsonSchema[]): JsonSchema[] {
  return schemas.toSorted((one, other) => Number(one["type"] === "null") - Number(other["type"] === "null"));
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function numberOf(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}

function same(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
