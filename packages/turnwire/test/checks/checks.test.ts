import {
  checkName,
  checkOptions,
  type Checks,
  checkValue,
  InvalidArgumentError,
  is,
  nearestName,
} from "turnwire/internal";
import { describe, expect, it, test } from "vitest";

interface Options {
  name: string;
  temperature?: number;
  maxTokens?: number;
  onInterrupt?: "drain" | "disconnect";
  signal?: AbortSignal;
  timeouts?: { connectMs?: number; idleMs?: number };
  tags?: readonly string[];
  headers?: Readonly<Record<string, string>>;
}

const table = {
  name: is.required(is.text),
  temperature: is.number({ min: 0, max: 2 }),
  maxTokens: is.number({ min: 1, integer: true }),
  onInterrupt: is.oneOf(["drain", "disconnect"]),
  signal: is.signal,
  timeouts: is.group({ connectMs: is.timeLimit, idleMs: is.duration }),
  tags: is.listOf(is.text),
  headers: is.recordOf(is.string),
} satisfies Checks<Options>;

const hints = { model: "it belongs to the service's options", systemInstruction: "it is called `instructions`" };
const check = (options: unknown): unknown => checkOptions("Service", options, table, hints);

describe("options", () => {
  test.each<[string, unknown]>([
    ["what is required alone", { name: "a" }],
    ["undefined for what may be left out", { name: "a", temperature: undefined, unheardOf: undefined }],
    [
      "everything",
      {
        name: "a",
        temperature: 2,
        maxTokens: 1,
        onInterrupt: "drain",
        signal: new AbortController().signal,
        timeouts: { connectMs: 1, idleMs: 0 },
        tags: ["x"],
        headers: { a: "" },
      },
    ],
  ])("takes %s", (_, options) => {
    expect(check(options)).toBe(options);
  });

  test.each<[unknown, string, string]>([
    [null, "options", "expected an object with the options of Service, got null"],
    ["fast", "options", "expected an object with the options of Service, got a string"],
    [[], "options", "expected an object with the options of Service, got an array of 0"],
    [{}, "name", "expected a non-empty string, got undefined"],
    [{ name: "" }, "name", "expected a non-empty string, got an empty string"],
    [{ name: null }, "name", "expected a non-empty string, got null"],
    [{ name: "a", temperature: null }, "temperature", "expected a number from 0 to 2, got null"],
    [{ name: "a", temperature: "1" }, "temperature", "expected a number from 0 to 2, got a string"],
    [{ name: "a", temperature: Number.NaN }, "temperature", "expected a number from 0 to 2, got NaN"],
    [{ name: "a", maxTokens: 1.5 }, "maxTokens", "expected a whole number of at least 1, got the number 1.5"],
    [{ name: "a", onInterrupt: "cut" }, "onInterrupt", 'expected "drain" or "disconnect", got a string'],
    [{ name: "a", signal: {} }, "signal", "expected an AbortSignal, got an object"],
    [{ name: "a", timeouts: 5 }, "timeouts", "expected an object with connectMs, idleMs, got the number 5"],
    [
      { name: "a", timeouts: { connectMs: 0 } },
      "timeouts.connectMs",
      "expected milliseconds above 0, up to 2^31 - 1, got the number 0",
    ],
    [
      { name: "a", timeouts: { idleMs: Infinity } },
      "timeouts.idleMs",
      "expected milliseconds from 0 to 2^31 - 1, got Infinity",
    ],
    [
      { name: "a", timeouts: { conectMs: 1 } },
      "timeouts.conectMs",
      "unknown option of `timeouts`; did you mean `timeouts.connectMs`?",
    ],
    [{ name: "a", tags: ["x", 1] }, "tags[1]", "expected a non-empty string, got the number 1"],
    [{ name: "a", headers: { b: 1 } }, "headers.b", "expected a string, got the number 1"],
    [{ name: "a", temprature: 1 }, "temprature", "unknown option of Service; did you mean `temperature`?"],
    [{ name: "a", max_tokens: 1 }, "max_tokens", "unknown option of Service; did you mean `maxTokens`?"],
    [{ name: "a", model: "m" }, "model", "unknown option of Service; it belongs to the service's options"],
    [
      { name: "a", systemInstruction: "" },
      "systemInstruction",
      "unknown option of Service; it is called `instructions`",
    ],
    [{ name: "a", toString: 1 }, "toString", "unknown option of Service; the options are name, temperature,"],
  ])("refuses %j", (options, field, message) => {
    const refusal = expect.objectContaining({ code: "invalid_argument", field });
    expect(() => check(options)).toThrow(refusal);
    expect(() => check(options)).toThrow(`${field}: ${message}`);
  });

  it("shows no value and no more than the beginning of a name", () => {
    const secret = "sk-1234567890abcdef";
    expect(() => check({ name: "a", temperature: secret })).not.toThrow(secret);
    expect(() => check({ name: "a", ["n".repeat(1000)]: 1 })).toThrow(/^n{64}: unknown/);
  });
});

describe("values", () => {
  class Kind {
    readonly kind = "kind";
  }
  const one = is.anyOf(is.text, is.func, is.instanceOf(Kind));
  test.each([
    [is.flag, 1, "expected true or false, got the number 1"],
    [is.func, null, "expected a function, got null"],
    [is.object, [], "expected an object, got an array of 0"],
    [is.instanceOf(Kind), {}, "expected an instance of Kind, got an object"],
    [is.having(["debug", "warn"]), { debug() {} }, "expected an object with debug(), warn(), got an object"],
    [one, 1, "expected a non-empty string, a function or an instance of Kind, got the number 1"],
    [is.anyOf(is.text, is.listOf(is.text)), [""], "[0]: expected a non-empty string, got an empty string"],
    [is.number(), "1", "expected a number, got a string"],
    [is.number({ above: 0 }), 0, "expected a number above 0, got the number 0"],
    [is.number({ max: 5 }), 6, "expected a number of at most 5, got the number 6"],
    [is.custom("a tag", () => false), "x", "expected a tag, got a string"],
  ])("%# refuses what is not of its kind", (kind, value, message) => {
    expect(() => checkValue(value, "field", kind)).toThrow(message);
    expect(() => checkValue(value, "field", kind)).toThrow(InvalidArgumentError);
  });

  test.each([
    [one, "a"],
    [one, () => 1],
    [one, new Kind()],
    [is.having(["debug", "warn"]), console],
    [is.anyOf(is.text, is.listOf(is.text)), ["a"]],
  ])("%# takes what is", (kind, value) => {
    expect(() => checkValue(value, "field", kind)).not.toThrow();
  });
});

describe("names", () => {
  const known = ["temperature", "topP", "maxTokens", "connectMs", "inference"];
  test.each([
    ["temprature", "temperature"],
    ["Temperature", "temperature"],
    ["tempreature", "temperature"],
    ["top_p", "topP"],
    ["maxToken", "maxTokens"],
    ["connectms", "connectMs"],
    ["inferences", "inference"],
    ["TopP", "topP"],
    ["model", undefined],
    ["", undefined],
    ["x", undefined],
  ])("the nearest to %s is %s", (name, nearest) => {
    expect(nearestName(name, known)).toBe(nearest);
  });

  it("lists all names if none is near", () => {
    expect(() => checkName("event", "closed", ["inference", "connected"], "Service")).toThrow(
      "closed: unknown event of Service; the events are inference, connected",
    );
  });
});
