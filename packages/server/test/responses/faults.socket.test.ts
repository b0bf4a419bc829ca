import { once } from "node:events";
import { connect } from "node:net";
import { describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { type Brain, type Fault, ResponsesServer } from "../../src/responses/index.ts";
import { echo } from "./support/brains.ts";
import { VirtualClock } from "@turnwire/test-kit";
import { last, RawClient, types } from "./support/raw-client.ts";

async function started(...faults: Fault[]): Promise<ResponsesServer> {
  return await ResponsesServer.start({ brain: echo, faults });
}

const delta = "response.output_text.delta";

/** How a handshake ends: with its status, and the answer's headers. */
async function refusal(
  url: string,
  headers: Record<string, string> = {},
): Promise<{ status?: number; retryAfter?: string; body: string }> {
  const socket = new WebSocket(url, { headers });
  socket.on("error", () => undefined);
  const [, response] = await once(socket, "unexpected-response");
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  return {
    status: response.statusCode,
    retryAfter: response.headers["retry-after"],
    body: Buffer.concat(chunks).toString(),
  };
}

describe("a connection", () => {
  test("is refused with a status, once, and only the one that was meant", async () => {
    await using server = await started({ fault: "refuse", status: 426, connection: 2, retryAfter: 3 });
    await using first = await RawClient.connect(server.wsURL);
    expect(await refusal(server.wsURL)).toMatchObject({ status: 426, retryAfter: "3" });
    await using third = await RawClient.connect(server.wsURL);
    expect((await third.respond({ input: "x" })).type).toBe("response.completed");
    expect((await first.respond({ input: "x" })).type).toBe("response.completed");
    expect(server.faults.pending).toEqual([]);
  });

  test("is refused as a proxy does, with a body that is no JSON", async () => {
    await using server = await started({ fault: "refuse", status: 403, body: "<html>no</html>", times: "always" });
    expect(await refusal(server.wsURL)).toMatchObject({ status: 403, body: "<html>no</html>" });
    expect(await refusal(server.wsURL)).toMatchObject({ status: 403 });
  });

  test("is accepted late", async () => {
    const clock = new VirtualClock();
    await using server = await ResponsesServer.start({
      brain: echo,
      environment: { clock },
      faults: [{ fault: "delay", ms: 5_000 }],
    });
    const opening = RawClient.connect(server.wsURL);
    await expect.poll(() => clock.pending).toBe(1);
    expect(server.connections).toEqual([]);
    await clock.advance(5_000);
    await using client = await opening;
    expect((await client.respond({ input: "x" })).type).toBe("response.completed");
  });

  test("is closed as soon as it is open", async () => {
    await using server = await started({ fault: "close", code: 1008, reason: "policy" });
    const client = await RawClient.connect(server.wsURL);
    expect(await client.closed).toEqual({ code: 1008, reason: "policy" });
  });

  test("a server that is closed meanwhile does not wait for a late one", async () => {
    const server = await started({ fault: "delay", ms: 60_000 });
    const { port } = new URL(server.url);
    const socket = connect(Number(port), "127.0.0.1");
    socket.on("error", () => undefined);
    socket.write(
      "GET /v1/responses HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    );
    await expect.poll(() => server.faults.pending.length).toBe(0);
    const ended = once(socket, "close");
    await server.close();
    await ended;
  });
});

describe("a request", () => {
  test("meets a connection that is closed, at the second request of any connection", async () => {
    await using server = await started({ fault: "close", code: 1011, request: 2 });
    const client = await RawClient.connect(server.wsURL);
    await client.respond({ input: "one" });
    client.create({ input: "two" });
    expect((await client.closed).code).toBe(1011);
  });

  test("meets a connection that forgot", async () => {
    await using server = await started({ fault: "evict", request: 2 });
    await using client = await RawClient.connect(server.wsURL);
    const { id } = (await client.respond({ input: "one" })).response;
    expect(await client.respond({ previous_response_id: id, input: "two" })).toMatchObject({
      error: { code: "previous_response_not_found" },
    });
  });

  test("is answered late", async () => {
    const clock = new VirtualClock();
    const faults: Fault[] = [{ fault: "delay", ms: 1_000, request: 1 }];
    await using server = await ResponsesServer.start({ brain: echo, environment: { clock }, faults });
    await using client = await RawClient.connect(server.wsURL);
    client.create({ input: "x" });
    await expect.poll(() => clock.pending).toBe(2);
    expect(client.unread).toEqual([]);
    await clock.advance(1_000);
    expect(last(await client.answer()).type).toBe("response.completed");
  });

  test.each([
    [
      "wrapped",
      {
        type: "error",
        status: 429,
        error: { type: "too_many_requests", code: "slow_down", message: "Wait.", param: null },
      },
    ],
    ["flat", { type: "error", code: "slow_down", message: "Wait.", param: null, sequence_number: 0 }],
    ["untyped", { error: { message: "Wait.", type: "api_error" } }],
    ["string", { type: "error", status: 429, error: "Wait." }],
    ["detail", { type: "error", status: 429, error: { detail: "Wait." } }],
    [
      "status_code",
      {
        type: "error",
        status_code: 429,
        error: { type: "too_many_requests", code: "slow_down", message: "Wait.", param: null },
      },
    ],
    ["message", { type: "error", status: 429, error: { type: "too_many_requests", message: "Wait." } }],
    ["empty", { type: "error", error: { code: "", message: "" } }],
    [
      "failed",
      {
        type: "response.failed",
        response: {
          id: "resp_0",
          object: "response",
          output: [],
          status: "failed",
          error: { code: "slow_down", message: "Wait." },
        },
        sequence_number: 0,
      },
    ],
  ] as const)("is answered with an error in the shape %s", async (shape, expected) => {
    await using server = await started({
      fault: "error",
      shape,
      status: 429,
      code: "slow_down",
      message: "Wait.",
      request: 1,
    });
    await using client = await RawClient.connect(server.wsURL);
    client.create({ input: "x", stream_id: "a" });
    expect(await client.next()).toEqual({ ...expected, stream_id: "a" });
    expect((await client.respond({ input: "x" })).type).toBe("response.completed");
    expect(server.requests[0]?.status).toBe("rejected");
  });

  test("an error can say how long to wait", async () => {
    await using server = await started({ fault: "error", status: 429, retryAfterMs: 250 });
    await using client = await RawClient.connect(server.wsURL);
    const event = await client.respond({ input: "x" });
    expect(event.error).toMatchObject({ headers: { "retry-after-ms": "250" } });
  });
});

describe("an event", () => {
  const pieces: Brain = function* () {
    for (const delta of ["one ", "two ", "three"]) yield { type: "text", delta };
  };
  const deltas = (events: readonly { type: string; delta: string }[]): string[] =>
    events.filter((event) => event.type === delta).map((event) => event.delta);

  async function withFault(fault: Fault): Promise<{ server: ResponsesServer; client: RawClient }> {
    const server = await ResponsesServer.start({ brain: pieces, faults: [fault] });
    return { server, client: await RawClient.connect(server.wsURL) };
  }

  test.each([
    ["duplicate", ["one ", "one ", "two ", "three"]],
    ["drop", ["two ", "three"]],
    ["reorder", ["two ", "one ", "three"]],
  ] as const)("%s", async (fault, expected) => {
    const { server, client } = await withFault({ fault, event: delta });
    client.create({ input: "x" });
    const events = await client.answer();
    expect(deltas(events)).toEqual(expected);
    expect(last(events).response.output[0]?.content[0]?.text).toBe("one two three");
    await server.close();
  });

  test("that is to come after the last comes all the same", async () => {
    const { server, client } = await withFault({ fault: "reorder", event: "response.completed" });
    expect((await client.respond({ input: "x" })).type).toBe("response.completed");
    await server.close();
  });

  test("comes after what is no event", async () => {
    await using server = await started({ fault: "garbage", event: 3 });
    const socket = new WebSocket(server.wsURL);
    await once(socket, "open");
    const texts: string[] = [];
    const done = new Promise((resolve) => {
      socket.on("message", (data: Buffer) => {
        texts.push(data.toString());
        if (texts.at(-1)?.includes("response.completed")) resolve(undefined);
      });
    });
    socket.send(JSON.stringify({ type: "response.create", model: "m", input: "x" }));
    await done;
    expect(texts[2]).toBe("this is no event {");
    socket.close();
  });

  test("comes late, and what follows it after it, before the lane goes on", async () => {
    const clock = new VirtualClock();
    const faults: Fault[] = [{ fault: "delay", ms: 700, event: delta }];
    await using server = await ResponsesServer.start({ brain: pieces, environment: { clock }, faults });
    await using client = await RawClient.connect(server.wsURL);
    client.create({ input: "x" });
    client.create({ input: "y" });
    await client.until("response.content_part.added");
    await expect.poll(() => clock.pending).toBe(2);
    expect(client.unread).toEqual([]);
    await clock.advance(700);
    const first = await client.answer();
    expect(deltas(first)).toEqual(["one ", "two ", "three"]);
    expect(types(await client.answer())[0]).toBe("response.created");
  });

  test("is an error in the middle of an answer", async () => {
    const { server, client } = await withFault({
      fault: "error",
      shape: "flat",
      code: "server_is_overloaded",
      event: 6,
    });
    client.create({ input: "x" });
    const events = await client.answer();
    expect(deltas(events)).toEqual(["one "]);
    expect(last(events)).toMatchObject({ type: "error", code: "server_is_overloaded", sequence_number: 5 });
    client.create({ input: "y" });
    expect(types(await client.answer())).toContain("response.completed");
    await server.close();
  });

  test("is the response's own failure", async () => {
    const { server, client } = await withFault({ fault: "error", shape: "failed", event: delta });
    client.create({ input: "x" });
    const events = await client.answer();
    const { id } = events[0]?.response ?? {};
    expect(last(events)).toMatchObject({
      type: "response.failed",
      response: { id, status: "failed", error: { code: "server_error" } },
    });
    await server.close();
  });

  test.each([
    ["close", 1012],
    ["reset", 1006],
  ] as const)("does not come, as the connection ends: %s", async (fault, code) => {
    const { server, client } = await withFault(
      fault === "close" ? { fault, code: 1012, event: delta } : { fault, event: delta },
    );
    client.create({ input: "x" });
    expect((await client.closed).code).toBe(code);
    expect(client.unread.some((event) => event.type === delta)).toBe(false);
    await expect.poll(() => server.connections).toEqual([]);
    await server.close();
  });

  test("does not come, nor any after it, while the connection stays healthy: silence", async () => {
    const { server, client } = await withFault({ fault: "silence", event: delta });
    client.create({ input: "x", stream_id: "a" });
    await client.until("response.content_part.added");
    client.socket.ping();
    await once(client.socket, "pong");
    expect((await client.respond({ input: "y", stream_id: "b" })).type).toBe("response.completed");
    expect(server.requests[0]?.status).toBe("in_progress");
    client.socket.terminate();
    await expect.poll(() => server.requests[0]?.status).toBe("cancelled");
    await server.close();
  });

  test("does not come, and nothing else does, on a half-open connection", async () => {
    const { server, client } = await withFault({ fault: "half-open", event: delta });
    client.create({ input: "x" });
    await client.until("response.content_part.added");
    let ponged = false;
    client.socket.on("pong", () => (ponged = true));
    client.socket.ping();
    client.create({ input: "y" });
    await using other = await RawClient.connect(server.wsURL);
    // The other connection's round trips show that there was time for an answer.
    for (let count = 0; count < 3; count += 1) await other.respond({ input: "z" });
    expect(ponged).toBe(false);
    expect(client.unread).toEqual([]);
    expect(server.requests.filter((request) => request.connection === 1)).toHaveLength(1);
    await server.close();
  });
});

describe("over HTTP", () => {
  async function post(
    server: ResponsesServer,
    fields: object,
    headers: Record<string, string> = {},
  ): Promise<Response> {
    return await fetch(`${server.url}/responses`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify({ model: "m", input: "x", ...fields }),
    });
  }

  test("a request is answered with a status, and the next one well", async () => {
    await using server = await started({ fault: "error", status: 503, transport: "http", retryAfterMs: 10 });
    const response = await post(server, {});
    expect(response.status).toBe(503);
    expect(response.headers.get("retry-after-ms")).toBe("10");
    expect((await post(server, {})).status).toBe(200);
  });

  test("a stream ends without its end, says what is no event, or an error", async () => {
    await using server = await started(
      { fault: "reset", transport: "http", request: 1, event: delta },
      { fault: "garbage", transport: "http", request: 2, event: delta },
      { fault: "error", transport: "http", request: 3, event: delta, shape: "string" },
    );
    await expect(post(server, { stream: true }).then((response) => response.text())).rejects.toThrow();
    expect(await (await post(server, { stream: true })).text()).toContain("data: this is no event {\n\n");
    const third = await (await post(server, { stream: true })).text();
    expect(third).toContain('event: error\ndata: {"type":"error","status":500,"error":"A fault was asked for here."}');
    expect(third).not.toContain("response.completed");
  });

  test("a request is never answered: half-open", async () => {
    await using server = await started({ fault: "half-open", transport: "http", request: 1 });
    const leaving = new AbortController();
    const unanswered = fetch(`${server.url}/responses`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ model: "m", input: "x" }),
      signal: leaving.signal,
    });
    await expect.poll(() => server.requests[0]?.status).toBe("completed");
    expect((await post(server, {})).status).toBe(200);
    leaving.abort();
    await expect(unanswered).rejects.toThrow("aborted");
  });
});

