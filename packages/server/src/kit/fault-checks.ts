import { type Check, type Checks, checkValue, is } from "turnwire/internal";
import { record, whole } from "./checks.ts";

const sendableCodes: readonly unknown[] = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014];
const applicationCode = whole(3000, 4999);

export const closeCode: Check = is.custom(
  "a close code that may be sent: 1000 to 1003, 1007 to 1014 or 3000 to 4999",
  (value) => sendableCodes.includes(value) || applicationCode.holds(value),
);

export const closeReason: Check = is.custom(
  "a string of at most 123 bytes",
  (value) => typeof value === "string" && Buffer.byteLength(value) <= 123,
);

/** What every fault can say about where and how often it is injected. */
export const faultPlace = { connection: whole(1), times: is.anyOf(whole(1), is.oneOf(["always"])) };

/**
 * Checks a fault against the fields of its kind.
 * @param fieldsOf Returns the fields of a kind.
 * @param path The name of the fault in errors, such as `faults[2]`.
 * @returns Its kind.
 * @throws InvalidArgumentError naming the field
 */
export function readFault<Kind extends string, Entry>(
  value: unknown,
  path: string,
  kinds: Readonly<Record<Kind, Entry>>,
  fieldsOf: (entry: Entry) => Checks,
): Kind {
  checkValue(value, path, is.object);
  const { fault: kind, ...fields } = value as { fault: Kind };
  checkValue(kind, `${path}.fault`, is.oneOf(Object.keys(kinds)));
  checkValue(fields, path, record(`the fault "${kind}"`, fieldsOf(kinds[kind])));
  return kind;
}
