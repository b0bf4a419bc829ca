import { once } from "node:events";
import { expect, test } from "vitest";
import { WebSocket } from "ws";
import { type ReceivedRequest, ResponsesServer } from "../../src/responses/index.ts";
import { echo, GatedBrain } from "./support/brains.ts";
import { RawClient } from "./support/raw-client.ts";

const bearer = (key: string): { headers: Record<string, string> } => ({ headers: { authorization: `Bearer ${key}` } });

async function refusal(
  url: string,
  options: { headers?: Record<string, string> },
): Promise<{ status: number; body: unknown }> {
  const socket = new WebSocket(url, options);
  socket.on("error", () => undefined);
  const [, response] = await once(socket, "unexpected-response");
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  return { status: response.statusCode, body: JSON.parse(Buffer.concat(chunks).toString()) };
}

test("without its key nobody gets in, over HTTP or WebSocket", async () => {
  await using server = await ResponsesServer.start({ brain: echo, apiKeys: ["key-a", "key-b"] });
  for (const [options, code] of [
    [{}, null],
    [bearer("key-c"), "invalid_api_key"],
    [bearer("key-"), "invalid_api_key"],
    [{ headers: { authorization: "Basic a2V5LWE=" } }, null],
  ] as const) {
    const response = await fetch(`${server.url}/models`, options);
    expect(response.status).toBe(401);
    const expected = { error: { type: "invalid_request_error", code, param: null, message: expect.any(String) } };
    const body = await response.json();
    expect(body).toEqual(expected);
    expect(JSON.stringify(body)).not.toContain("key-c");
    expect(await refusal(server.wsURL, options)).toEqual({ status: 401, body: expected });
  }
  expect((await fetch(`${server.url}/models`, bearer("key-b"))).status).toBe(200);
  expect((await fetch(`${server.url}/models`, { headers: { "api-key": "key-a" } })).status).toBe(200);
  await using client = await RawClient.connect(server.wsURL, bearer("key-a"));
  expect((await client.respond({ input: "x" })).type).toBe("response.completed");
});

test("/healthz needs no key", async () => {
  await using server = await ResponsesServer.start({ apiKeys: ["key-a"] });
  const response = await fetch(new URL("/healthz", server.url));
  expect([response.status, await response.json()]).toEqual([200, { status: "ok" }]);
});

test("connections are limited, in all and for a key, and a closed one makes room", async () => {
  await using server = await ResponsesServer.start({
    brain: echo,
    apiKeys: ["a", "b"],
    maxConnections: 3,
    maxConnectionsPerKey: 2,
  });
  const limited = { status: 429, body: { error: { code: "too_many_connections" } } };
  const first = await RawClient.connect(server.wsURL, bearer("a"));
  await using _second = await RawClient.connect(server.wsURL, bearer("a"));
  expect(await refusal(server.wsURL, bearer("a"))).toMatchObject(limited);
  await using _third = await RawClient.connect(server.wsURL, bearer("b"));
  expect(await refusal(server.wsURL, bearer("b"))).toMatchObject(limited);
  await first[Symbol.asyncDispose]();
  await expect.poll(() => server.connections.length).toBe(2);
  await using fourth = await RawClient.connect(server.wsURL, bearer("a"));
  expect((await fourth.respond({ input: "x" })).type).toBe("response.completed");
});

test("only so many requests of a connection wait", async () => {
  const gated = new GatedBrain();
  await using server = await ResponsesServer.start({ brain: gated.brain, maxQueuedRequests: 2 });
  await using client = await RawClient.connect(server.wsURL);
  for (const input of ["a", "b", "c", "d"]) client.create({ input, stream_id: "x" });
  const events = await client.until("error");
  expect(events.at(-1)).toMatchObject({ status: 429, stream_id: "x", error: { code: "too_many_queued_requests" } });
  expect(server.requests.map((request) => request.status)).toEqual(["in_progress", "queued", "queued", "rejected"]);
});

test("JSON that is nested too deep costs its sender an error", async () => {
  await using server = await ResponsesServer.start({ brain: echo });
  await using client = await RawClient.connect(server.wsURL);
  const deep = `{"type":"response.create","model":"m","input":"x","metadata":{"a":${"[".repeat(200_000)}${"]".repeat(200_000)}}}`;
  client.send(deep);
  expect((await client.next()).error.message).toContain("nested deeper than 100 levels");
  const response = await fetch(`${server.url}/responses`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: deep,
  });
  expect(response.status).toBe(400);
  expect((await client.respond({ input: "x" })).type).toBe("response.completed");
});

test("an input has at most 10 000 items", async () => {
  await using server = await ResponsesServer.start({ brain: echo });
  await using client = await RawClient.connect(server.wsURL);
  const input = Array.from({ length: 10_001 }, () => ({ role: "user", content: "x" }));
  expect(await client.respond({ input })).toMatchObject({ error: { code: "array_above_max_length", param: "input" } });
});

test("each request is told of as it ends, with how long it took and what it cost", async () => {
  const told: ReceivedRequest[] = [];
  await using server = await ResponsesServer.start({ brain: echo, onRequest: (request) => told.push(request) });
  await using client = await RawClient.connect(server.wsURL);
  await client.respond({ input: "x" });
  await client.respond({ input: "x", previous_response_id: "resp_0" });
  await fetch(`${server.url}/responses`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model: "m", input: "x" }),
  });
  await expect.poll(() => told.length).toBe(3);
  expect(told[0]).toMatchObject({
    transport: "websocket",
    status: "completed",
    durationMs: expect.any(Number),
    usage: { output_tokens: 3 },
  });
  expect(told[0]?.firstOutputMs).toBeLessThanOrEqual(told[0]?.durationMs ?? 0);
  expect(told[1]).toMatchObject({ status: "rejected", errorCode: "previous_response_not_found" });
  expect(told[2]).toMatchObject({ transport: "http", status: "completed" });
});

test("a listener that throws takes nothing with it", async () => {
  const onRequest = (): void => {
    throw new Error("listener");
  };
  await using server = await ResponsesServer.start({ brain: echo, onRequest });
  await using client = await RawClient.connect(server.wsURL);
  for (let count = 0; count < 2; count += 1)
    expect((await client.respond({ input: "x" })).type).toBe("response.completed");
});