describe("faults are asked for", () => {
  test("while the server runs, counted, and taken away", async () => {
    await using server = await started();
    const handle = server.faults.add({ fault: "error", code: "slow_down", times: 2 });
    await using client = await RawClient.connect(server.wsURL);
    expect(await client.respond({ input: "x" })).toMatchObject({ error: { code: "slow_down" } });
    expect(handle.injected).toBe(1);
    handle.remove();
    expect((await client.respond({ input: "x" })).type).toBe("response.completed");
    server.faults.add({ fault: "reset", times: "always" });
    server.reset();
    expect(server.faults.pending).toEqual([]);
  });

  test("by the header of a connection, for that connection alone", async () => {
    await using server = await started();
    const headers = { "x-turnwire-fault": '[{"fault":"error","code":"slow_down","request":2}]' };
    await using client = await RawClient.connect(server.wsURL, { headers });
    await using other = await RawClient.connect(server.wsURL);
    for (const one of [other, client, other])
      expect((await one.respond({ input: "x" })).type).toBe("response.completed");
    expect(await client.respond({ input: "x" })).toMatchObject({ error: { code: "slow_down" } });
    expect(await refusal(server.wsURL, { "x-turnwire-fault": '{"fault":"refuse","status":404}' })).toMatchObject({
      status: 404,
    });
    expect(await refusal(server.wsURL, { "x-turnwire-fault": "nonsense" })).toMatchObject({ status: 400 });
  });

  test("by the header of a request", async () => {
    await using server = await started();
    const response = await fetch(`${server.url}/responses`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-turnwire-fault": '{"fault":"error","status":502}' },
      body: JSON.stringify({ model: "m", input: "x" }),
    });
    expect(response.status).toBe(502);
  });

  test("at the control endpoint, where that is allowed", async () => {
    await using closed = await started();
    await using server = await ResponsesServer.start({ brain: echo, faultControl: true });
    const ask = (base: ResponsesServer, method: string, body?: string): Promise<Response> =>
      fetch(new URL("/_turnwire/faults", base.url), {
        method,
        ...(body === undefined ? {} : { body, headers: { "content-type": "application/json" } }),
      });
    expect((await ask(closed, "POST", "{}")).status).toBe(404);
    expect(await (await ask(server, "POST", '[{"fault":"close","event":2},{"fault":"refuse"}]')).json()).toEqual({
      pending: [
        { fault: "close", event: 2, injected: 0 },
        { fault: "refuse", injected: 0 },
      ],
    });
    const bad = await ask(server, "POST", '{"fault":"close","code":99}');
    expect(bad.status).toBe(400);
    expect(await bad.json()).toMatchObject({ error: { param: "fault.code" } });
    expect(await (await ask(server, "DELETE")).json()).toEqual({ pending: [] });
    expect(await (await ask(server, "GET")).json()).toEqual({ pending: [] });
  });
});
