import type { StandardSchemaV1 } from "@standard-schema/spec";
import { checkValue, is, isRecord } from "../checks/index.ts";
import { InvalidArgumentError, kindOf } from "../errors.ts";

const types = is.oneOf(["object", "array", "string", "number", "integer", "boolean", "null"]);

/** Keywords that hold a schema, a list of schemas, and schemas by name. */
const schemaWords = ["items", "additionalProperties", "not"];
const listWords = ["anyOf", "oneOf", "allOf", "prefixItems"];
const mapWords = ["properties", "$defs", "definitions", "patternProperties"];

/** One of these makes an object without `type` a schema of an object. */
const objectWords = [
  "properties",
  "required",
  "additionalProperties",
  "$ref",
  ...listWords,
  "description",
  "title",
  "$schema",
];

/** Not public. */
export function isStandardSchema(value: unknown): value is StandardSchemaV1 {
  return value !== null && (typeof value === "object" || typeof value === "function") && "~standard" in value;
}

/** Whether a Standard Schema has to be converted. The JSON Schema that zod makes need not be, though it has a hidden `~standard`. */
function isUnconverted(value: unknown): boolean {
  if (!isStandardSchema(value)) return false;
  const isPlain = Object.getPrototypeOf(value) === Object.prototype;
  return !isPlain || Object.prototype.propertyIsEnumerable.call(value, "~standard");
}

/**
 * Checks that a schema describes an object, which the arguments of a function and a structured answer have to be, and
 * that the types within are known ones.
 * @throws InvalidArgumentError which names the path that cannot be used.
 */
export function checkObjectSchema(schema: Readonly<Record<string, unknown>>, field: string): void {
  if (isUnconverted(schema)) refuseStandard(field);
  const { type } = schema;
  if (type === undefined) {
    checkShape(schema, field);
  } else if (type !== "object") {
    const wayOut = 'put it into { type: "object", properties: { … } }';
    throw new InvalidArgumentError(`${field}.type`, `expected "object", got ${typeName(type)}; ${wayOut}`);
  }
  checkTypes(schema, field);
}

/** Refuses the properties of a schema in place of the schema. */
function checkShape(schema: Readonly<Record<string, unknown>>, field: string): void {
  const names = Object.keys(schema);
  if (names.length === 0 || names.some((name) => objectWords.includes(name))) return;
  const values = Object.values(schema);
  if (values.some(isUnconverted)) {
    throw new InvalidArgumentError(
      field,
      "expected a schema, got an object of schemas; wrap it, as in z.object({ … })",
    );
  }
  if (values.some(isRecord)) {
    const wayOut = 'put them into { type: "object", properties: { … } }';
    throw new InvalidArgumentError(field, `expected a JSON Schema, got properties of one; ${wayOut}`);
  }
}

function checkTypes(schema: unknown, field: string): void {
  if (isUnconverted(schema)) refuseStandard(field);
  if (!isRecord(schema)) return;
  const { type } = schema;
  if (Array.isArray(type)) checkValue(type, `${field}.type`, is.listOf(types));
  else if (type !== undefined) checkValue(type, `${field}.type`, types);
  for (const word of schemaWords) checkTypes(schema[word], `${field}.${word}`);
  for (const word of [...listWords, ...mapWords]) {
    const inner = schema[word];
    if (typeof inner !== "object" || inner === null) continue;
    for (const [name, one] of Object.entries(inner)) {
      checkTypes(one, Array.isArray(inner) ? `${field}.${word}[${name}]` : `${field}.${word}.${name}`);
    }
  }
}

function refuseStandard(field: string): never {
  throw new InvalidArgumentError(field, "expected a JSON Schema, got a Standard Schema; use z.toJSONSchema(schema)");
}

/** A type of JSON Schema is no content: it may be shown. */
function typeName(type: unknown): string {
  return typeof type === "string" && types.holds(type) ? `"${type}"` : kindOf(type);
}
