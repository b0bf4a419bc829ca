import { once } from "node:events";
import { afterAll, beforeAll, expect, test } from "vitest";
import { limits } from "turnwire/internal";
import { type Brain, ResponsesApiError, ResponsesServer } from "../../src/responses/index.ts";
import { GatedBrain, lastText } from "./support/brains.ts";

const brain: Brain = function* (request) {
  const said = lastText(request);
  if (said === "limited") {
    throw new ResponsesApiError({
      status: 429,
      code: "rate_limit_exceeded",
      message: "Slow.",
      headers: { "retry-after": "3" },
    });
  }
  yield { type: "reasoning", summary: "Hm." };
  yield { type: "text", delta: "Hello" };
  if (said === "broken") throw new Error("secret");
};

let server: ResponsesServer;
beforeAll(async () => {
  server = await ResponsesServer.start({ brain, onBrainError: () => undefined });
});
afterAll(() => server.close());

async function post(body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return await fetch(`${server.url}/responses`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
}

test("a POST answers with the finished response", async () => {
  const response = await post({ model: "m", input: "Hi" });
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toBe("application/json");
  expect(response.headers.get("x-request-id")).toMatch(/^req_/);
  const body = (await response.json()) as { output: Array<Record<string, unknown>> };
  expect(body).toMatchObject({
    object: "response",
    status: "completed",
    output: [{ type: "reasoning" }, { type: "message" }],
  });
  expect(body.output[0]).not.toHaveProperty("encrypted_content");
  expect(body).not.toHaveProperty("output_text");
  expect(server.requests.at(-1)).toMatchObject({
    transport: "http",
    status: "completed",
    conversation: [{ content: "Hi" }],
  });
  expect(server.requests.at(-1)).not.toHaveProperty("connection");
});

test("reasoning carries its encrypted content over HTTP when it is asked for", async () => {
  const response = await post({ model: "m", input: "Hi", include: ["reasoning.encrypted_content"] });
  expect(await response.json()).toMatchObject({ output: [{ encrypted_content: expect.any(String) }, {}] });
});

test("a stream is server-sent events of the same payloads", async () => {
  const response = await post({ model: "m", input: "Hi", stream: true });
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
  const blocks = (await response.text()).split("\n\n");
  expect(blocks.pop()).toBe("");
  const events = blocks.map((block) => {
    const [, name, data] = /^event: (\S+)\ndata: (.*)$/.exec(block) ?? [];
    const event = JSON.parse(data ?? "") as { type: string; sequence_number: number };
    expect(event.type).toBe(name);
    return event;
  });
  expect(events.map((event) => event.sequence_number)).toEqual(events.map((_event, index) => index));
  expect(events.at(0)?.type).toBe("response.created");
  expect(events.at(-1)?.type).toBe("response.completed");
});

test("an error before any output is an HTTP error, streamed or not", async () => {
  for (const stream of [false, true]) {
    const response = await post({ model: "m", input: "limited", stream });
    expect(response.status).toBe(429);
    expect(response.headers.get("retry-after")).toBe("3");
    expect(await response.json()).toEqual({
      error: { type: "invalid_request_error", code: "rate_limit_exceeded", message: "Slow.", param: null },
    });
  }
});

test("an error after output is response.failed in a stream, and a 500 without", async () => {
  const streamed = await (await post({ model: "m", input: "broken", stream: true })).text();
  expect(streamed).toContain("event: response.failed\n");
  expect(streamed).not.toContain("secret");
  const whole = await post({ model: "m", input: "broken" });
  expect(whole.status).toBe(500);
  expect(await whole.json()).toMatchObject({ error: { type: "server_error", code: "server_error" } });
});

test("previous_response_id over HTTP is refused for what was not to be stored, and says so", async () => {
  const stored = (await (await post({ model: "m", input: "Hi", store: false })).json()) as { id: string };
  const response = await post({ model: "m", input: "Hi", previous_response_id: stored.id });
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({
    error: {
      code: "previous_response_not_found",
      param: "previous_response_id",
      message: expect.stringContaining("only responses with `store: true`"),
    },
  });
});

test.each(["stream_id", "generate"])("%s is not part of HTTP", async (field) => {
  const response = await post({ model: "m", input: "Hi", [field]: field === "generate" ? false : "a" });
  expect(await response.json()).toMatchObject({ error: { code: "unknown_parameter", param: field } });
});

test("a client that goes away aborts the brain", async () => {
  const gated = new GatedBrain();
  await using slow = await ResponsesServer.start({ brain: gated.brain });
  for (const stream of [false, true]) {
    const input = `stream ${stream}`;
    const controller = new AbortController();
    const answer = fetch(`${slow.url}/responses`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ model: "m", input, stream }),
      signal: controller.signal,
    }).then((response) => response.text());
    await expect.poll(() => gated.started.includes(input)).toBe(true);
    const aborted = once(gated.signals.get(input) as AbortSignal, "abort");
    controller.abort();
    await expect(answer).rejects.toThrow();
    await aborted;
    await expect.poll(() => slow.requests.at(-1)?.status).toBe("cancelled");
  }
});

test("models can be listed and looked up", async () => {
  const list = await fetch(`${server.url}/models`);
  expect(await list.json()).toEqual({
    object: "list",
    data: [{ id: "turnwire-rules", object: "model", created: expect.any(Number), owned_by: "turnwire" }],
  });
  expect(await (await fetch(`${server.url}/models/turnwire-rules`)).json()).toMatchObject({ id: "turnwire-rules" });
  const unknown = await fetch(`${server.url}/models/other`);
  expect(unknown.status).toBe(404);
  expect(await unknown.json()).toMatchObject({ error: { code: "model_not_found", param: "model" } });
});

test.each([
  ["an unknown path", "GET", "/nothing", 404],
  ["a wrong method", "PUT", "/responses", 405],
  ["a GET that is no upgrade", "GET", "/responses", 405],
  ["a method named like an object's", "CONSTRUCTOR", "/models", 400],
  ["a response that is not kept", "GET", "/responses/resp_1", 404],
  ["a path that cannot be decoded", "GET", "/models/%E0%A4%A", 404],
])("%s is an error", async (_what, method, path, status) => {
  const response = await fetch(server.url + path, { method });
  expect(response.status).toBe(status);
  if (status === 400) return;
  expect(await response.json()).toMatchObject({
    error: { type: "invalid_request_error", message: expect.any(String) },
  });
  if (status === 405) expect(response.headers.get("allow")).toBe("POST");
});

test.each([
  ["malformed JSON", "{", 400],
  ["a list", "[]", 400],
  ["nothing", "", 400],
])("%s as the body is a 400 with no param", async (_what, body, status) => {
  const response = await post(body);
  expect(response.status).toBe(status);
  expect(await response.json()).toMatchObject({ error: { type: "invalid_request_error", param: null } });
});

test("another content type is a 415", async () => {
  expect((await post("model=m", { "content-type": "application/x-www-form-urlencoded" })).status).toBe(415);
  expect((await post({ model: "m", input: "x" }, { "content-type": "application/json; charset=utf-8" })).status).toBe(
    200,
  );
});

test("a body over 16 MiB is a 413, announced or not", async () => {
  const body = "x".repeat(limits.maxMessageBytes + 1);
  const announced = await post(body);
  expect(announced.status).toBe(413);
  expect(await announced.json()).toMatchObject({ error: { type: "invalid_request_error" } });
  const chunked = await fetch(`${server.url}/responses`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: new Blob([body]).stream(),
    duplex: "half",
  });
  expect(chunked.status).toBe(413);
});
