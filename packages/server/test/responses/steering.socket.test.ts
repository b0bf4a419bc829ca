import { expect, test } from "vitest";
import { type Brain, type BrainOutput, ResponsesApiError, ResponsesServer } from "../../src/responses/index.ts";
import { GatedBrain, lastText } from "./support/brains.ts";
import { last, RawClient, types, type WireEvent } from "./support/raw-client.ts";

const model = "gpt-6-astra";

/** Waits for the gate, then repeats the user's message; with "call" it calls a function first. */
class Thinker {
  readonly #gate = Promise.withResolvers<void>();
  readonly open = (): void => this.#gate.resolve();
  readonly brain: Brain = (request) => this.#answer(request);

  async *#answer(request: Parameters<Brain>[0]): AsyncGenerator<BrainOutput, void> {
    const said = lastText(request);
    yield { type: "text", delta: `to ${said}` };
    if (said === "long") {
      await this.#gate.promise;
      yield { type: "text", delta: ", at length" };
      yield { type: "reasoning", summary: "Now the rest." };
      yield { type: "text", delta: "the rest" };
    }
  }
}

const caller: Brain = function* ({ conversation }) {
  const output = conversation.findLast((item) => item.type === "function_call_output");
  if (output === undefined) yield { type: "function_call", name: "look", arguments: "{}", callId: "call_1" };
  else yield { type: "text", delta: "Seen." };
};

async function begin(client: RawClient, fields: object): Promise<string> {
  client.create({ model, ...fields });
  const events = await client.until("response.created");
  return last(events).response.id;
}

function steer(client: RawClient, id: string, input: unknown = "shorter"): void {
  client.send({ type: "response.steer", previous_response_id: id, input });
}

const failure = (code: string): object => ({
  type: "response.steer.failed",
  error: { type: "invalid_request_error", code, message: expect.any(String) },
});

test("a steered response ends after its current item, and its successor follows with the input", async () => {
  const thinker = new Thinker();
  await using server = await ResponsesServer.start({ brain: thinker.brain });
  await using client = await RawClient.connect(server.wsURL);
  const id = await begin(client, { input: "long", instructions: "Be brief.", temperature: 0.5, stream_id: "a" });
  await client.until("response.output_text.delta");
  steer(client, id);
  const accepted = await client.next();
  expect(accepted).toEqual({
    type: "response.steer.accepted",
    steer: { id: expect.stringMatching(/^steer_[0-9a-f]{32}$/), previous_response_id: id },
    sequence_number: 5,
    stream_id: "a",
  });
  thinker.open();
  const rest = await client.answer();
  expect(types(rest)).toEqual([
    "response.output_text.delta",
    "response.output_text.done",
    "response.content_part.done",
    "response.output_item.done",
    "response.incomplete",
  ]);
  expect(last(rest)).toMatchObject({
    sequence_number: 10,
    stream_id: "a",
    response: { id, status: "incomplete", incomplete_details: { reason: "steered" } },
  });
  expect(last(rest).response.output).toMatchObject([
    { type: "message", status: "completed", content: [{ text: "to long, at length" }] },
  ]);
  const successor = await client.answer();
  expect(successor[0]).toMatchObject({
    type: "response.created",
    sequence_number: 0,
    stream_id: "a",
    response: { previous_response_id: id, instructions: "Be brief.", temperature: 0.5, model },
  });
  expect(last(successor)).toMatchObject({ type: "response.completed", stream_id: "a" });
  expect(last(successor).response.output[0]?.content[0]?.text).toBe("to shorter");
  expect(server.requests[1]).toMatchObject({ successorOf: id, status: "completed", lane: "a", connection: 1 });
  expect(server.requests[1]?.conversation).toMatchObject([
    { content: "long" },
    { content: [{ text: "to long, at length" }] },
    { role: "user", content: "shorter" },
  ]);
  const next = await client.respond({
    model,
    stream_id: "a",
    previous_response_id: last(successor).response.id,
    input: "x",
  });
  expect(next.type).toBe("response.completed");
});

