import type { StandardSchemaV1 } from "@standard-schema/spec";
import {
  defineTool,
  type FunctionCallParams,
  type FunctionTool,
  InvalidArgumentError,
  type JsonSchema,
  type LLMMessage,
} from "turnwire";
import { describe, expect, expectTypeOf, it } from "vitest";
import { z } from "zod";

function thrownBy(action: () => unknown): InvalidArgumentError {
  try {
    action();
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidArgumentError);
    return error as InvalidArgumentError;
  }
  throw new Error("nothing was thrown");
}

async function problemOf(tool: FunctionTool, args: unknown): Promise<string> {
  const checked = await tool.check(args);
  if ("value" in checked) throw new Error("the arguments were accepted");
  return checked.problem;
}

/** A Standard Schema that cannot say itself as JSON Schema: a list of names, as text. */
const handMade: StandardSchemaV1<{ names: string }, { names: string[] }> = {
  "~standard": {
    version: 1,
    vendor: "hand-made",
    validate: async (value) => {
      const { names } = value as { names?: unknown };
      if (typeof names === "string") return { value: { names: names.split(",") } };
      return { issues: [{ message: "names are missing", path: ["names", { key: 0 }] }, { message: "and so on" }] };
    },
  },
};
const namesSchema = { type: "object", properties: { names: { type: "string" } }, required: ["names"] };

it("takes what zod converted to JSON Schema, also within another schema", () => {
  const city = z.toJSONSchema(z.object({ name: z.string() }));
  expect(defineTool({ name: "look", parameters: city }).parameters).toMatchObject({ type: "object" });
  const nested = { type: "object", properties: { city } };
  expect(defineTool({ name: "look", parameters: nested }).parameters).toBe(nested);
});

describe("a zod schema", () => {
  it("types what execute is given, after defaults and transforms, and the params", () => {
    const tool = defineTool({
      name: "weather",
      parameters: z.object({
        city: z.string(),
        days: z.number().default(1),
        unit: z.enum(["C", "F"]).optional(),
        at: z.object({ lat: z.number() }).array(),
      }),
      execute: (args, params) => {
        expectTypeOf(args).toEqualTypeOf<{
          city: string;
          days: number;
          unit?: "C" | "F" | undefined;
          at: Array<{ lat: number }>;
        }>();
        expectTypeOf(params).toEqualTypeOf<FunctionCallParams>();
        expectTypeOf(params.signal).toEqualTypeOf<AbortSignal>();
        expectTypeOf(params.messages).toEqualTypeOf<readonly LLMMessage[]>();
        return args.city;
      },
    });
    expectTypeOf(tool).toEqualTypeOf<FunctionTool>();
    defineTool({
      name: "weather",
      parameters: z.object({ city: z.string() }),
      // @ts-expect-error -- there is no `town` in the schema.
      execute: ({ town }) => town,
    });
  });

  it("goes to the model as JSON Schema of its input", () => {
    const tool = defineTool({
      name: "weather",
      description: "The weather.",
      parameters: z.object({ city: z.string().describe("Its name."), days: z.number().int().default(1) }),
    });
    expect(tool).toMatchObject({ name: "weather", description: "The weather.", strict: false });
    expect(tool.parameters).toMatchObject({
      type: "object",
      properties: { city: { type: "string", description: "Its name." }, days: { type: "integer", default: 1 } },
      required: ["city"],
    });
    expect(tool.parameters).not.toHaveProperty("$schema");
    expect(tool.execute).toBeUndefined();
    expect(Object.isFrozen(tool)).toBe(true);
  });

  it("checks, fills in defaults and transforms", async () => {
    const tool = defineTool({
      name: "weather",
      parameters: z.object({ city: z.string().trim(), days: z.number().default(3), tags: z.string().array().max(2) }),
    });
    expect(await tool.check({ city: " Ulm ", tags: [] })).toEqual({ value: { city: "Ulm", days: 3, tags: [] } });
    expect(await problemOf(tool, { city: "Ulm", tags: ["a", 2] })).toMatch(/^tags\.1: .*string/);
    const both = await problemOf(tool, { days: "x", tags: [] });
    expect(both).toMatch(/city: .*; days: /);
  });

  it("names the place of what is wrong deep inside", async () => {
    const tool = defineTool({
      name: "order",
      parameters: z.object({ lines: z.object({ item: z.object({ count: z.number() }) }).array() }),
    });
    const args = { lines: [{ item: { count: 1 } }, { item: { count: "two" } }] };
    expect(await problemOf(tool, args)).toBe("lines.1.item.count: Invalid input: expected number, received string");
  });

  it("that JSON Schema cannot say is refused, the field named", () => {
    const error = thrownBy(() => defineTool({ name: "book", parameters: z.object({ at: z.date() }) }));
    expect(error.field).toBe("book.parameters");
    expect(error.cause).toBeInstanceOf(Error);
    // With the JSON Schema beside it, it can be used.
    const tool = defineTool({
      name: "book",
      parameters: z.object({ at: z.coerce.date() }),
      jsonSchema: { type: "object", properties: { at: { type: "string", format: "date-time" } } },
      execute: ({ at }) => at.getFullYear(),
    });
    expect(tool.parameters).toMatchObject({ type: "object" });
  });
});

