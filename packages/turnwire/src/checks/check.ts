import { InvalidArgumentError, kindOf } from "../errors.ts";

/** Describes usable values. Tables of checks describe options; `checkValue` applies a check. */
export interface Check {
  /** Describes a usable value; the error puts it after "expected". */
  readonly expected: string;
  /** Whether the value itself is usable. */
  readonly holds: (value: unknown) => boolean;
  /**
   * Checks what a usable value holds, such as the fields of a group.
   * @throws InvalidArgumentError
   */
  readonly within?: (value: unknown, field: string) => void;
  /** Whether a table refuses a missing value. */
  readonly isRequired?: true;
}

/**
 * @param field The path of the value, such as `timeouts.connectMs`.
 * @throws InvalidArgumentError which names the field, what was expected and the kind of value it got.
 */
export function checkValue(value: unknown, field: string, check: Check): void {
  if (!check.holds(value)) {
    throw new InvalidArgumentError(field, `expected ${check.expected}, got ${kindOf(value)}`);
  }
  check.within?.(value, field);
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