test("a response that is still silent is steered at once, and its brain told to stop", async () => {
  const signals: AbortSignal[] = [];
  const silent: Brain = async function* (request) {
    signals.push(request.signal);
    if (lastText(request) === "think") await new Promise(() => undefined);
    yield { type: "text", delta: lastText(request) };
  };
  await using server = await ResponsesServer.start({ brain: silent });
  await using client = await RawClient.connect(server.wsURL);
  const id = await begin(client, { input: "think" });
  await client.next();
  steer(client, id, [{ type: "message", role: "user", content: [{ type: "input_text", text: "a" }] }]);
  expect(types(await client.until("response.created"))).toEqual([
    "response.steer.accepted",
    "response.incomplete",
    "response.created",
  ]);
  expect(signals.map((signal) => signal.aborted)).toEqual([true, false]);
  expect(last(await client.answer()).type).toBe("response.completed");
});

test("a response that completes first keeps its status, and its successor takes all input in order", async () => {
  const gated = new GatedBrain();
  await using server = await ResponsesServer.start({ brain: gated.brain });
  await using client = await RawClient.connect(server.wsURL);
  const id = await begin(client, { input: "count" });
  steer(client, id, "first");
  steer(client, id, [{ role: "user", content: "second" }]);
  await client.until((event) => event.type === "response.steer.accepted");
  await client.until((event) => event.type === "response.steer.accepted");
  gated.open("count");
  expect(last(await client.answer())).toMatchObject({ type: "response.completed", response: { id } });
  gated.open("second");
  expect(last(await client.answer())).toMatchObject({ response: { previous_response_id: id } });
  expect(server.requests[1]?.conversation.slice(-2)).toMatchObject([{ content: "first" }, { content: "second" }]);
  expect(server.requests[1]?.body).toMatchObject({ type: "response.create", store: false, model });
});

test("input for a response that waits for tool outputs goes before the request that brings them", async () => {
  await using server = await ResponsesServer.start({ brain: caller });
  await using client = await RawClient.connect(server.wsURL);
  const first = await client.respond({ model, input: "look", instructions: "First." });
  const { id } = first.response;
  steer(client, id);
  const accepted = await client.next();
  expect(accepted).toMatchObject({ type: "response.steer.accepted", steer: { previous_response_id: id } });
  const pending = await client.next();
  expect(pending).toEqual({
    type: "response.steer.pending",
    steer: (accepted as unknown as { steer: object }).steer,
    reason: "waiting_for_required_input",
    required_input: [{ type: "function_call_output", call_id: "call_1", name: "look" }],
    sequence_number: accepted.sequence_number + 1,
  });
  expect(accepted.sequence_number).toBe(first.sequence_number + 1);
  const output = { type: "function_call_output", call_id: "call_1", output: "ok" };
  const next = await client.respond({
    model,
    previous_response_id: id,
    input: [output, { role: "user", content: "x" }],
  });
  expect(next).toMatchObject({ type: "response.completed", response: { instructions: null } });
  expect(server.requests[1]?.conversation.slice(2)).toMatchObject([
    { role: "user", content: "shorter" },
    output,
    { role: "user", content: "x" },
  ]);
  // A message between a call and its output does not hinder a later request.
  expect((await client.respond({ model, previous_response_id: next.response.id, input: "y" })).type).toBe(
    "response.completed",
  );
});

test("input that came while a response with calls was running is told to be pending after its end", async () => {
  const gate = Promise.withResolvers<void>();
  const brain: Brain = async function* (request) {
    yield* caller(request) as Iterable<never>;
    if (request.conversation.length === 1) await gate.promise;
  };
  await using server = await ResponsesServer.start({ brain });
  await using client = await RawClient.connect(server.wsURL);
  const id = await begin(client, { input: "look" });
  await client.until("response.output_item.done");
  steer(client, id);
  expect((await client.next()).type).toBe("response.steer.accepted");
  gate.resolve();
  expect(types(await client.until("response.steer.pending"))).toEqual(["response.completed", "response.steer.pending"]);
});

