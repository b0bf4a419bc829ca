import { isObject } from "turnwire/internal";

/** The little of JSON Schema that arguments are filled by. */
export interface Schema {
  readonly type: "string" | "number" | "integer" | "boolean" | "array" | "object" | "null" | "any";
  readonly nullable: boolean;
  readonly description: string;
  readonly format: string;
  readonly enum?: readonly unknown[];
  readonly default?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly items?: Schema;
  readonly properties: ReadonlyArray<readonly [name: string, schema: Schema]>;
  readonly required: ReadonlySet<string>;
}

const types: readonly unknown[] = ["string", "number", "integer", "boolean", "array", "object", "null"];
const deepest = 8;

/** Reads a JSON Schema: local references resolved, the first alternative taken. Whatever is not understood is `any`. */
export function readSchema(value: unknown, root: unknown = value, depth = 0): Schema {
  const given = depth > deepest ? {} : resolve(value, root);
  const alternatives = [...list(given["anyOf"]), ...list(given["oneOf"])];
  if (alternatives.length > 0 && given["type"] === undefined) return firstAlternative(given, alternatives, root, depth);
  const declared = Array.isArray(given["type"]) ? given["type"] : [given["type"]];
  const type = declared.find((one) => one !== "null" && types.includes(one)) ?? impliedType(given);
  const properties = isObject(given["properties"]) ? Object.entries(given["properties"]) : [];
  const choices = "const" in given ? [given["const"]] : given["enum"];
  return {
    type: type as Schema["type"],
    nullable: declared.includes("null"),
    description: textField(given, "description"),
    format: textField(given, "format"),
    ...(Array.isArray(choices) ? { enum: choices.filter((choice) => choice !== null) } : {}),
    ...("default" in given ? { default: given["default"] } : {}),
    ...(typeof given["minimum"] === "number" ? { minimum: given["minimum"] } : {}),
    ...(typeof given["maximum"] === "number" ? { maximum: given["maximum"] } : {}),
    ...(given["items"] === undefined ? {} : { items: readSchema(given["items"], root, depth + 1) }),
    properties: properties.map(([name, property]) => [name, readSchema(property, root, depth + 1)] as const),
    required: new Set(list(given["required"]).filter((name) => typeof name === "string")),
  };
}

function firstAlternative(
  given: Record<string, unknown>,
  alternatives: unknown[],
  root: unknown,
  depth: number,
): Schema {
  const schemas = alternatives.map((alternative) => readSchema(alternative, root, depth + 1));
  const first = schemas.find((schema) => schema.type !== "null") ?? readSchema({}, root, depth + 1);
  const nullable = first.nullable || schemas.some((schema) => schema.type === "null");
  return { ...first, nullable, description: textField(given, "description") || first.description };
}

function impliedType(given: Record<string, unknown>): Schema["type"] {
  if (given["type"] === "null") return "null";
  if (isObject(given["properties"])) return "object";
  return Array.isArray(given["enum"]) && given["enum"].every((choice) => typeof choice === "string") ? "string" : "any";
}

function resolve(value: unknown, root: unknown): Record<string, unknown> {
  if (!isObject(value)) return {};
  const reference = value["$ref"];
  if (typeof reference !== "string" || !reference.startsWith("#/")) return value;
  let target: unknown = root;
  for (const key of reference.slice(2).split("/")) target = isObject(target) ? target[key] : undefined;
  return isObject(target) && target["$ref"] === undefined ? target : {};
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function textField(object: Record<string, unknown>, name: string): string {
  const value = object[name];
  return typeof value === "string" ? value : "";
}
