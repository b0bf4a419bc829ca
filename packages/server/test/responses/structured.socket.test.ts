import OpenAI from "openai";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ResponsesServer } from "../../src/responses/index.ts";
import { last, RawClient, types } from "./support/raw-client.ts";

let server: ResponsesServer;
beforeAll(async () => {
  server = await ResponsesServer.start();
});
afterAll(() => server.close());

async function answerTo(schema: Record<string, unknown>, said: string): Promise<unknown> {
  await using client = await RawClient.connect(server.wsURL);
  client.create({ input: said, text: { format: { type: "json_schema", name: "x", schema } } });
  return JSON.parse(last(await client.answer()).response.output[0]?.content[0]?.text ?? "");
}

test("what was said fills what it fits, and the answer goes where text is wanted", async () => {
  const schema = {
    type: "object",
    properties: {
      city: { type: "string" },
      count: { type: "integer" },
      unit: { enum: ["cats", "dogs"] },
      answer: { type: "string" },
      optional: { type: "string" },
    },
    required: ["city", "count", "unit", "answer"],
  };
  expect(await answerTo(schema, "I saw 7 dogs in Paris")).toEqual({
    city: "Paris",
    count: 7,
    unit: "dogs",
    answer: expect.stringContaining("rules brain"),
  });
});

test("a schema may have lists, alternatives, references, and itself in it", async () => {
  const schema = {
    type: "object",
    properties: {
      pets: {
        type: "array",
        items: { type: "object", properties: { age: { type: "number" } }, required: ["age"] },
        minItems: 2,
      },
      mood: { anyOf: [{ type: "null" }, { $ref: "#/$defs/mood" }] },
      next: { anyOf: [{ $ref: "#" }, { type: "null" }] },
    },
    required: ["pets", "mood", "next"],
    $defs: { mood: { const: "good" } },
  };
  const answer = await answerTo(schema, "They are 3 and 4");
  expect(answer).toMatchObject({ pets: [{ age: 3 }, { age: 4 }], mood: "good", next: { mood: "good" } });
  expect(JSON.stringify(answer)).toContain('"next":null');
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
