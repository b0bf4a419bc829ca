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

export function required(object: Record<string, unknown>, name: string, path: string, check: Check): void {
  requirePresent(object, name, `${path}.${name}`);
  check(object[name], `${path}.${name}`);
}

export function optional(object: Record<string, unknown>, name: string, path: string, check: Check): void {
  const value = object[name];
  if (value !== undefined && value !== null) check(value, `${path}.${name}`);
}

export function requirePresent(object: Record<string, unknown>, name: string, path: string): void {
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
