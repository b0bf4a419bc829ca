import { once } from "node:events";
import { expect, test } from "vitest";
import { type CancelMode, ResponsesServer } from "../../src/responses/index.ts";
import { GatedBrain } from "./support/brains.ts";
import { last, RawClient, types } from "./support/raw-client.ts";

interface Started extends AsyncDisposable {
  server: ResponsesServer;
  client: RawClient;
  gated: GatedBrain;
  /** The response that is being generated. */
  id: string;
  /** The completed response before it. */
  parent: string;
}

/** A server on which the answer to "long" has begun, after a completed one. */
async function startAnswer(cancel?: CancelMode): Promise<Started> {
  const gated = new GatedBrain();
  const server = await ResponsesServer.start({ brain: gated.brain, ...(cancel === undefined ? {} : { cancel }) });
  const client = await RawClient.connect(server.wsURL);
  gated.open("before");
  const parent = (await client.respond({ input: "before" })).response.id;
  client.create({ previous_response_id: parent, input: "long" });
  const id = last(await client.until("response.created")).response.id;
  await client.until("response.output_text.delta");
  return { server, client, gated, id, parent, [Symbol.asyncDispose]: () => server.close() };
}

test("honour: the response ends at once, and the lane goes on from the one before", async () => {
  await using started = await startAnswer("honour");
  const { client, gated, id, parent, server } = started;
  const aborted = once(gated.signals.get("long") as AbortSignal, "abort");
  client.send({ type: "response.cancel", response_id: id });
  const event = await client.next();
  expect(event).toMatchObject({
    type: "response.incomplete",
    response: { id, status: "cancelled", incomplete_details: null },
  });
  expect(event.response.output[0]).toMatchObject({ status: "incomplete", content: [{ text: "one " }] });
  await aborted;
  expect(server.requests[1]).toMatchObject({ status: "cancelled", cancelRequested: true, responseId: id });
  gated.open("next");
  expect(await client.respond({ previous_response_id: id, input: "next" })).toMatchObject({
    error: { code: "previous_response_not_found" },
  });
  expect((await client.respond({ previous_response_id: parent, input: "next" })).type).toBe("response.completed");
});

test("honour: a brain that ignores its signal does not keep the response from ending", async () => {
  const stubborn = async function* (): AsyncGenerator<{ type: "text"; delta: string }> {
    yield { type: "text", delta: "one" };
    await new Promise(() => undefined);
  };
  await using server = await ResponsesServer.start({ brain: stubborn, cancel: "honour" });
  await using client = await RawClient.connect(server.wsURL);
  client.create({ input: "x" });
  const id = (await client.next()).response.id;
  client.send({ type: "response.cancel", response_id: id });
  expect(last(await client.answer())).toMatchObject({
    type: "response.incomplete",
    response: { status: "cancelled" },
  });
});

test("honour: what is not being answered cannot be cancelled", async () => {
  await using started = await startAnswer("honour");
  const { client, parent } = started;
  client.send({ type: "response.cancel", response_id: parent });
  expect(await client.next()).toMatchObject({
    type: "error",
    error: { code: "response_not_active", param: "response_id" },
  });
  client.send({ type: "response.cancel" });
  expect(await client.next()).toMatchObject({ error: { code: "missing_required_parameter", param: "response_id" } });
});

test.each(["refuse", undefined] as const)(
  "%s: an error for the unknown event, and the response goes on",
  async (mode) => {
    await using started = await startAnswer(mode);
    const { client, gated, id, server } = started;
    client.send({ type: "response.cancel", response_id: id });
    const error = await client.next();
    expect(error).toMatchObject({
      type: "error",
      status: 400,
      error: { type: "invalid_request_error", code: "invalid_value", param: "type" },
    });
    expect(error.error.message).toContain("'response.cancel'");
    gated.open("long");
    const rest = await client.answer();
    expect(types(rest)[0]).toBe("response.output_text.delta");
    expect(rest.at(-1)).toMatchObject({ type: "response.completed", response: { id } });
    expect(server.requests[1]).toMatchObject({ status: "completed", cancelRequested: true });
  },
);

test("ignore: nothing is said, and the response goes on", async () => {
  await using started = await startAnswer("ignore");
  const { client, gated, id, server } = started;
  client.send({ type: "response.cancel", response_id: id });
  // The answer to this shows that the server has read the cancel.
  client.send({ type: "response.unknown" });
  expect((await client.next()).error.message).toContain("'response.unknown'");
  gated.open("long");
  expect(last(await client.answer())).toMatchObject({ type: "response.completed", response: { id } });
  expect(server.requests[1]?.cancelRequested).toBe(true);
});

test("a lane's response can be cancelled while another goes on", async () => {
  const gated = new GatedBrain();
  await using server = await ResponsesServer.start({ brain: gated.brain, cancel: "honour" });
  await using client = await RawClient.connect(server.wsURL);
  client.create({ stream_id: "a", input: "a" });
  const id = last(await client.until("response.created")).response.id;
  await client.until("response.output_text.delta");
  client.create({ stream_id: "b", input: "b" });
  await client.until("response.output_text.delta");
  client.send({ type: "response.cancel", response_id: id });
  expect(await client.next()).toMatchObject({ type: "response.incomplete", stream_id: "a", response: { id } });
  gated.open("b");
  expect(last(await client.answer())).toMatchObject({ type: "response.completed", stream_id: "b" });
});

test("a connection that goes away aborts its brains", async () => {
  await using started = await startAnswer();
  const { client, gated, server } = started;
  const aborted = once(gated.signals.get("long") as AbortSignal, "abort");
  client.socket.terminate();
  await aborted;
  expect(server.connections).toEqual([]);
  await expect.poll(() => server.requests[1]?.status).toBe("cancelled");
});
