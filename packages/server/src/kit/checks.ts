import {
  type Clock,
  defined,
  type Random,
  type Check,
  checkFields,
  checkName,
  type Checks,
  is,
} from "turnwire/internal";

/**
 * An object that has these fields and no others.
 * @param owner What the object is, for errors, such as `the fault "close"`.
 */
export function record(owner: string, table: Checks, expected = "an object"): Check {
  const known = Object.keys(table);
  return {
    expected,
    holds: (value) => is.object.holds(value),
    within: (value, path) => {
      const prefix = path === "" ? "" : `${path}.`;
      for (const name of Object.keys(value as object)) checkName("field", name, known, owner, {}, prefix);
      checkFields(value as object, table, prefix);
    },
  };
}

/** A value that a check takes, or a list of such values. */
export function oneOrMany(check: Check): Check {
  return is.anyOf(check, is.listOf(check));
}

/** A whole number of at least `min`. */
export function whole(min: number, max?: number): Check {
  return is.number({ integer: true, min, ...defined({ max }) });
}

/** What both servers can be told about where they listen and who is let in. */
export const listenerChecks = {
  port: whole(0, 65_535),
  host: is.text,
  apiKeys: is.listOf(
    is.custom("a string that is not blank", (value) => typeof value === "string" && value.trim() !== ""),
  ),
};

/** What only tests need to set. */
export interface ServerEnvironment {
  /** Times everything that the server times. Default: the system's clock. */
  clock?: Clock;
  /** Where ids come from. Default: `Math.random`. */
  random?: Random;
}

export const clockCheck = is.having(["now", "schedule"], "a clock");

export const environmentCheck = is.group({ clock: clockCheck, random: is.func } satisfies Checks<ServerEnvironment>);
