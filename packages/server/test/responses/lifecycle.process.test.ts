import { execFile } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { ResponsesServer } from "../../src/responses/index.ts";
import { echo, GatedBrain } from "./support/brains.ts";
import { RawClient } from "./support/raw-client.ts";

test("the addresses are those the server listens on", async () => {
  await using server = await ResponsesServer.start({ brain: echo });
  expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/v1$/);
  expect(server.wsURL).toBe(`${server.url.replace("http", "ws")}/responses`);
});

test("requests are recorded as they were received", async () => {
  await using server = await ResponsesServer.start({ brain: echo });
  await using client = await RawClient.connect(server.wsURL);
  const tools = [{ type: "function", name: "f", parameters: null, strict: true }];
  const message = { type: "response.create", model: "m", input: "ä", tools, stream_id: "a" };
  client.send(message);
  await client.answer();
  expect(server.requests).toHaveLength(1);
  expect(server.requests[0]).toMatchObject({
    transport: "websocket",
    connection: 1,
    lane: "a",
    body: message,
    bytes: Buffer.byteLength(JSON.stringify(message)),
    tools,
    status: "completed",
    output: [{ type: "message" }],
  });
  server.reset();
  expect(server.requests).toEqual([]);
  await client.respond({ input: "x" });
  expect(server.requests).toHaveLength(1);
});

test("only the latest requests are kept", async () => {
  await using server = await ResponsesServer.start({ brain: echo, keptRequests: 4 });
  await using client = await RawClient.connect(server.wsURL);
  for (let count = 1; count <= 9; count += 1) await client.respond({ input: String(count) });
  expect(server.requests.map((request) => request.body["input"])).toEqual(["6", "7", "8", "9"]);
});

test("live connections can be closed, cut off, and sent odd events", async () => {
  await using server = await ResponsesServer.start({ brain: echo });
  const first = await RawClient.connect(server.wsURL);
  const second = await RawClient.connect(server.wsURL);
  await first.respond({ input: "x" });
  expect(server.connections.map(({ id, requests }) => ({ id, requests }))).toEqual([
    { id: 1, requests: 1 },
    { id: 2, requests: 0 },
  ]);
  server.connections[0]?.send('{"type":"response.odd","x":1}');
  expect(await first.next()).toEqual({ type: "response.odd", x: 1 });
  server.connections[0]?.close(4000, "enough");
  expect(await first.closed).toEqual({ code: 4000, reason: "enough" });
  server.connections.at(-1)?.terminate();
  expect((await second.closed).code).toBe(1006);
  await expect.poll(() => server.connections.length).toBe(0);
});

test("close() ends connections and answers promptly, and the port is free again", async () => {
  const gated = new GatedBrain();
  const server = await ResponsesServer.start({ brain: gated.brain });
  const client = await RawClient.connect(server.wsURL);
  client.create({ input: "x" });
  await client.until("response.output_text.delta");
  const stream = await fetch(`${server.url}/responses`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model: "m", input: "y", stream: true }),
  });
  const started = performance.now();
  await Promise.all([server.close(), server.close()]);
  expect(performance.now() - started).toBeLessThan(1_000);
  expect((await client.closed).code).toBe(1001);
  await expect(stream.text()).rejects.toThrow();
  await expect.poll(() => gated.running).toBe(0);
  await expect(fetch(`${server.url}/models`)).rejects.toThrow();
});

test("close() does not wait for a client that never answers", async () => {
  const server = await ResponsesServer.start({ brain: echo });
  const { port } = new URL(server.url);
  const mute = connect(Number(port), "127.0.0.1");
  mute.write(
    "GET /v1/responses HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
  );
  await once(mute, "data");
  expect(server.connections).toHaveLength(1);
  const ended = once(mute, "close");
  await server.close();
  mute.resume();
  await ended;
});

test("a process that closed its server ends by itself", async () => {
  const entry = fileURLToPath(new URL("../../src/index.ts", import.meta.url));
  const script = `
    import { ResponsesServer } from ${JSON.stringify(entry)};
    const server = await ResponsesServer.start();
    const socket = new WebSocket(server.wsURL);
    await new Promise((resolve) => (socket.onopen = resolve));
    socket.send(JSON.stringify({ type: "response.create", model: "m", input: "Count to 500" }));
    await new Promise((resolve) => (socket.onmessage = resolve));
    await server.close();
    console.log("closed", process.getActiveResourcesInfo().filter((name) => /TCP|Timeout/.test(name)).join());`;
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", script], {
    timeout: 10_000,
  });
  expect(stdout).toBe("closed \n");
  expect(stderr).toBe("");
});

test("an address in use rejects with Node's error", async () => {
  await using server = await ResponsesServer.start({ brain: echo });
  const port = Number(new URL(server.url).port);
  await expect(ResponsesServer.start({ port })).rejects.toMatchObject({ code: "EADDRINUSE" });
});
