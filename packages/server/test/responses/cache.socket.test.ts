import { expect, test } from "vitest";
import { type Brain, ResponsesApiError, ResponsesServer } from "../../src/responses/index.ts";
import { echo, lastText } from "./support/brains.ts";
import { last, RawClient, type WireEvent } from "./support/raw-client.ts";

/** Fails if the user says "fail", breaks off if the user says "break". */
const fallible: Brain = function* (request) {
  const said = lastText(request);
  if (said === "fail") throw new ResponsesApiError({ status: 500, message: "Failed." });
  yield { type: "text", delta: `to ${said}` };
  if (said === "break") throw new ResponsesApiError({ status: 500, message: "Broken." });
  if (said === "stop") yield { type: "incomplete", reason: "content_filter" };
};

async function fallibleServer(): Promise<ResponsesServer> {
  return await ResponsesServer.start({ brain: fallible });
}

function idOf(event: WireEvent): string {
  return event.response.id;
}

const notFound = {
  type: "error",
  status: 400,
  error: { code: "previous_response_not_found", param: "previous_response_id" },
};

test("a continuation sees the whole chain, and pays for what is new", async () => {
  await using server = await ResponsesServer.start({ brain: echo });
  await using client = await RawClient.connect(server.wsURL);
  const first = await client.respond({ input: "one", instructions: "Be brief." });
  const second = await client.respond({ previous_response_id: idOf(first), input: [{ role: "user", content: "two" }] });
  const third = await client.respond({ previous_response_id: idOf(second), input: "three" });
  expect(server.requests.map((request) => request.conversation.length)).toEqual([1, 3, 5]);
  expect(server.requests[2]?.conversation).toEqual([
    { type: "message", role: "user", content: "one" },
    ...first.response.output,
    { role: "user", content: "two" },
    ...second.response.output,
    { type: "message", role: "user", content: "three" },
  ]);
  expect(server.requests.map((request) => request.instructions)).toEqual(["Be brief.", undefined, undefined]);
  expect(second.response.instructions).toBeNull();
  expect(first.response.usage.input_tokens_details.cached_tokens).toBe(0);
  // With other instructions the prompt differs from its first token on.
  expect(second.response.usage.input_tokens_details.cached_tokens).toBe(0);
  expect(third.response.usage.input_tokens_details.cached_tokens).toBe(
    second.response.usage.input_tokens + second.response.usage.output_tokens,
  );
  expect(second.response.previous_response_id).toBe(idOf(first));
});

test("an unknown id is previous_response_not_found, in the wrapped shape", async () => {
  await using server = await ResponsesServer.start({ brain: echo });
  await using client = await RawClient.connect(server.wsURL);
  expect(await client.respond({ previous_response_id: "resp_unknown", input: "x" })).toEqual({
    type: "error",
    status: 400,
    error: {
      type: "invalid_request_error",
      code: "previous_response_not_found",
      message: "Previous response with id 'resp_unknown' not found.",
      param: "previous_response_id",
    },
  });
  expect(server.requests[0]?.status).toBe("rejected");
  expect(server.requests[0]?.responseId).toBeUndefined();
});

test("only the latest response of a lane is known, and only on its connection", async () => {
  await using server = await ResponsesServer.start({ brain: echo });
  await using client = await RawClient.connect(server.wsURL);
  await using other = await RawClient.connect(server.wsURL);
  const first = await client.respond({ input: "one" });
  const second = await client.respond({ previous_response_id: idOf(first), input: "two" });
  expect(await other.respond({ previous_response_id: idOf(second), input: "x" })).toMatchObject(notFound);
  expect(await client.respond({ previous_response_id: idOf(first), input: "x" })).toMatchObject(notFound);
  expect((await client.respond({ previous_response_id: idOf(second), input: "x" })).type).toBe("response.completed");
});

test("a request without an id starts a new conversation on the lane", async () => {
  await using server = await ResponsesServer.start({ brain: echo });
  await using client = await RawClient.connect(server.wsURL);
  const first = await client.respond({ input: "one" });
  await client.respond({ input: "two" });
  expect(server.requests[1]?.conversation).toHaveLength(1);
  expect(await client.respond({ previous_response_id: idOf(first), input: "x" })).toMatchObject(notFound);
});

