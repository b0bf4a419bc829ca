import { expect, expectTypeOf, test } from "vitest";
import { defined } from "../../src/async/index.ts";

interface Optional {
  name: string;
  size?: number;
}

test("leaves out only undefined fields", () => {
  expect(Object.entries(defined({ a: undefined, b: null, c: 0, d: "", e: false }))).toEqual([
    ["b", null],
    ["c", 0],
    ["d", ""],
    ["e", false],
  ]);
});

test("types fields that may be undefined as optional", () => {
  const size = JSON.parse("1") as number | undefined;
  const made: Optional = defined({ name: "x", size });
  expect(made).toEqual({ name: "x", size: 1 });
  expectTypeOf(defined({ name: "x", size })).toExtend<Optional>();
  expectTypeOf(defined<Optional>({ name: "x" })).toExtend<Optional>();
});
