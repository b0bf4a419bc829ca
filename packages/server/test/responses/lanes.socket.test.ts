import { expect, test } from "vitest";
import { ResponsesServer } from "../../src/responses/index.ts";
import { echo, GatedBrain } from "./support/brains.ts";
import { last, isTerminal, RawClient, type WireEvent } from "./support/raw-client.ts";

const created = (event: WireEvent): boolean => event.type === "response.created";

test("the default lane answers in order and never overlaps", async () => {
  const gated = new GatedBrain();
  await using server = await ResponsesServer.start({ brain: gated.brain });
  await using client = await RawClient.connect(server.wsURL);
  for (const input of ["a", "b", "c"]) client.create({ input });
  const events = await client.until("response.output_text.delta");
  expect(gated.started).toEqual(["a"]);
  expect(server.requests.map((request) => request.status)).toEqual(["in_progress", "queued", "queued"]);
  for (const input of ["c", "b", "a"]) gated.open(input);
  for (let answers = 0; answers < 3; answers += 1) events.push(...(await client.answer()));
  expect(gated.started).toEqual(["a", "b", "c"]);
  expect(gated.mostRunning).toBe(1);
  const lifecycle = events.filter((event) => created(event) || isTerminal(event)).map((event) => event.type);
  expect(lifecycle).toEqual(Array.from({ length: 3 }, () => ["response.created", "response.completed"]).flat());
});

test("lanes run side by side, each first in, first out, and label every event", async () => {
  const gated = new GatedBrain();
  await using server = await ResponsesServer.start({ brain: gated.brain });
  await using client = await RawClient.connect(server.wsURL);
  client.create({ stream_id: "x", input: "x1" });
  client.create({ stream_id: "x", input: "x2" });
  client.create({ stream_id: "y", input: "y1" });
  client.create({ input: "default" });
  const begun = await client.until(
    (() => {
      let deltas = 0;
      return (event) => event.type === "response.output_text.delta" && ++deltas === 3;
    })(),
  );
  expect(gated.started).toEqual(["x1", "y1", "default"]);
  const labels = new Set(begun.map((event) => event.stream_id as unknown));
  expect(labels).toEqual(new Set(["x", "y", undefined]));
  gated.open("y1");
  const y = last(await client.answer());
  expect(y).toMatchObject({ type: "response.completed", stream_id: "y" });
  gated.open("default");
  expect(await client.answer()).toSatisfy((events: WireEvent[]) => events.every((event) => !("stream_id" in event)));
  gated.open("x1");
  gated.open("x2");
  expect(last(await client.answer())).toMatchObject({ stream_id: "x" });
  expect(last(await client.answer())).toMatchObject({ stream_id: "x" });
  expect(gated.started.at(-1)).toBe("x2");
});

test("each lane keeps its own latest response", async () => {
  await using server = await ResponsesServer.start({ brain: echo });
  await using client = await RawClient.connect(server.wsURL);
  const x = await client.respond({ stream_id: "x", input: "x1" });
  await client.respond({ stream_id: "y", input: "y1" });
  await client.respond({ input: "d1" });
  const next = await client.respond({ stream_id: "x", previous_response_id: x.response.id, input: "x2" });
  expect(next).toMatchObject({ type: "response.completed", stream_id: "x" });
});

test("a named lane's errors carry its name", async () => {
  await using server = await ResponsesServer.start({ brain: echo });
  await using client = await RawClient.connect(server.wsURL);
  const error = await client.respond({ stream_id: "x", previous_response_id: "resp_0", input: "x" });
  expect(error).toMatchObject({ type: "error", stream_id: "x", error: { code: "previous_response_not_found" } });
});

test("at most 16 requests run at once, further ones wait", async () => {
  const gated = new GatedBrain();
  await using server = await ResponsesServer.start({ brain: gated.brain });
  await using client = await RawClient.connect(server.wsURL);
  for (let lane = 1; lane <= 20; lane += 1) client.create({ stream_id: `lane-${lane}`, input: String(lane) });
  let running = 0;
  await client.until((event) => event.type === "response.output_text.delta" && ++running === 16);
  expect(gated.started).toHaveLength(16);
  gated.open("3");
  const events = await client.until((event) => event.type === "response.created");
  expect(last(events).stream_id).toBe("lane-17");
  for (let lane = 1; lane <= 20; lane += 1) gated.open(String(lane));
  let done = events.filter(isTerminal).length;
  await client.until((event) => isTerminal(event) && ++done === 20);
  expect(gated.mostRunning).toBe(16);
});

test("a connection has at most 32 lanes in its life; known ones still work", async () => {
  await using server = await ResponsesServer.start({ brain: echo });
  await using client = await RawClient.connect(server.wsURL);
  for (let lane = 1; lane <= 32; lane += 1) {
    expect((await client.respond({ stream_id: `lane-${lane}`, input: "x" })).type).toBe("response.completed");
  }
  const refused = await client.respond({ stream_id: "lane-33", input: "x" });
  expect(refused).toMatchObject({
    type: "error",
    status: 400,
    stream_id: "lane-33",
    error: { code: "websocket_stream_limit_reached", param: "stream_id" },
  });
  expect((await client.respond({ stream_id: "lane-1", input: "x" })).type).toBe("response.completed");
  expect((await client.respond({ input: "x" })).type).toBe("response.completed");
});

test.each(["", "with space", "ünïcode", "a".repeat(257), 7, {}])("stream_id %j is invalid", async (streamId) => {
  await using server = await ResponsesServer.start({ brain: echo });
  await using client = await RawClient.connect(server.wsURL);
  const error = await client.respond({ stream_id: streamId, input: "x" });
  expect(error).toMatchObject({ type: "error", status: 400, error: { code: "invalid_stream_id", param: "stream_id" } });
  expect(error).not.toHaveProperty("stream_id");
});

test("a server without lanes ignores the field and echoes nothing", async () => {
  const gated = new GatedBrain();
  await using server = await ResponsesServer.start({ brain: gated.brain, lanes: false });
  await using client = await RawClient.connect(server.wsURL);
  client.create({ stream_id: "x", input: "a" });
  client.create({ stream_id: "y y", input: "b" });
  const begun = await client.until("response.output_text.delta");
  expect(gated.started).toEqual(["a"]);
  gated.open("a");
  gated.open("b");
  const events = [...begun, ...(await client.answer()), ...(await client.answer())];
  expect(events.some((event) => "stream_id" in event)).toBe(false);
});