test("nothing is said to be pending when the request that brings the outputs has come already", async () => {
  const gate = Promise.withResolvers<void>();
  const brain: Brain = async function* (request) {
    yield* caller(request) as Iterable<never>;
    if (request.conversation.length === 1) await gate.promise;
  };
  await using server = await ResponsesServer.start({ brain });
  await using client = await RawClient.connect(server.wsURL);
  const id = await begin(client, { input: "look" });
  await client.until("response.output_item.done");
  steer(client, id);
  client.create({
    model,
    previous_response_id: id,
    input: [{ type: "function_call_output", call_id: "call_1", output: "ok" }],
  });
  await client.next();
  client.send({ type: "response.unknown" });
  await client.until("error");
  gate.resolve();
  const events = [...(await client.answer()), ...(await client.answer())];
  expect(types(events).filter((type) => type.startsWith("response.steer"))).toEqual([]);
  expect(server.requests[1]?.conversation.map((item) => item.type)).toEqual([
    "message",
    "function_call",
    "message",
    "function_call_output",
  ]);
});

test("input that waits is given back when its lane goes on without it, or the outputs are refused", async () => {
  await using server = await ResponsesServer.start({ brain: caller });
  await using client = await RawClient.connect(server.wsURL);
  const { id } = (await client.respond({ model, input: "look" })).response;
  steer(client, id);
  await client.until("response.steer.pending");
  await client.respond({ model, input: "something else" });
  expect(await client.next()).toMatchObject({
    ...failure("response_not_active"),
    steer: { id: expect.any(String), input: "shorter", previous_response_id: id },
  });
  const again = (await client.respond({ model, input: "look" })).response.id;
  steer(client, again);
  await client.until("response.steer.pending");
  const refused = await client.respond({ model, previous_response_id: again, input: "no output" });
  expect(refused.error.message).toContain("No tool output found");
  expect(await client.next()).toMatchObject(failure("successor_creation_failed"));
});

test.each([
  ["nothing", null],
  ["an empty text", ""],
  ["an empty list", []],
  ["a number", 5],
  ["another role", [{ role: "developer", content: "x" }]],
  ["a tool output", [{ type: "function_call_output", call_id: "call_1", output: "x" }]],
  ["a message with an id", [{ role: "user", content: "x", id: "msg_1" }]],
  ["an unknown part", [{ role: "user", content: [{ type: "output_text", text: "x" }] }]],
])("%s is no steering input", async (_what, input) => {
  const gated = new GatedBrain();
  await using server = await ResponsesServer.start({ brain: gated.brain });
  await using client = await RawClient.connect(server.wsURL);
  const id = await begin(client, { input: "x" });
  await client.until("response.output_text.delta");
  steer(client, id, input);
  const failed = await client.next();
  expect(failed).toMatchObject({
    ...failure("invalid_input"),
    steer: { input: input ?? "", previous_response_id: id },
  });
  expect(failed).not.toHaveProperty("steer.id");
});

test("the event takes three fields: the response tells the lane", async () => {
  const gated = new GatedBrain();
  await using server = await ResponsesServer.start({ brain: gated.brain });
  await using client = await RawClient.connect(server.wsURL);
  const id = await begin(client, { input: "x", stream_id: "a" });
  await client.until("response.output_text.delta");
  client.send({ type: "response.steer", previous_response_id: id, input: "x", stream_id: "a" });
  expect(await client.next()).toMatchObject({ ...failure("invalid_input"), stream_id: "a" });
  client.send({ type: "response.steer", input: "x" });
  expect(await client.next()).toMatchObject({ type: "error", error: { param: "previous_response_id" } });
});

test("a response that is not there, is complete, or has ended cannot be steered", async () => {
  const brain: Brain = function* (request) {
    yield { type: "text", delta: "x" };
    if (lastText(request) === "stop") yield { type: "incomplete", reason: "content_filter" };
  };
  await using server = await ResponsesServer.start({ brain });
  await using client = await RawClient.connect(server.wsURL);
  await using other = await RawClient.connect(server.wsURL);
  const ended = (await client.respond({ model, input: "stop" })).response.id;
  const { id } = (await client.respond({ model, input: "x" })).response;
  for (const [target, code] of [
    ["resp_unknown", "response_not_found"],
    [ended, "response_not_active"],
    [id, "response_already_completed"],
  ] as const) {
    steer(client, target);
    expect(await client.next()).toMatchObject({ ...failure(code), steer: { input: "shorter" } });
  }
  steer(other, id);
  expect(await other.next()).toMatchObject(failure("response_not_found"));
});