test.each(["fail", "break"])("a same-lane continuation that ends in an error (%s) evicts its parent", async (said) => {
  await using server = await fallibleServer();
  await using client = await RawClient.connect(server.wsURL);
  const first = await client.respond({ input: "one" });
  const failed = await client.respond({ previous_response_id: idOf(first), input: said });
  expect(failed.type).toBe(said === "fail" ? "error" : "response.failed");
  expect(await client.respond({ previous_response_id: idOf(first), input: "again" })).toMatchObject(notFound);
});

test("an invalid continuation evicts its parent too", async () => {
  await using server = await fallibleServer();
  await using client = await RawClient.connect(server.wsURL);
  const first = await client.respond({ input: "one" });
  await client.respond({ previous_response_id: idOf(first), input: 5 });
  expect(await client.respond({ previous_response_id: idOf(first), input: "again" })).toMatchObject(notFound);
});

test("a failed fork from another lane leaves the parent", async () => {
  await using server = await fallibleServer();
  await using client = await RawClient.connect(server.wsURL);
  const first = await client.respond({ input: "one" });
  const failed = await client.respond({ stream_id: "b", previous_response_id: idOf(first), input: "fail" });
  expect(failed).toMatchObject({ type: "error", stream_id: "b", status: 500 });
  expect((await client.respond({ previous_response_id: idOf(first), input: "two" })).type).toBe("response.completed");
});

test("an incomplete response cannot be continued, its parent can", async () => {
  await using server = await fallibleServer();
  await using client = await RawClient.connect(server.wsURL);
  const first = await client.respond({ input: "one" });
  const stopped = await client.respond({ previous_response_id: idOf(first), input: "stop" });
  expect(stopped.type).toBe("response.incomplete");
  expect((await client.respond({ previous_response_id: idOf(first), input: "two" })).type).toBe("response.completed");
  expect(await client.respond({ previous_response_id: idOf(stopped), input: "x" })).toMatchObject(notFound);
});

test("a new lane may fork from a response of another", async () => {
  await using server = await ResponsesServer.start({ brain: echo });
  await using client = await RawClient.connect(server.wsURL);
  const first = await client.respond({ input: "one" });
  const fork = await client.respond({ stream_id: "b", previous_response_id: idOf(first), input: "two" });
  expect(fork).toMatchObject({ type: "response.completed", stream_id: "b" });
  expect(server.requests[1]?.conversation).toHaveLength(3);
  expect((await client.respond({ previous_response_id: idOf(first), input: "three" })).type).toBe("response.completed");
});

test("a warm-up gives an id to chain from, and no output", async () => {
  await using server = await ResponsesServer.start({ brain: echo });
  await using client = await RawClient.connect(server.wsURL);
  client.create({ generate: false, instructions: "Be brief.", input: [{ role: "developer", content: "Context." }] });
  const events = await client.answer();
  expect(events.map((event) => event.type)).toEqual(["response.created", "response.in_progress", "response.completed"]);
  expect(events[2]?.response).toMatchObject({ status: "completed", output: [], usage: { output_tokens: 0 } });
  const next = await client.respond({ previous_response_id: idOf(last(events)), input: "one" });
  expect(next.type).toBe("response.completed");
  expect(server.requests[1]?.conversation).toHaveLength(2);
});

test("a warm-up needs no input", async () => {
  await using server = await ResponsesServer.start({ brain: echo });
  await using client = await RawClient.connect(server.wsURL);
  expect((await client.respond({ generate: false })).type).toBe("response.completed");
});

test("evict() has a connection forget what it knew", async () => {
  await using server = await ResponsesServer.start({ brain: echo });
  await using client = await RawClient.connect(server.wsURL);
  const first = await client.respond({ input: "one" });
  server.connections[0]?.evict();
  expect(await client.respond({ previous_response_id: idOf(first), input: "two" })).toMatchObject(notFound);
});
