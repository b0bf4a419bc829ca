import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { upstreamBrain } from "../../src/responses/brains/index.ts";
import { ResponsesServer } from "../../src/responses/index.ts";
import { RawClient } from "../responses/support/raw-client.ts";
import { Aimock } from "./support/aimock.ts";
import { brainRequest, outputsOf, textOf } from "./support/brain-request.ts";

/** A gateway in front of a Chat Completions server from another package. */
let upstream: Aimock;
let gateway: ResponsesServer;
beforeAll(async () => {
  upstream = await Aimock.start();
  gateway = await ResponsesServer.start({
    brain: upstreamBrain({ url: upstream.url, apiKey: "sk-upstream-key" }),
    cancel: "honour",
  });
});
afterEach(() => upstream.reset());
afterAll(async () => {
  await gateway.close();
  await upstream[Symbol.asyncDispose]();
});

const weather = {
  type: "function",
  name: "get_weather",
  description: "The weather in a city.",
  parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
  strict: true,
} as const;

test("text is streamed on as it comes, with the upstream's usage", async () => {
  upstream.mock.onMessage(
    "Hello",
    { content: "Hello to you too.", usage: { prompt_tokens: 11, completion_tokens: 5, total_tokens: 16 } },
    { chunkSize: 6 },
  );
  await using client = await RawClient.connect(gateway.wsURL);
  client.create({ input: "Hello", instructions: "Be brief.", temperature: 0.3, top_p: 0.9 });
  const events = await client.answer();
  const deltas = events.filter((event) => event.type === "response.output_text.delta").map((event) => event.delta);
  expect(deltas).toEqual(["Hello ", "to you", " too."]);
  expect(events.at(-1)?.response).toMatchObject({
    status: "completed",
    usage: { input_tokens: 11, output_tokens: 5, total_tokens: 16 },
  });
  expect(upstream.lastBody).toMatchObject({
    model: "gpt-4.1",
    stream: true,
    temperature: 0.3,
    top_p: 0.9,
    messages: [
      { role: "system", content: "Be brief." },
      { role: "user", content: "Hello" },
    ],
  });
  expect(upstream.requests[0]).toMatchObject({ path: "/v1/chat/completions" });
  expect(upstream.requests[0]?.headers["authorization"]).toBe("Bearer sk-upstream-key");
});

test("a continuation sends the gateway what is new, and the upstream everything", async () => {
  upstream.mock.onMessage("My name is Ada.", { content: "Hello Ada." });
  upstream.mock.onMessage("What is my name?", { content: "Ada." });
  await using client = await RawClient.connect(gateway.wsURL);
  const first = await client.respond({ input: "My name is Ada." });
  await client.respond({ input: "What is my name?", previous_response_id: first.response.id });
  expect(gateway.requests.at(-1)?.body["input"]).toBe("What is my name?");
  expect(upstream.lastBody.messages).toEqual([
    { role: "user", content: "My name is Ada." },
    { role: "assistant", content: "Hello Ada." },
    { role: "user", content: "What is my name?" },
  ]);
});

test("parallel calls, their outputs, and the answer", async () => {
  upstream.mock.onToolResult("call_b", { content: "Warmer in Rome." });
  upstream.mock.onMessage("Paris or Rome?", {
    toolCalls: [
      { id: "call_a", name: "get_weather", arguments: '{"city":"Paris"}' },
      { id: "call_b", name: "get_weather", arguments: '{"city":"Rome"}' },
    ],
    reasoning: "Two cities.",
  });
  await using client = await RawClient.connect(gateway.wsURL);
  const asked = await client.respond({ input: "Paris or Rome?", tools: [weather] });
  expect(asked.response.output.map(({ type, call_id }) => [type, call_id])).toEqual([
    ["reasoning", undefined],
    ["function_call", "call_a"],
    ["function_call", "call_b"],
  ]);
  const outputs = [
    { type: "function_call_output", call_id: "call_b", output: "21 °C" },
    { type: "function_call_output", call_id: "call_a", output: [{ type: "input_text", text: "14 °C" }] },
  ];
  const answered = await client.respond({ input: outputs, previous_response_id: asked.response.id, tools: [weather] });
  expect(answered.response.output[0]?.content[0]?.text).toBe("Warmer in Rome.");
  const { strict, parameters, description, name } = weather;
  expect(upstream.lastBody.tools).toEqual([{ type: "function", function: { name, description, parameters, strict } }]);
  const call = (id: string, city: string): object => ({
    id,
    type: "function",
    function: { name: "get_weather", arguments: JSON.stringify({ city }) },
  });
  expect(upstream.lastBody.messages).toEqual([
    { role: "user", content: "Paris or Rome?" },
    {
      role: "assistant",
      content: "",
      tool_calls: [call("call_a", "Paris"), call("call_b", "Rome")],
      reasoning_content: "Two cities.",
    },
    { role: "tool", tool_call_id: "call_a", content: "14 °C" },
    { role: "tool", tool_call_id: "call_b", content: "21 °C" },
  ]);
});

