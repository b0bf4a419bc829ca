import { InvalidArgumentError, kindOf } from "turnwire/internal";

/** @throws InvalidArgumentError unless the value is a finite number of at least `min` (and at most `max`). */
export function checkNumber(field: string, value: number, min: number, max = Infinity): number {
  if (typeof value === "number" && Number.isFinite(value) && value >= min && value <= max) return value;
  const range = max === Infinity ? `of at least ${min}` : `from ${min} to ${max}`;
  throw new InvalidArgumentError(field, `must be a number ${range}, not ${kindOf(value)}`);
}
