import { InvalidArgumentError, kindOf } from "../errors.ts";
import { type Check, checkValue, isRecord } from "./check.ts";
import { checkName, type Hints } from "./names.ts";

/** A check for every option. `satisfies Checks<Options>` holds a table to its type. */
export type Checks<Options extends object = Record<string, unknown>> = { readonly [K in keyof Options]-?: Check };

/**
 * Checks the options that a caller gives: unknown names are refused with the nearest known one, and every value has to
 * be of its kind. `undefined` counts as not given, `null` does not.
 * @param owner Who takes the options, such as "OpenAIResponsesLLMService" or "respond()".
 * @param hints For names that callers are likely to try: where they belong, or what they are called here.
 * @param path Goes before a name in the error's field, such as "timeouts.".
 * @returns The same options, so that a constructor can check what it hands to `super`.
 * @throws InvalidArgumentError
 */
export function checkOptions<Options>(
  owner: string,
  options: Options,
  table: Readonly<Record<string, Check>>,
  hints: Hints = {},
  path = "",
): Options {
  const isSignal = options instanceof AbortSignal;
  if (!isRecord(options) || isSignal) {
    const wayOut = isSignal ? "; give the signal as { signal }" : "";
    const expected = `expected an object with the options of ${owner}`;
    throw new InvalidArgumentError("options", `${expected}, got ${kindOf(options)}${wayOut}`);
  }
  const known = Object.keys(table);
  for (const [name, value] of Object.entries(options)) {
    if (value !== undefined) checkName("option", name, known, owner, hints, path);
  }
  checkFields(options, table, path);
  return options;
}

/**
 * Checks only the options that a table names. A base class does this with its own, since its subclasses have more.
 * @throws InvalidArgumentError
 */
export function checkFields(options: object, table: Readonly<Record<string, Check>>, path = ""): void {
  for (const [name, check] of Object.entries(table)) {
    const value: unknown = Reflect.get(options, name);
    if (value !== undefined || check.isRequired === true) checkValue(value, `${path}${name}`, check);
  }
}
