import { describe, expect, test } from "vitest";
import { type Brain, type BrainOutput, ResponsesApiError, ResponsesServer } from "../../src/responses/index.ts";
import { last, RawClient, types, type WireEvent, type WireItem, type WireResponse } from "./support/raw-client.ts";

const quiet = { onBrainError: () => undefined };

async function answerOf(brain: Brain, fields: object = {}): Promise<WireEvent[]> {
  await using server = await ResponsesServer.start({ brain, ...quiet });
  await using client = await RawClient.connect(server.wsURL);
  client.create({ input: "Hi", ...fields });
  return await client.answer();
}

describe("the events of a response over WebSocket", () => {
  test("come in the API's order in a text turn", async () => {
    const events = await answerOf(function* () {
      yield { type: "text", delta: "Hel" };
      yield { type: "text", delta: "lo" };
    });
    expect(types(events)).toEqual([
      "response.created",
      "response.in_progress",
      "response.output_item.added",
      "response.content_part.added",
      "response.output_text.delta",
      "response.output_text.delta",
      "response.output_text.done",
      "response.content_part.done",
      "response.output_item.done",
      "response.completed",
    ]);
    expect(events.map((event) => event.sequence_number)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(events.some((event) => "stream_id" in event)).toBe(false);
    const id = events[2]?.item.id;
    expect(id).toMatch(/^msg_/);
    expect(events[2]?.item).toEqual({ id, type: "message", role: "assistant", status: "in_progress", content: [] });
    expect(events[4]).toEqual({
      type: "response.output_text.delta",
      item_id: id,
      output_index: 0,
      content_index: 0,
      delta: "Hel",
      logprobs: [],
      sequence_number: 4,
    });
    expect(events[6]).toMatchObject({ item_id: id, output_index: 0, content_index: 0, text: "Hello" });
    expect(events[8]?.item).toMatchObject({
      id,
      status: "completed",
      content: [{ type: "output_text", text: "Hello" }],
    });
  });

  test("carry full Response objects", async () => {
    const tools = [{ type: "function", name: "f", parameters: {}, strict: false }];
    const fields = { instructions: "Be brief.", tools, temperature: 0.2, metadata: { a: "b" }, max_output_tokens: 50 };
    const events = await answerOf(function* () {
      yield { type: "text", delta: "Hello there" };
    }, fields);
    const created = events[0]?.response as WireResponse;
    expect(created).toMatchObject({
      object: "response",
      status: "in_progress",
      output: [],
      model: "gpt-4.1",
      ...fields,
    });
    expect(created).toMatchObject({
      error: null,
      incomplete_details: null,
      previous_response_id: null,
      tool_choice: "auto",
    });
    expect(created).not.toHaveProperty("usage");
    const completed = last(events).response;
    expect(completed).toMatchObject({ id: created.id, status: "completed", ...fields });
    expect(completed.output).toEqual([events.find((event) => event.type === "response.output_item.done")?.item]);
    expect(completed.usage.output_tokens).toBeGreaterThan(0);
    expect(completed.usage.total_tokens).toBe(completed.usage.input_tokens + completed.usage.output_tokens);
  });

  test("come in the API's order in a tool turn", async () => {
    const events = await answerOf(function* () {
      yield { type: "function_call", name: "calculate", arguments: '{"expression":"17*23"}', callId: "call_1" };
    });
    const order = types(events).filter((type, index, all) => type !== all[index - 1]);
    expect(order).toEqual([
      "response.created",
      "response.in_progress",
      "response.output_item.added",
      "response.function_call_arguments.delta",
      "response.function_call_arguments.done",
      "response.output_item.done",
      "response.completed",
    ]);
    const added = events[2]?.item as WireItem;
    expect(added).toMatchObject({
      type: "function_call",
      call_id: "call_1",
      name: "calculate",
      arguments: "",
      status: "in_progress",
    });
    const deltas = events.filter((event) => event.type === "response.function_call_arguments.delta");
    expect(deltas.length).toBeGreaterThan(1);
    expect(deltas.map((event) => event.delta).join("")).toBe('{"expression":"17*23"}');
    expect(deltas[0]).toMatchObject({ item_id: added.id, output_index: 0 });
    expect(events.at(-2)?.item).toEqual({ ...added, status: "completed", arguments: '{"expression":"17*23"}' });
  });

  test("of reasoning come before what it led to, and carry its encrypted content", async () => {
    const events = await answerOf(function* () {
      yield { type: "reasoning", summary: "Think." };
      yield { type: "reasoning", encryptedContent: "sealed" };
      yield { type: "text", delta: "Done." };
    });
    expect(types(events).slice(2, 10)).toEqual([
      "response.output_item.added",
      "response.reasoning_summary_part.added",
      "response.reasoning_summary_text.delta",
      "response.reasoning_summary_text.done",
      "response.reasoning_summary_part.done",
      "response.output_item.done",
      "response.output_item.added",
      "response.output_item.done",
    ]);
    const { output, usage } = last(events).response ?? {};
    expect(output[0]).toMatchObject({ type: "reasoning", summary: [{ type: "summary_text", text: "Think." }] });
    expect(output[0]?.encrypted_content).toEqual(expect.any(String));
    expect(output[1]).toMatchObject({ type: "reasoning", summary: [], encrypted_content: "sealed" });
    expect(output[2]).toMatchObject({ type: "message" });
    expect(usage.output_tokens_details.reasoning_tokens).toBeGreaterThan(0);
  });

  test("of a refusal are refusal events", async () => {
    const events = await answerOf(function* () {
      yield { type: "refusal", delta: "I can't " };
      yield { type: "refusal", delta: "do that." };
    });
    expect(types(events).slice(2, -1)).toEqual([
      "response.output_item.added",
      "response.content_part.added",
      "response.refusal.delta",
      "response.refusal.delta",
      "response.refusal.done",
      "response.content_part.done",
      "response.output_item.done",
    ]);
    expect(last(events).response.output[0]?.content).toEqual([{ type: "refusal", refusal: "I can't do that." }]);
  });

  test("number the items of a response with several", async () => {
    const events = await answerOf(function* () {
      yield { type: "text", delta: "Let me see." };
      yield { type: "function_call", name: "a", arguments: "{}" };
      yield { type: "function_call", name: "b", arguments: "{}" };
      yield { type: "text", delta: "Asked." };
    });
    const added = events.filter((event) => event.type === "response.output_item.added");
    expect(added.map((event) => [event.output_index, event.item.type])).toEqual([
      [0, "message"],
      [1, "function_call"],
      [2, "function_call"],
      [3, "message"],
    ]);
    const output = last(events).response.output;
    expect(output.map((item) => item.id)).toEqual(added.map((event) => event.item.id));
    expect(new Set(output.map((item) => item.call_id)).size).toBe(3);
  });

  test("end with response.incomplete when the brain says so", async () => {
    const events = await answerOf(function* () {
      yield { type: "text", delta: "Half" };
      yield { type: "incomplete", reason: "content_filter" };
    });
    expect(types(events).slice(-2)).toEqual(["response.output_item.done", "response.incomplete"]);
    const { response } = last(events);
    expect(response).toMatchObject({ status: "incomplete", incomplete_details: { reason: "content_filter" } });
    expect(response.output[0]?.status).toBe("incomplete");
  });

  test("stop at max_output_tokens", async () => {
    const endless: Brain = function* () {
      for (;;) yield { type: "text", delta: " word" };
    };
    const events = await answerOf(endless, { max_output_tokens: 16 });
    const { response } = last(events);
    expect(response).toMatchObject({ status: "incomplete", incomplete_details: { reason: "max_output_tokens" } });
    expect(response.usage.output_tokens).toBe(16);
    expect(response.output[0]?.content[0]?.text).toBe(" word".repeat(16));
  });

  test("are cut off within a function call at max_output_tokens", async () => {
    const events = await answerOf(
      function* () {
        yield {
          type: "function_call",
          name: "f",
          arguments: JSON.stringify({ list: Array.from({ length: 100 }, () => 1) }),
        };
      },
      { max_output_tokens: 16 },
    );
    const { response } = last(events);
    expect(response.incomplete_details).toEqual({ reason: "max_output_tokens" });
    expect(response.output[0]?.status).toBe("incomplete");
    expect(() => JSON.parse(response.output[0]?.arguments ?? "") as unknown).toThrow(SyntaxError);
  });
});

describe("a brain that throws", () => {
  const rateLimit = new ResponsesApiError({
    status: 429,
    code: "rate_limit_exceeded",
    type: "tokens",
    message: "Slow down.",
    headers: { "retry-after": "2" },
  });

  test("before any output makes an error event and no response", async () => {
    const events = await answerOf(() => {
      throw rateLimit;
    });
    expect(events).toEqual([
      {
        type: "error",
        status: 429,
        error: {
          message: "Slow down.",
          type: "tokens",
          param: null,
          code: "rate_limit_exceeded",
          headers: { "retry-after": "2" },
        },
      },
    ]);
  });

  test("late, but before any output, makes a numbered error event", async () => {
    const events = await answerOf(async function* () {
      await new Promise((resolve) => setTimeout(resolve, 5));
      yield* [];
      throw rateLimit;
    });
    expect(types(events)).toEqual(["response.created", "response.in_progress", "error"]);
    expect(events[2]).toMatchObject({ status: 429, sequence_number: 2, error: { code: "rate_limit_exceeded" } });
  });

  test("after output makes response.failed", async () => {
    const events = await answerOf(function* () {
      yield { type: "text", delta: "Hal" };
      throw rateLimit;
    });
    expect(types(events).slice(-2)).toEqual(["response.output_text.delta", "response.failed"]);
    const { response } = last(events);
    expect(response).toMatchObject({ status: "failed", error: { code: "rate_limit_exceeded", message: "Slow down." } });
    expect(response.output[0]?.content[0]?.text).toBe("Hal");
  });

  test.each([
    ["before", 0],
    ["after", 1],
  ])("something else %s output tells nothing of it", async (_when, outputs) => {
    const events = await answerOf(function* () {
      for (let count = 0; count < outputs; count += 1) yield { type: "text", delta: "x" };
      throw new TypeError("secret /etc/path");
    });
    expect(JSON.stringify(events)).not.toContain("secret");
    const error = outputs === 0 ? last(events).error : last(events).response.error;
    expect(error).toMatchObject({ code: "server_error" });
    if (outputs === 0) expect(last(events).status).toBe(500);
  });

  test("or says what no brain can say is a server error", async () => {
    const events = await answerOf(() => [{ type: "video" } as unknown as BrainOutput]);
    expect(last(events)).toMatchObject({ type: "error", status: 500, error: { code: "server_error" } });
  });

  test("leaves the connection usable, and its error is reported", async () => {
    let failures = 1;
    const brain: Brain = function* () {
      if (failures-- > 0) throw new Error("broken");
      yield { type: "text", delta: "fine" };
    };
    const thrown: unknown[] = [];
    await using server = await ResponsesServer.start({ brain, onBrainError: (error) => thrown.push(error) });
    await using client = await RawClient.connect(server.wsURL);
    expect((await client.respond({ input: "a" })).type).toBe("error");
    expect(thrown).toEqual([new Error("broken")]);
    expect((await client.respond({ input: "b" })).type).toBe("response.completed");
    expect(server.requests.map((request) => request.status)).toEqual(["rejected", "completed"]);
  });
});
