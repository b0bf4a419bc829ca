import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { upstreamBrain } from "../../src/responses/brains/index.ts";
import { type Brain, ResponsesServer } from "../../src/responses/index.ts";
import { RawClient } from "../responses/support/raw-client.ts";
import { Aimock } from "./support/aimock.ts";

/** A gateway in front of a Responses server that speaks HTTP. */
let upstream: Aimock;
let gateway: ResponsesServer;
beforeAll(async () => {
  upstream = await Aimock.start();
  const brain = upstreamBrain({ url: upstream.url, api: "responses", apiKey: "sk-upstream-key" });
  gateway = await ResponsesServer.start({ brain, cancel: "honour" });
});
afterEach(() => upstream.reset());
afterAll(async () => {
  await gateway.close();
  await upstream[Symbol.asyncDispose]();
});

test("a foreign one: text, calls and their outputs", async () => {
  upstream.mock.onToolResult("call_a", { content: "It is 14 °C." });
  upstream.mock.onMessage("Paris?", {
    toolCalls: [{ id: "call_a", name: "get_weather", arguments: '{"city":"Paris"}' }],
  });
  await using client = await RawClient.connect(gateway.wsURL);
  const tools = [{ type: "function", name: "get_weather", parameters: {}, strict: false }];
  const asked = await client.respond({ input: "Paris?", tools });
  expect(asked.response.output).toMatchObject([{ type: "function_call", call_id: "call_a", name: "get_weather" }]);
  const input = [{ type: "function_call_output", call_id: "call_a", output: "14 °C" }];
  const answered = await client.respond({ input, previous_response_id: asked.response.id, tools });
  expect(answered.response.output[0]?.content[0]?.text).toBe("It is 14 °C.");
  expect(upstream.requests.map(({ path }) => path)).toEqual(["/v1/responses", "/v1/responses"]);
});

test("a foreign one: an answer that is cancelled is closed upstream", async () => {
  upstream.mock.onMessage("long", { content: "word ".repeat(2_000) }, { chunkSize: 5, latency: 5 });
  await using client = await RawClient.connect(gateway.wsURL);
  client.create({ input: "long" });
  const events = await client.until("response.output_text.delta");
  client.send({ type: "response.cancel", response_id: events[0]?.response.id });
  expect((await client.answer()).at(-1)?.response.status).toBe("cancelled");
  expect(await upstream.requests[0]?.over).toBe("abandoned");
});

test("one of this package: what was asked arrives, without the gateway's ids", async () => {
  const brain: Brain = function* () {
    yield { type: "reasoning", summary: "Hm.", encryptedContent: "sealed" };
    yield { type: "text", delta: "Yes." };
  };
  await using inner = await ResponsesServer.start({ brain });
  await using outer = await ResponsesServer.start({ brain: upstreamBrain({ url: inner.url, api: "responses" }) });
  await using client = await RawClient.connect(outer.wsURL);
  const fields = { reasoning: { effort: "low" }, instructions: "Be brief.", temperature: 0.5, max_output_tokens: 100 };
  const first = await client.respond({ input: "One?", ...fields });
  await client.respond({ input: "Two?", previous_response_id: first.response.id });
  const [asked, again] = inner.requests;
  expect(asked?.body).toEqual({
    model: "gpt-4.1",
    input: [{ type: "message", role: "user", content: "One?" }],
    include: ["reasoning.encrypted_content"],
    store: false,
    stream: true,
    ...fields,
  });
  expect(again?.conversation).toEqual([
    { type: "message", role: "user", content: "One?" },
    { type: "reasoning", summary: [{ type: "summary_text", text: "Hm." }], encrypted_content: "sealed" },
    {
      type: "message",
      role: "assistant",
      content: [{ type: "output_text", text: "Yes.", annotations: [], logprobs: [] }],
    },
    { type: "message", role: "user", content: "Two?" },
  ]);
});
