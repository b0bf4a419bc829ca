import { InvalidArgumentError, kindOf } from "turnwire/internal";
import { isObject } from "turnwire/internal";

/** Throws an `InvalidArgumentError` naming `path` unless the value is as it should be. */
export type Check = (value: unknown, path: string) => void;

function expected(what: string, fits: (value: unknown) => boolean): Check {
  return (value, path) => {
    if (!fits(value)) throw new InvalidArgumentError(path, `expected ${what}, got ${kindOf(value)}`);
  };
}

export const isString = (value: unknown): value is string => typeof value === "string";

export const string = expected("a string", isString);
export const name = expected("a string that is not empty", (value) => isString(value) && value !== "");
export const yes = expected("true, or nothing", (value) => value === true);
export const count = expected("a whole number from 1", (value) => Number.isInteger(value) && Number(value) >= 1);
export const tokens = expected("a whole number from 0", (value) => Number.isInteger(value) && Number(value) >= 0);
export const milliseconds = expected(
  "milliseconds from 0 to 2^31 - 1",
  (value) => typeof value === "number" && value >= 0 && value < 2 ** 31,
);
export const errorStatus = expected(
  "an HTTP status from 400 to 599",
  (value) => Number.isInteger(value) && Number(value) >= 400 && Number(value) <= 599,
);

/** A list whose entries all pass. */
export function list(check: Check): Check {
  return (value, path) => {
    if (!Array.isArray(value)) throw new InvalidArgumentError(path, `expected an array, got ${kindOf(value)}`);
    for (const [index, entry] of value.entries()) check(entry, `${path}[${index}]`);
  };
}

/** A list of what passes, or one such value by itself. */
export function oneOrMany(check: Check): Check {
  const many = list(check);
  return (value, path) => (Array.isArray(value) ? many : check)(value, path);
}

/** An object of the checked fields and no others; those in `required` have to be there. */
export function fields(checks: Readonly<Record<string, Check>>, required: readonly string[] = []): Check {
  return (value, path) => {
    if (!isObject(value)) throw new InvalidArgumentError(path, `expected an object, got ${kindOf(value)}`);
    for (const field of required) {
      if (value[field] === undefined) throw new InvalidArgumentError(join(path, field), "is missing");
    }
    for (const [field, entry] of Object.entries(value)) {
      const check = Object.hasOwn(checks, field) ? checks[field] : undefined;
      if (check === undefined) throw unknownField(path, field, Object.keys(checks));
      if (entry !== undefined) check(entry, join(path, field));
    }
  };
}

export function unknownField(path: string, field: string, known: readonly string[]): InvalidArgumentError {
  return new InvalidArgumentError(join(path, field.slice(0, 64)), `is not known here; known are ${known.join(", ")}`);
}

function join(path: string, field: string): string {
  return path === "" ? field : `${path}.${field}`;
}
