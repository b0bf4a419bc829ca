import { describe, expect, test } from "vitest";
import { type DialectName, dialects, ResponsesServer } from "../../src/responses/index.ts";
import { echo, GatedBrain } from "./support/brains.ts";
import { VirtualClock } from "@turnwire/test-kit";
import { RawClient, type WireEvent } from "./support/raw-client.ts";

const names = Object.keys(dialects) as DialectName[];

async function connected(
  dialect: DialectName,
): Promise<{ server: ResponsesServer; client: RawClient } & AsyncDisposable> {
  const server = await ResponsesServer.start({ brain: echo, dialect });
  const client = await RawClient.connect(server.wsURL);
  return { server, client, [Symbol.asyncDispose]: () => server.close() };
}

describe.each(names)("%s", (dialect) => {
  test("answers a plain request and continues a stored one", async () => {
    await using on = await connected(dialect);
    const first = await on.client.respond({ input: "one", store: true });
    expect(first.type).toBe("response.completed");
    const second = await on.client.respond({ input: "two", store: true, previous_response_id: first.response.id });
    expect(second.type).toBe("response.completed");
    expect(on.server.requests[1]?.conversation).toHaveLength(3);
  });

  test("an option takes the place of what the dialect says", async () => {
    await using server = await ResponsesServer.start({ brain: new GatedBrain().brain, dialect, cancel: "honour" });
    await using client = await RawClient.connect(server.wsURL);
    client.create({ input: "x", store: true });
    const { id } = (await client.next()).response;
    client.send({ type: "response.cancel", response_id: id });
    const events = await client.until((event) => event.type === "response.incomplete");
    expect(events.at(-1)).toMatchObject({ response: { status: "cancelled" } });
  });
});

test.each(["openai", "strict"] as const)("%s has lanes", async (dialect) => {
  await using on = await connected(dialect);
  expect(await on.client.respond({ input: "x", stream_id: "a" })).toMatchObject({ stream_id: "a" });
});

test.each(["openai-no-lanes", "xai", "azure", "openresponses", "localai"] as const)("%s has none", async (dialect) => {
  await using on = await connected(dialect);
  const event = await on.client.respond({ input: "x", stream_id: "not / valid" });
  expect(event.type).toBe("response.completed");
  expect(event).not.toHaveProperty("stream_id");
});

test("a server can refuse the very field", async () => {
  await using server = await ResponsesServer.start({ brain: echo, dialect: { lanes: "refuse" } });
  await using client = await RawClient.connect(server.wsURL);
  expect(await client.respond({ input: "x", stream_id: "a" })).toMatchObject({
    type: "error",
    status: 400,
    error: { code: "unknown_parameter", param: "stream_id" },
  });
});

test.each(["openai-no-lanes", "xai", "azure", "openresponses", "localai"] as const)(
  "%s knows no steering",
  async (dialect) => {
    await using on = await connected(dialect);
    const { id } = (await on.client.respond({ input: "x", store: true })).response;
    on.client.send({ type: "response.steer", previous_response_id: id, input: "y" });
    const answer = await on.client.next();
    expect(answer.error.message).toContain("'response.steer'");
  },
);

describe("xai", () => {
  const chained = async (fields: object, first: object = {}): Promise<WireEvent> => {
    await using on = await connected("xai");
    const { id } = (await on.client.respond({ input: "one", store: true, instructions: "Be brief.", ...first }))
      .response;
    return await on.client.respond({ input: "two", store: true, previous_response_id: id, ...fields });
  };

  test("refuses instructions on a continuation, in its untyped shape", async () => {
    expect(await chained({ instructions: "Be brief." })).toEqual({
      error: {
        message: "Request validation error: Argument not supported: instructions and previous_response_id together",
        type: "api_error",
      },
    });
  });

  test("keeps the instructions of the first, and one id for the connection", async () => {
    await using on = await connected("xai");
    const first = await on.client.respond({ input: "one", store: true, instructions: "Be brief." });
    const second = await on.client.respond({ input: "two", store: true, previous_response_id: first.response.id });
    expect(second.response).toMatchObject({ id: first.response.id, instructions: "Be brief." });
    expect(on.server.requests[1]?.instructions).toBe("Be brief.");
  });

  test.each([{ store: false }, { store: false, generate: false }])("does not continue %j", async (first) => {
    expect(await chained({ store: false }, first)).toMatchObject({
      error: { message: expect.stringContaining("not found") },
    });
  });

  test("lives 25 minutes", async () => {
    const clock = new VirtualClock();
    await using server = await ResponsesServer.start({ brain: echo, environment: { clock }, dialect: "xai" });
    await using client = await RawClient.connect(server.wsURL);
    await clock.advance(25 * 60_000);
    expect((await client.next()).error.message).toContain("(25 minutes)");
  });
});