test("images and files go with the user's words, and after a function that returned them", async () => {
  const image = "data:image/png;base64,iVBORw0KGgo=";
  upstream.mock.onMessage("What is this?", { toolCalls: [{ id: "call_1", name: "zoom", arguments: "{}" }] });
  upstream.mock.onMessage(/.*/, { content: "A cat." });
  await using client = await RawClient.connect(gateway.wsURL);
  const content = [
    { type: "input_text", text: "What is this?" },
    { type: "input_image", image_url: image, detail: "low" },
    { type: "input_file", filename: "a.pdf", file_data: "data:application/pdf;base64,AA==" },
  ];
  const asked = await client.respond({ input: [{ role: "user", content }] });
  const userContent = [
    { type: "text", text: "What is this?" },
    { type: "image_url", image_url: { url: image, detail: "low" } },
    { type: "file", file: { filename: "a.pdf", file_data: "data:application/pdf;base64,AA==" } },
  ];
  expect(upstream.lastBody.messages).toEqual([{ role: "user", content: userContent }]);
  const output = [{ type: "input_image", image_url: image, detail: "auto" }];
  const input = [{ type: "function_call_output", call_id: "call_1", output }];
  await client.respond({ input, previous_response_id: asked.response.id });
  expect(upstream.lastBody.messages.slice(2)).toEqual([
    { role: "tool", tool_call_id: "call_1", content: expect.stringContaining("next message") as string },
    { role: "user", content: [{ type: "image_url", image_url: { url: image } }] },
  ]);
});

test("structured output, choices and limits are asked for in the upstream's words", async () => {
  upstream.mock.onMessage(/.*/, { content: "{}" });
  const schema = { type: "object", properties: {}, additionalProperties: false };
  const brain = upstreamBrain({ url: upstream.url, extra: { keep_alive: "1h" }, model: "local" });
  const other = { ...weather, name: "other" };
  const request = brainRequest({
    tools: [weather, other],
    toolChoice: { type: "allowed_tools", mode: "required", tools: [{ type: "function", name: "other" }] },
    parallelToolCalls: false,
    maxOutputTokens: 50,
    reasoning: { effort: "low" },
    text: { format: { type: "json_schema", name: "thing", schema, strict: true }, verbosity: "low" },
  });
  await outputsOf(brain, request);
  expect(upstream.lastBody).toMatchObject({
    model: "local",
    keep_alive: "1h",
    max_tokens: 50,
    reasoning_effort: "low",
    verbosity: "low",
    response_format: { type: "json_schema", json_schema: { name: "thing", schema, strict: true } },
    tool_choice: "required",
    parallel_tool_calls: false,
    tools: [{ function: { name: "other" } }],
  });
  expect(upstream.lastBody.tools).toHaveLength(1);
  expect(upstream.requests[0]?.headers).not.toHaveProperty("authorization");
  await outputsOf(brain, brainRequest({ tools: [weather], toolChoice: { type: "function", name: "get_weather" } }));
  expect(upstream.lastBody.tool_choice).toEqual({ type: "function", function: { name: "get_weather" } });
});

