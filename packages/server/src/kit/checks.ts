import {
  type Clock,
  defined,
  type Random,
  type Check,
  checkFields,
  checkName,
  checkOptions,
  type Checks,
  type Hints,
  InvalidArgumentError,
  is,
  kindOf,
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

const apiKeys = is.listOf(
  is.custom("a string that is not blank", (value) => typeof value === "string" && value.trim() !== ""),
);

/** What both servers can be told about where they listen and who is let in. */
export const listenerChecks = {
  port: whole(0, 65_535),
  host: is.text,
  apiKeys: {
    ...apiKeys,
    within: (keys, field) => {
      apiKeys.within?.(keys, field);
      if (Array.isArray(keys) && keys.length > 0) return;
      throw new InvalidArgumentError(field, "expected at least one key, got none; leave it out to let everyone in");
    },
  } satisfies Check,
};

const listenerHints: Hints = {
  clock: "it belongs in `environment`",
  random: "it belongs in `environment`",
  hostname: "it is called `host`",
  address: "it is called `host`",
};

/**
 * Checks what the `start()` of a server is given.
 * @throws InvalidArgumentError which names the option.
 */
export function checkStart(
  server: string,
  options: unknown,
  table: Readonly<Record<string, Check>>,
  hints: Hints,
): void {
  const owner = `${server}.start()`;
  if (typeof options === "number") {
    const expected = `expected an object with the options of ${owner}`;
    throw new InvalidArgumentError("options", `${expected}, got ${kindOf(options)}; give the port as { port }`);
  }
  checkOptions(owner, options, table, { ...listenerHints, ...hints });
}

/**
 * For callers of JavaScript, who can call a private constructor.
 * @throws InvalidArgumentError unless the server has what `start()` gives it.
 */
export function checkStarted(server: string, isStarted: boolean): void {
  if (isStarted) return;
  throw new InvalidArgumentError("constructor", `${server} is not made with new; call await ${server}.start()`);
}

/** What only tests need to set. */
export interface ServerEnvironment {
  /** Times everything that the server times. Default: the system's clock. */
  clock?: Clock;
  /** Where ids come from. Default: `Math.random`. */
  random?: Random;
}

export const clockCheck = is.having(["now", "schedule"], "a clock");

export const environmentCheck = is.group({ clock: clockCheck, random: is.func } satisfies Checks<ServerEnvironment>);
