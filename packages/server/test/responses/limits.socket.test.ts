import { once } from "node:events";
import { request } from "node:http";
import { expect, test } from "vitest";
import { WebSocket } from "ws";
import { limits } from "turnwire/internal";
import { type Brain, ResponsesServer } from "../../src/responses/index.ts";
import { echo } from "./support/brains.ts";
import { VirtualClock } from "@turnwire/test-kit";
import { RawClient } from "./support/raw-client.ts";

const limitReached = { type: "error", status: 400, error: { code: "websocket_connection_limit_reached" } };

test("a connection past its age answers every request with the limit, and is closed soon", async () => {
  const clock = new VirtualClock();
  await using server = await ResponsesServer.start({ brain: echo, environment: { clock } });
  await using client = await RawClient.connect(server.wsURL);
  await clock.advance(limits.maxConnectionAgeMs - 1);
  expect((await client.respond({ input: "x" })).type).toBe("response.completed");
  await clock.advance(1);
  const error = await client.next();
  expect(error).toMatchObject(limitReached);
  expect(error.error.message).toContain("(60 minutes)");
  expect(error).not.toHaveProperty("stream_id");
  expect(await client.respond({ input: "x" })).toMatchObject(limitReached);
  expect(await client.respond({ stream_id: "a", input: "x" })).toMatchObject({ ...limitReached, stream_id: "a" });
  await clock.advance(1_000);
  expect(await client.closed).toMatchObject({ code: 1001 });
});

test("the age limit is an option, and a closed connection leaves no timer", async () => {
  const clock = new VirtualClock();
  await using server = await ResponsesServer.start({ brain: echo, environment: { clock }, maxConnectionAgeMs: 90_000 });
  const client = await RawClient.connect(server.wsURL);
  expect(clock.pending).toBe(1);
  await clock.advance(90_000);
  expect((await client.next()).error.message).toContain("(1.5 minutes)");
  await client[Symbol.asyncDispose]();
  await expect.poll(() => clock.pending).toBe(0);
});

test("a message of 16 MiB closes the connection with 1009", async () => {
  await using server = await ResponsesServer.start({ brain: echo });
  await using client = await RawClient.connect(server.wsURL);
  await using other = await RawClient.connect(server.wsURL);
  client.send("x".repeat(limits.maxMessageBytes));
  expect((await client.closed).code).toBe(1009);
  expect((await other.respond({ input: "x" })).type).toBe("response.completed");
});

test("a message just below 16 MiB is read", async () => {
  await using server = await ResponsesServer.start({ brain: () => [{ type: "text", delta: "Long." }] });
  await using client = await RawClient.connect(server.wsURL);
  client.create({ input: "x".repeat(limits.maxMessageBytes - 200) });
  expect((await client.answer()).at(-1)?.type).toBe("response.completed");
  expect(server.requests[0]?.bytes).toBeGreaterThan(limits.maxMessageBytes - 200);
});

test("a reader that falls behind pauses the brain", async () => {
  const delta = "x".repeat(64 * 1024);
  const total = 150;
  let said = 0;
  const brain: Brain = function* () {
    for (; said < total; said += 1) {
      yield { type: "text", delta };
      // Each piece is an item of its own, so that only the last event holds them all.
      yield { type: "reasoning" };
    }
  };
  await using server = await ResponsesServer.start({ brain });
  await using client = await RawClient.connect(server.wsURL);
  client.socket.pause();
  client.create({ input: "x" });
  let before = -1;
  // It is paused once two looks see the same count.
  await expect
    .poll(
      () => {
        const still = said > 0 && said === before;
        before = said;
        return still;
      },
      { interval: 50, timeout: 10_000 },
    )
    .toBe(true);
  expect(said).toBeLessThan(total);
  client.socket.resume();
  expect((await client.answer()).at(-1)?.type).toBe("response.completed");
  expect(said).toBe(total);
});

test.each<[string, { origin?: string; headers?: { host: string } }]>([
  ["a foreign Origin", { origin: "https://example.com" }],
  ["an opaque Origin", { origin: "null" }],
  ["a foreign Host", { headers: { host: "example.com" } }],
])("%s is refused with 403 over WebSocket and HTTP", async (_what, options) => {
  await using server = await ResponsesServer.start({ brain: echo });
  const socket = new WebSocket(server.wsURL, options);
  socket.on("error", () => undefined);
  const [, response] = (await once(socket, "unexpected-response")) as [unknown, { statusCode: number }];
  expect(response.statusCode).toBe(403);
  const headers = { ...options.headers, ...(options.origin === undefined ? {} : { origin: options.origin }) };
  const [answer] = (await once(request(`${server.url}/models`, { headers }).end(), "response")) as [
    { statusCode: number },
  ];
  expect(answer.statusCode).toBe(403);
  expect(server.connections).toEqual([]);
});

test.each([
  ["http://localhost:3000", "localhost"],
  ["http://127.0.0.1:8080", "127.0.0.1:1"],
  ["http://[::1]", "[::1]:9"],
])("Origin %s and Host %s are loopback names", async (origin, host) => {
  await using server = await ResponsesServer.start({ brain: echo });
  await using client = await RawClient.connect(server.wsURL, { origin, headers: { host } });
  expect((await client.respond({ input: "x" })).type).toBe("response.completed");
});

test("other host names can be allowed", async () => {
  await using server = await ResponsesServer.start({ brain: echo, allowedHosts: ["voice.test"] });
  await using client = await RawClient.connect(server.wsURL, { headers: { host: "voice.test:80" } });
  expect((await client.respond({ input: "x" })).type).toBe("response.completed");
});

test("an upgrade anywhere else is a 404", async () => {
  await using server = await ResponsesServer.start({ brain: echo });
  const socket = new WebSocket(`${server.wsURL}/more`);
  socket.on("error", () => undefined);
  const [, response] = (await once(socket, "unexpected-response")) as [unknown, { statusCode: number }];
  expect(response.statusCode).toBe(404);
});