test("only models that can be steered are, and a server that knows none knows no such event", async () => {
  const gated = new GatedBrain();
  await using server = await ResponsesServer.start({ brain: gated.brain });
  await using none = await ResponsesServer.start({ brain: gated.brain, steering: [] });
  for (const [url, fields, answer] of [
    [server.wsURL, { model: "gpt-4.1" }, failure("steering_not_supported")],
    [server.wsURL, { context_management: [{ type: "compaction" }] }, failure("steering_not_supported")],
    [none.wsURL, {}, { type: "error", error: { code: "invalid_value", param: "type" } }],
  ] as const) {
    await using client = await RawClient.connect(url);
    const id = await begin(client, { input: "x", ...fields });
    await client.until("response.output_text.delta");
    steer(client, id);
    expect(await client.next()).toMatchObject(answer);
  }
});

test("at most 16 pieces of input wait for a response", async () => {
  const gated = new GatedBrain();
  await using server = await ResponsesServer.start({ brain: gated.brain });
  await using client = await RawClient.connect(server.wsURL);
  const id = await begin(client, { input: "x" });
  await client.until("response.output_text.delta");
  for (let count = 1; count <= 17; count += 1) steer(client, id, String(count));
  const answers: WireEvent[] = [];
  for (let count = 1; count <= 17; count += 1) answers.push(await client.next());
  expect(types(answers.slice(0, 16)).every((type) => type === "response.steer.accepted")).toBe(true);
  expect(answers[16]).toMatchObject({ ...failure("too_many_pending_steers"), steer: { input: "17" } });
});

test("input for a response that fails or is cancelled is given back, each piece under its id", async () => {
  const gate = Promise.withResolvers<void>();
  const brain: Brain = async function* (request) {
    yield { type: "text", delta: "x" };
    await gate.promise;
    if (lastText(request) === "fail") throw new ResponsesApiError({ status: 500, message: "Broken." });
  };
  await using server = await ResponsesServer.start({ brain, cancel: "honour" });
  await using client = await RawClient.connect(server.wsURL);
  const cancelled = await begin(client, { input: "x" });
  await client.until("response.output_text.delta");
  steer(client, cancelled);
  const accepted = await client.next();
  client.send({ type: "response.cancel", response_id: cancelled });
  expect(await client.next()).toMatchObject({ type: "response.incomplete", response: { status: "cancelled" } });
  expect(await client.next()).toMatchObject({
    ...failure("response_not_active"),
    steer: { ...(accepted as unknown as { steer: object }).steer, input: "shorter" },
  });
  const failed = await begin(client, { input: "fail" });
  await client.until("response.output_text.delta");
  steer(client, failed);
  await client.next();
  gate.resolve();
  expect(last(await client.answer()).type).toBe("response.failed");
  expect(await client.next()).toMatchObject(failure("successor_creation_failed"));
});

test("a successor that cannot be created gives the input back, and the steered response can be continued", async () => {
  const thinker = new Thinker();
  const brain: Brain = (request) => {
    if (lastText(request) === "shorter") throw new ResponsesApiError({ status: 429, message: "Slow down." });
    return thinker.brain(request);
  };
  await using server = await ResponsesServer.start({ brain });
  await using client = await RawClient.connect(server.wsURL);
  const id = await begin(client, { input: "long" });
  await client.until("response.output_text.delta");
  steer(client, id);
  await client.next();
  thinker.open();
  await client.until("response.incomplete");
  expect(await client.next()).toMatchObject({
    ...failure("successor_creation_failed"),
    steer: { id: expect.any(String), input: "shorter", previous_response_id: id },
  });
  expect((await client.respond({ model, previous_response_id: id, input: "x" })).type).toBe("response.completed");
});
