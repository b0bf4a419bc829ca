import { Validator } from "@cfworker/json-schema";
import fc from "fast-check";
import OpenAI from "openai";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type BrainRequest, ResponsesServer, rulesBrain } from "../../src/responses/index.ts";
import { last, RawClient, types } from "./support/raw-client.ts";

let server: ResponsesServer;
beforeAll(async () => {
  server = await ResponsesServer.start();
});
afterAll(() => server.close());

async function answerTo(schema: object, said = "Hello there, what is up with 7 cats in Paris?"): Promise<unknown> {
  const request: BrainRequest = {
    model: "m",
    conversation: [{ type: "message", role: "user", content: said }],
    tools: [],
    toolChoice: "auto",
    parallelToolCalls: true,
    reasoning: null,
    text: { format: { type: "json_schema", name: "x", schema: schema as Record<string, unknown> } },
    maxOutputTokens: null,
    signal: new AbortController().signal,
  };
  let text = "";
  for await (const output of rulesBrain()(request)) if (output.type === "text") text += output.delta;
  return JSON.parse(text);
}

/** Schemas of the kinds that structured outputs take. */
const schemas = fc.letrec<{ schema: Record<string, unknown>; object: Record<string, unknown> }>((tie) => ({
  schema: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.record({ type: fc.constant("string"), minLength: fc.nat(5), maxLength: fc.integer({ min: 5, max: 40 }) }),
    fc.record({ type: fc.constant("string"), format: fc.constantFrom("date-time", "date", "email", "uuid", "ipv4") }),
    fc.record({
      type: fc.constantFrom("integer", "number"),
      minimum: fc.integer({ min: -50, max: 5 }),
      maximum: fc.integer({ min: 6, max: 90 }),
    }),
    fc.record({
      type: fc.constant("integer"),
      exclusiveMinimum: fc.integer({ min: -20, max: 20 }),
      multipleOf: fc.integer({ min: 1, max: 9 }),
    }),
    fc.record({ type: fc.constantFrom("boolean", "null") }),
    fc
      .uniqueArray(fc.oneof(fc.string(), fc.integer(), fc.boolean()), { minLength: 1, maxLength: 4 })
      .map((choices) => ({ enum: choices })),
    fc.string().map((value) => ({ const: value })),
    fc.constant({ type: ["string", "null"] }),
    fc.record({
      type: fc.constant("array"),
      items: tie("schema"),
      minItems: fc.nat(3),
      maxItems: fc.integer({ min: 3, max: 5 }),
    }),
    fc.array(tie("schema"), { minLength: 1, maxLength: 3 }).map((anyOf) => ({ anyOf })),
    tie("object"),
  ),
  object: fc
    .dictionary(fc.constantFrom("name", "city", "count", "answer", "items", "is_open", "when"), tie("schema"), {
      maxKeys: 4,
    })
    .map((properties) => ({
      type: "object",
      properties,
      required: Object.keys(properties),
      additionalProperties: false,
    })),
}));

test("an answer conforms to its schema, whatever that is", async () => {
  await fc.assert(
    fc.asyncProperty(schemas.object, async (schema) => {
      const value = await answerTo(schema);
      expect(new Validator(schema, "2020-12").validate(value).errors).toEqual([]);
    }),
    { numRuns: 300 },
  );
});

test.each([
  [
    "a recursive schema",
    {
      $defs: {
        node: {
          type: "object",
          properties: { value: { type: "integer" }, next: { anyOf: [{ $ref: "#/$defs/node" }, { type: "null" }] } },
          required: ["value", "next"],
          additionalProperties: false,
        },
      },
      $ref: "#/$defs/node",
    },
  ],
  [
    "a list of its own kind",
    { type: "object", properties: { children: { type: "array", items: { $ref: "#" } } }, required: ["children"] },
  ],
  ["a pattern", { type: "object", properties: { id: { type: "string", pattern: "^[A-Z]{3}$" } }, required: ["id"] }],
  [
    "different items",
    {
      type: "object",
      properties: { x: { type: "array", items: { type: "integer" }, minItems: 3, uniqueItems: true } },
      required: ["x"],
    },
  ],
  [
    "a tuple",
    {
      type: "object",
      properties: { x: { type: "array", prefixItems: [{ type: "string" }, { type: "number" }], minItems: 2 } },
      required: ["x"],
    },
  ],
  [
    "allOf",
    {
      allOf: [
        { type: "object", properties: { a: { type: "string" } }, required: ["a"] },
        { properties: { b: { type: "integer" } }, required: ["b"] },
      ],
    },
  ],
  [
    "oneOf",
    {
      type: "object",
      properties: {
        x: {
          oneOf: [
            { type: "integer", maximum: -1 },
            { type: "string", const: "y" },
          ],
        },
      },
      required: ["x"],
    },
  ],
])("%s is answered to", async (_what, schema) => {
  const value = await answerTo(schema);
  expect(new Validator(schema as object, "2020-12").validate(value).errors).toEqual([]);
});

test("what was said fills what it fits, and the answer goes where text is wanted", async () => {
  const schema = {
    type: "object",
    properties: {
      city: { type: "string" },
      count: { type: "integer" },
      unit: { enum: ["cats", "dogs"] },
      answer: { type: "string" },
    },
    required: ["city", "count", "unit", "answer"],
    additionalProperties: false,
  };
  expect(await answerTo(schema, "I saw 7 dogs in Paris")).toMatchObject({ city: "Paris", count: 7, unit: "dogs" });
});

test("it is streamed as text, and the SDK parses it", async () => {
  const schema = {
    type: "object",
    properties: { answer: { type: "string" } },
    required: ["answer"],
    additionalProperties: false,
  };
  const format = { type: "json_schema" as const, name: "reply", schema, strict: true };
  await using client = await RawClient.connect(server.wsURL);
  client.create({ input: "Hello", text: { format } });
  const events = await client.answer();
  expect(types(events).filter((type) => type === "response.output_text.delta").length).toBeGreaterThan(1);
  expect(JSON.parse(last(events).response.output[0]?.content[0]?.text ?? "")).toEqual({
    answer: expect.stringContaining("Hello"),
  });
  const openai = new OpenAI({ apiKey: "none", baseURL: server.url });
  const parsed = await openai.responses.parse({ model: "m", input: "Hello", text: { format } });
  expect(JSON.parse(parsed.output_text)).toEqual({ answer: expect.any(String) });
  const loose = await openai.responses.create({
    model: "m",
    input: "Hello",
    text: { format: { type: "json_object" } },
  });
  expect(JSON.parse(loose.output_text)).toEqual({ answer: expect.any(String) });
});

test.each([
  [{ format: 1 }, "text.format"],
  [{ format: { type: "xml" } }, "text.format.type"],
  [{ format: { type: "json_schema", schema: {} } }, "text.format.name"],
  [{ format: { type: "json_schema", name: "x" } }, "text.format.schema"],
])("text %j is invalid", async (text, param) => {
  await using client = await RawClient.connect(server.wsURL);
  expect(await client.respond({ input: "x", text })).toMatchObject({ type: "error", status: 400, error: { param } });
});
