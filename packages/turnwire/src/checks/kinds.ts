import { type Check, checkValue, isRecord } from "./check.ts";
import type { Hints } from "./names.ts";
import { checkOptions, type Checks } from "./options.ts";

export interface NumberLimits {
  /** The least usable number. */
  min?: number;
  /** The greatest usable number. */
  max?: number;
  /** The number has to be greater than this. */
  above?: number;
  /** Whether it has to be a whole number. */
  integer?: boolean;
}

/** A kind of value that no other function of this file describes. */
export function custom(expected: string, holds: (value: unknown) => boolean): Check {
  return { expected, holds };
}

/** A text that says something. */
export const text = custom("a non-empty string", (value) => typeof value === "string" && value !== "");

/** A text, which may be empty. */
export const string = custom("a string", (value) => typeof value === "string");

export const flag = custom("true or false", (value) => typeof value === "boolean");

export const func = custom("a function", (value) => typeof value === "function");

/** An object of any shape, but no array. */
export const object = custom("an object", isRecord);

/** An AbortSignal, also one of a polyfill. */
export const signal = custom("an AbortSignal", (value) => {
  if (value instanceof AbortSignal) return true;
  return isRecord(value) && typeof value["aborted"] === "boolean" && typeof value["addEventListener"] === "function";
});

/** A finite number within limits. */
export function number(limits: NumberLimits = {}): Check {
  const { min = -Infinity, max = Infinity, above = -Infinity, integer = false } = limits;
  const isWithin = (value: number): boolean => value >= min && value <= max && value > above;
  return custom(`a ${integer ? "whole number" : "number"}${rangeOf(limits)}`, (value) => {
    if (typeof value !== "number" || !Number.isFinite(value)) return false;
    return isWithin(value) && (!integer || Number.isInteger(value));
  });
}

/** A timer with a longer delay fires at once. */
const longestTimerMs = 2 ** 31 - 1;

/** A duration in milliseconds, which may be 0. */
export const duration = custom("milliseconds from 0 to 2^31 - 1", number({ min: 0, max: longestTimerMs }).holds);

/** A time limit or an interval in milliseconds. */
export const timeLimit = custom(
  "milliseconds above 0, up to 2^31 - 1",
  number({ above: 0, max: longestTimerMs }).holds,
);

/** One of a few texts. */
export function oneOf(values: readonly string[]): Check {
  return custom(listed(values.map((value) => `"${value}"`)), (value) => values.some((known) => known === value));
}

export function instanceOf(
  Class: abstract new (...args: never[]) => unknown,
  expected = `an instance of ${Class.name}`,
): Check {
  return custom(expected, (value) => value instanceof Class);
}

/** An object with these methods, whatever its class. */
export function having(methods: readonly string[], expected = `an object with ${methods.join("(), ")}()`): Check {
  return custom(expected, (value) => {
    if (value === null || (typeof value !== "object" && typeof value !== "function")) return false;
    return methods.every((method) => typeof Reflect.get(value, method) === "function");
  });
}

export const logger = having(["debug", "warn"], "a logger with debug() and warn()");

export const clock = having(["now", "schedule"], "a clock with now() and schedule()");

/** A value that one of the checks takes. */
export function anyOf(...checks: readonly Check[]): Check {
  return {
    expected: listed(checks.map(({ expected }) => expected)),
    holds: (value) => checks.some((check) => check.holds(value)),
    within: (value, field) => checks.find((check) => check.holds(value))?.within?.(value, field),
  };
}

/** An array whose elements a check takes. */
export function listOf(element: Check, expected = "an array"): Check {
  return {
    expected,
    holds: (value) => Array.isArray(value),
    within: (value, field) => {
      for (const [index, item] of (value as unknown[]).entries()) checkValue(item, `${field}[${index}]`, element);
    },
  };
}

/** An object whose values a check takes, whatever their names. */
export function recordOf(element: Check, expected = "an object"): Check {
  return {
    expected,
    holds: isRecord,
    within: (value, field) => {
      for (const [name, item] of Object.entries(value as object)) checkValue(item, `${field}.${name}`, element);
    },
  };
}

/** A group of options: their names and values are checked as those of `checkOptions`. */
export function group<Options extends object>(table: Checks<Options>, hints: Hints = {}): Check {
  const checks: Readonly<Record<string, Check>> = table;
  return {
    expected: `an object with ${Object.keys(checks).join(", ")}`,
    holds: isRecord,
    within: (value, field) => void checkOptions(`\`${field}\``, value, checks, hints, `${field}.`),
  };
}

/** The same for an option that has to be given. */
export function required(check: Check): Check {
  return { ...check, isRequired: true };
}

function rangeOf({ min, max, above }: NumberLimits): string {
  if (above !== undefined) return ` above ${above}${max === undefined ? "" : `, up to ${max}`}`;
  if (min !== undefined && max !== undefined) return ` from ${min} to ${max}`;
  if (min !== undefined) return ` of at least ${min}`;
  return max === undefined ? "" : ` of at most ${max}`;
}

/** `a, b or c`. */
function listed(texts: readonly string[]): string {
  return texts.length < 2 ? texts.join("") : `${texts.slice(0, -1).join(", ")} or ${texts.at(-1)}`;
}