describe("an answer that is not whole", () => {
  test.each([
    ["length", "max_output_tokens"],
    ["content_filter", "content_filter"],
  ])("by %s is incomplete", async (finishReason, reason) => {
    upstream.mock.onMessage(/.*/, { content: "Once upon a", finishReason });
    await using client = await RawClient.connect(gateway.wsURL);
    // The upstream's count of tokens holds: the server's own estimate is more than 16.
    const text = "supercalifragilisticexpialidocious ".repeat(4);
    upstream.mock.prependFixture({ match: { userMessage: "long" }, response: { content: text, finishReason } });
    const { response } = await client.respond({ input: "story" });
    expect(response).toMatchObject({ status: "incomplete", incomplete_details: { reason } });
    const long = await client.respond({ input: "long", max_output_tokens: 16 });
    expect(long.response.output[0]?.content[0]?.text).toBe(text);
  });

  test("because the connection broke is a failed response", async () => {
    upstream.mock.onMessage(
      /.*/,
      { content: "Once upon a time" },
      { chunkSize: 5, latency: 5, truncateAfterChunks: 3 },
    );
    await using client = await RawClient.connect(gateway.wsURL);
    const { type, response } = await client.respond({ input: "story" });
    expect(type).toBe("response.failed");
    expect(response.error).toMatchObject({
      code: "server_error",
      message: expect.stringContaining("UND_ERR_SOCKET") as string,
    });
    expect(response.output[0]?.content[0]?.text).toMatch(/^Once/);
  });
});

describe("an answer that nobody wants any more", () => {
  const endless = { content: "word ".repeat(2_000) };
  const slowly = { chunkSize: 5, latency: 5 };

  test("because it was cancelled is closed upstream", async () => {
    upstream.mock.onMessage("long", endless, slowly);
    upstream.mock.onMessage("short", { content: "Yes." });
    await using client = await RawClient.connect(gateway.wsURL);
    client.create({ input: "long" });
    const events = await client.until("response.output_text.delta");
    client.send({ type: "response.cancel", response_id: events[0]?.response.id });
    expect((await client.answer()).at(-1)?.response.status).toBe("cancelled");
    expect(await upstream.requests[0]?.over).toBe("abandoned");
    expect((await client.respond({ input: "short" })).response.output[0]?.content[0]?.text).toBe("Yes.");
    expect(await upstream.requests[1]?.over).toBe("answered");
  });

  test("because its client is gone is closed upstream", async () => {
    upstream.mock.onMessage("long", endless, slowly);
    const client = await RawClient.connect(gateway.wsURL);
    client.create({ input: "long" });
    await client.until("response.output_text.delta");
    client.socket.terminate();
    expect(await upstream.requests[0]?.over).toBe("abandoned");
  });

  test("before the upstream began to answer is closed upstream", async () => {
    const asked = Promise.withResolvers<void>();
    upstream.mock.onMessage("long", async () => {
      asked.resolve();
      return await new Promise(() => undefined);
    });
    const client = await RawClient.connect(gateway.wsURL);
    client.create({ input: "long" });
    await asked.promise;
    client.socket.terminate();
    expect(await upstream.requests[0]?.over).toBe("abandoned");
  });

  test("because it was steered before it began is closed upstream", async () => {
    upstream.mock.onMessage("long", () => new Promise(() => undefined));
    upstream.mock.onMessage("shorter", { content: "Yes." });
    await using client = await RawClient.connect(gateway.wsURL);
    client.create({ input: "long", model: "gpt-6-astra" });
    const [created] = await client.until("response.in_progress");
    client.send({ type: "response.steer", previous_response_id: created?.response.id, input: "shorter" });
    const successor = (await client.until("response.completed")).at(-1);
    expect(successor?.response.output[0]?.content[0]?.text).toBe("Yes.");
    expect(await upstream.requests[0]?.over).toBe("abandoned");
  });

  test("by who asked the brain is closed upstream", async () => {
    upstream.mock.onMessage("long", endless, slowly);
    for await (const output of upstreamBrain({ url: upstream.url })(brainRequest({ input: "long" }))) {
      if (output.type === "text") break;
    }
    expect(await upstream.requests[0]?.over).toBe("abandoned");
  });
});

test("two gateways in a row say the same", async () => {
  upstream.mock.onMessage("Hello", { content: "Hello to you too." });
  const brain = upstreamBrain({ url: gateway.url, api: "responses" });
  expect(textOf(await outputsOf(brain, brainRequest({ input: "Hello" })))).toBe("Hello to you too.");
});