describe("another Standard Schema", () => {
  it("goes with its JSON Schema beside it", async () => {
    const tool = defineTool({
      name: "greet",
      parameters: handMade,
      jsonSchema: namesSchema,
      execute: (args) => {
        expectTypeOf(args).toEqualTypeOf<{ names: string[] }>();
        return args.names.length;
      },
    });
    expect(tool.parameters).toEqual(namesSchema);
    expect(tool).not.toHaveProperty("jsonSchema");
    expect(await tool.check({ names: "a,b" })).toEqual({ value: { names: ["a", "b"] } });
    expect(await problemOf(tool, {})).toBe("names.0: names are missing; and so on");
  });

  it("that cannot describe itself is refused without one", () => {
    // @ts-expect-error -- it lacks its JSON Schema.
    const error = thrownBy(() => defineTool({ name: "greet", parameters: handMade }));
    expect(error.field).toBe("greet.parameters");
    expect(error.message).toContain("jsonSchema");
  });

  it("may be a function", async () => {
    const callable = Object.assign(() => undefined, handMade);
    const tool = defineTool({ name: "greet", parameters: callable, jsonSchema: namesSchema });
    expect(await tool.check({ names: "a" })).toEqual({ value: { names: ["a"] } });
  });
});

describe("a plain JSON Schema", () => {
  const parameters = {
    type: "object",
    properties: {
      city: { type: "string", minLength: 2 },
      place: {
        type: "object",
        properties: { at: { type: "array", items: { $ref: "#/$defs/position" } } },
        required: ["at"],
      },
    },
    required: ["city"],
    additionalProperties: false,
    $defs: { position: { type: "object", properties: { lat: { type: "number" } }, required: ["lat"] } },
  };
  const tool = defineTool({
    name: "weather",
    parameters,
    execute: (args) => {
      expectTypeOf(args).toEqualTypeOf<Record<string, unknown>>();
      return args["city"];
    },
  });

  it("goes to the model as it is, and takes fitting arguments as they are", async () => {
    expectTypeOf(tool.parameters).toEqualTypeOf<JsonSchema>();
    expect(tool.parameters).toEqual(parameters);
    const args = { city: "Ulm", place: { at: [{ lat: 1 }, { lat: 2, lon: 3 }] } };
    expect(await tool.check(args)).toEqual({ value: args });
  });

  it.each<[string, unknown, RegExp]>([
    ["a missing property", {}, /^#: .*"city"/],
    ["a wrong type", { city: 3 }, /^#\/city: .*number.*string/],
    ["a bound", { city: "x" }, /^#\/city: .*too short/],
    [
      "an error deep inside",
      { city: "Ulm", place: { at: [{ lat: 1 }, { lat: "x" }] } },
      /^#\/place\/at\/1\/lat: .*string/,
    ],
    ["a missing property deep inside", { city: "Ulm", place: { at: [{}] } }, /^#\/place\/at\/0: .*"lat"/],
    ["a property too many", { city: "Ulm", town: 1 }, /town/],
  ])("says what is wrong and where: %s", async (_name, args, says) => {
    const problem = await problemOf(tool, args);
    expect(problem).toMatch(says);
    expect(problem.split("; ").length).toBeLessThanOrEqual(2);
  });

  it("without types takes anything, and is not changed", async () => {
    const anything = defineTool({ name: "anything", parameters: Object.freeze({}) });
    expect(await anything.check({ a: [1] })).toEqual({ value: { a: [1] } });
    expect(anything.parameters).toEqual({});
  });
});

describe("a definition", () => {
  it.each(["", "two words", "ä", "a.b", "x".repeat(65)])("with the name %j is refused", (name) => {
    expect(thrownBy(() => defineTool({ name, parameters: {} })).field).toBe("name");
  });

  it("takes every other name", () => {
    for (const name of ["a", "get_weather", "Get-Weather-2", "x".repeat(64)]) {
      expect(defineTool({ name, parameters: {} }).name).toBe(name);
    }
    expect(thrownBy(() => defineTool({ name: undefined as unknown as string, parameters: {} })).field).toBe("name");
  });

  it.each<[string, unknown]>([
    ["undefined", undefined],
    ["null", null],
    ["text", "object"],
    ["an array", []],
    ["a function that is no schema", () => undefined],
  ])("whose parameters are %s is refused", (_name, parameters) => {
    const error = thrownBy(() => defineTool({ name: "weather", parameters: parameters as JsonSchema }));
    expect(error.field).toBe("weather.parameters");
  });

  it("keeps its options", () => {
    const tool = defineTool({
      name: "book",
      parameters: {},
      strict: true,
      timeoutMs: 7,
      cancelOnInterruption: false,
      runLLM: false,
    });
    expect(tool).toMatchObject({ strict: true, timeoutMs: 7, cancelOnInterruption: false, runLLM: false });
  });
});