test.each(["openresponses", "localai"] as const)(
  "%s answers one request at a time and refuses others",
  async (dialect) => {
    const gated = new GatedBrain();
    await using server = await ResponsesServer.start({ brain: gated.brain, dialect });
    await using client = await RawClient.connect(server.wsURL);
    client.create({ input: "a" });
    await client.until("response.output_text.delta");
    client.create({ input: "b" });
    expect(await client.next()).toMatchObject({ type: "error", error: { code: "response_already_in_flight" } });
    gated.open("a");
    expect((await client.answer()).at(-1)?.type).toBe("response.completed");
    gated.open("c");
    expect((await client.respond({ input: "c" })).type).toBe("response.completed");
  },
);

test("openresponses has no warm-up, and lets pass what it does not know", async () => {
  await using on = await connected("openresponses");
  expect(await on.client.respond({ generate: false })).toMatchObject({ error: { param: "generate" } });
  expect((await on.client.respond({ input: "x", its_own: 1 })).type).toBe("response.completed");
});

test("localai keeps older responses than the latest", async () => {
  await using on = await connected("localai");
  const first = await on.client.respond({ input: "one" });
  for (let count = 0; count < 5; count += 1) await on.client.respond({ input: "more" });
  const next = await on.client.respond({ input: "two", previous_response_id: first.response.id });
  expect(next.type).toBe("response.completed");
});

describe("strict", () => {
  test("takes no nulls and no ids of items that are not stored", async () => {
    await using on = await connected("strict");
    expect(await on.client.respond({ input: "x", temperature: null })).toMatchObject({
      error: { param: "temperature" },
    });
    const message = { type: "message", role: "assistant", id: "msg_1", content: "x" };
    expect(await on.client.respond({ input: [message, { role: "user", content: "y" }] })).toMatchObject({
      status: 404,
      error: { message: expect.stringContaining("Items are not persisted") },
    });
  });

  test("a fork that comes when its parent's lane has gone on finds nothing", async () => {
    const gated = new GatedBrain();
    await using server = await ResponsesServer.start({ brain: gated.brain, dialect: "strict" });
    await using client = await RawClient.connect(server.wsURL);
    gated.open("one");
    const { id } = (await client.respond({ input: "one", stream_id: "a" })).response;
    client.create({ input: "two", stream_id: "a", previous_response_id: id });
    await client.until("response.output_text.delta");
    expect(await client.respond({ input: "fork", stream_id: "b", previous_response_id: id })).toMatchObject({
      error: { code: "previous_response_not_found" },
    });
  });
});

test("a fork that waits while its parent's lane goes on finds nothing; one that has begun goes on", async () => {
  const gated = new GatedBrain();
  await using server = await ResponsesServer.start({ brain: gated.brain, dialect: { maxInFlight: 2 } });
  await using client = await RawClient.connect(server.wsURL);
  gated.open("one");
  const { id } = (await client.respond({ input: "one", stream_id: "a" })).response;
  client.create({ input: "fork", stream_id: "b", previous_response_id: id });
  await client.until("response.in_progress");
  client.create({ input: "two", stream_id: "a", previous_response_id: id });
  client.create({ input: "late fork", stream_id: "c", previous_response_id: id });
  await client.until((event) => event.type === "response.output_text.delta" && event.stream_id === "a");
  gated.open("two");
  const events = await client.until("error");
  expect(events.at(-1)).toMatchObject({ stream_id: "c", error: { code: "previous_response_not_found" } });
  gated.open("fork");
  expect((await client.until((event) => event.type === "response.completed")).at(-1)).toMatchObject({ stream_id: "b" });
});
