import { isObject } from "turnwire/internal";
import { invalidRequest, missingParameter, type ResponsesApiError } from "../api-error.ts";

/** Checks a value that is neither undefined nor null. Throws a `ResponsesApiError` naming `path`. */
export type Check = (value: unknown, path: string) => void;

export const string: Check = (value, path) => {
  if (typeof value !== "string") throw invalidType(path, "a string", value);
};
export const boolean: Check = (value, path) => {
  if (typeof value !== "boolean") throw invalidType(path, "a boolean", value);
};
export const object: Check = (value, path) => {
  if (!isObject(value)) throw invalidType(path, "an object", value);
};
export const array: Check = (value, path) => {
  if (!Array.isArray(value)) throw invalidType(path, "an array", value);
};

export function number(least: number, most: number): Check {
  return (value, path) => {
    if (typeof value !== "number") throw invalidType(path, "a decimal", value);
    if (value < least || value > most)
      throw outOfRange(path, "decimal", value < least, value < least ? least : most, value);
  };
}

export function integer(least: number): Check {
  return (value, path) => {
    if (typeof value !== "number" || !Number.isInteger(value)) throw invalidType(path, "an integer", value);
    if (value < least) throw outOfRange(path, "integer", true, least, value);
  };
}

/** An array whose elements a check takes. */
export function listOf(check: Check, expected = "an array"): Check {
  return (value, path) => {
    if (!Array.isArray(value)) throw invalidType(path, expected, value);
    value.forEach((entry: unknown, index) => check(entry, `${path}[${index}]`));
  };
}

export function oneOf(names: readonly string[]): Check {
  return (value, path) => {
    if (typeof value !== "string") throw invalidType(path, "a string", value);
    if (!names.includes(value)) throw invalidValue(path, value, names);
  };
}

type Fields = Readonly<Record<string, Check>>;

/** An object, whose fields are checked. The optional ones may be null, and it may have others. */
export function objectOf(required: Fields, optional: Fields = {}): Check {
  return (value, path) => {
    if (!isObject(value)) throw invalidType(path, "an object", value);
    for (const [name, check] of Object.entries(required)) {
      requirePresent(value, name, `${path}.${name}`);
      check(value[name], `${path}.${name}`);
    }
    for (const [name, check] of Object.entries(optional)) {
      const field = value[name];
      if (field !== undefined && field !== null) check(field, `${path}.${name}`);
    }
  };
}

/** An object whose `type` chooses its further check. */
export function typed(type: Check, further: Fields): Check {
  const typeOnly = objectOf({ type });
  return (value, path) => {
    typeOnly(value, path);
    const { type: name } = value as { type: string };
    if (Object.hasOwn(further, name)) further[name]?.(value, path);
  };
}

export function requirePresent(object: Readonly<Record<string, unknown>>, name: string, path: string): void {
  if (object[name] !== undefined && object[name] !== null) return;
  throw missingParameter(path);
}

export function invalidType(path: string, expected: string, value: unknown): ResponsesApiError {
  const message = `Invalid type for '${path}': expected ${expected}, but got ${jsonKind(value)} instead.`;
  return invalidRequest(path, message, "invalid_type");
}

export function invalidValue(path: string, value: string, supported: readonly unknown[]): ResponsesApiError {
  const values = supported.map((one) => `'${String(one)}'`).join(", ");
  return invalidRequest(
    path,
    `Invalid value: '${value.slice(0, 64)}'. Supported values are: ${values}.`,
    "invalid_value",
  );
}

function outOfRange(path: string, kind: string, below: boolean, limit: number, value: number): ResponsesApiError {
  const words = below ? "below minimum value" : "above maximum value";
  const message = `Invalid '${path}': ${kind} ${words}. Expected a value ${below ? ">=" : "<="} ${limit}, but got ${value} instead.`;
  return invalidRequest(path, message, `${kind}_${below ? "below_min" : "above_max"}_value`);
}

function jsonKind(value: unknown): string {
  if (value === null || value === undefined) return "null";
  if (Array.isArray(value)) return "an array";
  if (typeof value === "number") return Number.isInteger(value) ? "an integer" : "a decimal number";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}
