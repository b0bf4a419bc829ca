import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { calculate, evaluate } from "../../src/cli/chat/tools/calculate.ts";
import { currentTime, timeIn } from "../../src/cli/chat/tools/current-time.ts";

describe("calculate", () => {
  it.each([
    ["17 * 23", "391"],
    ["0.1 + 0.2", "0.3"],
    ["0.1 + 0.2 - 0.3", "0"],
    ["sqrt(2) ^ 2 - 2", "0"],
    ["2035.4 - 2002.5", "32.9"],
    ["100 * 1.1", "110"],
    ["(1 + 2) * -3", "-9"],
    ["2 ^ 3 ^ 2", "512"],
    ["2 ^ -1", "0.5"],
    ["-7 % 3", "-1"],
    ["5!", "120"],
    ["sqrt 16 + sqrt(9)", "7"],
    ["max(1, 5, 3) - min(4, 2)", "3"],
    ["17 × 23 ÷ 2 − 1", "194.5"],
    ["2 ** 10", "1024"],
    ["cos(π) + ln(e)", "0"],
    ["1 / 3", "0.333333333333333"],
    ["2 ^ 64", "1.84467440737096e19"],
    ["1e-7 * 3", "3e-7"],
    ["9007199254740991", "9007199254740991"],
  ])("%s is %s", (expression, value) => {
    expect(evaluate(expression)).toBe(value);
  });

  it.each([
    ["5 / 0", "division by zero"],
    ["5 % (2 - 2)", "division by zero"],
    ["0 ^ -1", "division by zero"],
    ["sqrt(-1)", "not a real number"],
    ["1e300 * 1e300", "too large"],
    ["", "nothing to calculate"],
    ["2 +", "ends too early"],
    ["(1 + 2", "ends too early"],
    ["2 3", "near character"],
    ["x + 1", "x is not known"],
    ["sqrt", "argument in parentheses"],
    ["1; 2", '";" is not arithmetic'],
    ["a.b", "member access"],
    ["1".repeat(1001), "longer than 1000"],
  ])("refuses %j saying why", (expression, problem) => {
    expect(() => evaluate(expression)).toThrow(problem);
  });

  it.each([
    "constructor",
    "constructor(1)",
    "__proto__",
    "toString()",
    "valueOf(1)",
    "hasOwnProperty(1)",
    "random()",
    "if(1, 2, 3)",
    "f(x) = x",
    "x = 1",
    "'a'",
    "[1]",
    "1 ? 2 : 3",
    "process",
    "globalThis",
    "import(1)",
    "not 1",
    "length 12",
    "map(sqrt, 4)",
  ])("runs nothing but arithmetic: %s", (expression) => {
    expect(() => evaluate(expression)).toThrow(Error);
  });

  it("answers a number or throws an error of one line, whatever it is given", () => {
    const token = fc.oneof(
      fc.constantFrom(
        ...Array.from("0123456789.+-*/^%!(), "),
        "sqrt",
        "ln",
        "e",
        "pi",
        "max",
        "constructor",
        "__proto__",
        "1e5",
      ),
      fc.string({ maxLength: 3 }),
    );
    fc.assert(
      fc.property(fc.array(token, { maxLength: 12 }), (tokens) => {
        try {
          expect(evaluate(tokens.join(""))).toMatch(/^-?\d+(\.\d+)?(e-?\d+)?$/);
        } catch (error) {
          if (!(error instanceof Error) || error.name === "AssertionError") throw error;
          expect(error.message).toMatch(/^.+$/);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it("is a tool that takes an expression and nothing else", async () => {
    expect(await calculate.check({ expression: "1" })).toEqual({ value: { expression: "1" } });
    expect(await calculate.check({ expression: 1 })).toHaveProperty("problem");
    expect(await calculate.check({})).toHaveProperty("problem");
  });
});

describe("current_time", () => {
  const newYear = Date.UTC(2026, 0, 1, 0, 5);

  it.each([
    ["Tokyo", "Tokyo", "Asia/Tokyo", "09:05", "2026-01-01", "Thursday", "+09:00"],
    ["são  paulo", "Sao Paulo", "America/Sao_Paulo", "21:05", "2025-12-31", "Wednesday", "-03:00"],
    ["SAN FRANCISCO", "San Francisco", "America/Los_Angeles", "16:05", "2025-12-31", "Wednesday", "-08:00"],
    ["Kathmandu", "Kathmandu", "Asia/Kathmandu", "05:50", "2026-01-01", "Thursday", "+05:45"],
    ["Washington, D.C.", "Washington DC", "America/New_York", "19:05", "2025-12-31", "Wednesday", "-05:00"],
    ["Paris, France", "Paris", "Europe/Paris", "01:05", "2026-01-01", "Thursday", "+01:00"],
    ["munchen", "München", "Europe/Berlin", "01:05", "2026-01-01", "Thursday", "+01:00"],
    ["utc", "UTC", "UTC", "00:05", "2026-01-01", "Thursday", "+00:00"],
    ["GMT", "GMT", "UTC", "00:05", "2026-01-01", "Thursday", "+00:00"],
    ["Asia/Kolkata", "Asia/Kolkata", "Asia/Kolkata", "05:35", "2026-01-01", "Thursday", "+05:30"],
    ["europe/berlin", "Europe/Berlin", "Europe/Berlin", "01:05", "2026-01-01", "Thursday", "+01:00"],
    ["St. Petersburg", "St. Petersburg", "Europe/Moscow", "03:05", "2026-01-01", "Thursday", "+03:00"],
  ])("knows %s", (said, place, zone, time, date, weekday, utc_offset) => {
    expect(timeIn(said, newYear)).toEqual({ place, zone, time, date, weekday, utc_offset });
  });

  it.each(["Atlantis", "", "constructor", "12", "🙂"])("says so when it does not know %j", (place) => {
    expect(() => timeIn(place, newYear)).toThrow(/I know no time zone of .* IANA zone such as/);
  });

  it("is a tool that goes by the clock it is given", async () => {
    const tool = currentTime(() => newYear);
    const execute = tool.execute as (args: { place: string }) => unknown;
    expect(await execute({ place: "Oslo" })).toMatchObject({ time: "01:05", zone: "Europe/Oslo" });
  });
});
