import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { upstreamBrain, type UpstreamBrainOptions } from "../../src/responses/brains/index.ts";
import { type BrainRequest, type ResponsesApiError, ResponsesServer } from "../../src/responses/index.ts";
import { RawClient } from "../responses/support/raw-client.ts";
import { Aimock } from "./support/aimock.ts";
import { brainRequest, outputsOf } from "./support/brain-request.ts";
import { CannedUpstream, chatChunks } from "./support/canned-upstream.ts";

let upstream: Aimock;
let canned: CannedUpstream;
beforeAll(async () => {
  upstream = await Aimock.start();
  canned = await CannedUpstream.start();
});
afterEach(() => upstream.reset());
afterAll(async () => {
  await upstream[Symbol.asyncDispose]();
  await canned[Symbol.asyncDispose]();
});

const key = "my-very-own-key";

async function refusalOf(
  request: BrainRequest,
  options: Partial<UpstreamBrainOptions> = {},
): Promise<ResponsesApiError> {
  const outputs = outputsOf(upstreamBrain({ url: canned.url, apiKey: key, ...options }), request);
  return await outputs.then(
    () => {
      throw new Error("not refused");
    },
    (error: unknown) => error as ResponsesApiError,
  );
}

function errorAnswer(status: number, error: unknown, headers: Record<string, string> = {}): Promise<ResponsesApiError> {
  canned.answer = { status, headers, chunks: [JSON.stringify(error)] };
  return refusalOf(brainRequest());
}

test("an error of the upstream is the client's, with its status, code and retry-after", async () => {
  const error = { message: "Slow down.", code: "rate_limit_exceeded", type: "tokens" };
  upstream.mock.onMessage("Hi", { error, status: 429, retryAfter: 7 });
  await using server = await ResponsesServer.start({ brain: upstreamBrain({ url: upstream.url }) });
  await using client = await RawClient.connect(server.wsURL);
  expect(await client.respond({ input: "Hi" })).toMatchObject({
    type: "error",
    status: 429,
    error: { ...error, headers: { "retry-after": "7" } },
  });
  const response = await fetch(`${server.url}/responses`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model: "gpt-4.1", input: "Hi" }),
  });
  expect(response.status).toBe(429);
  expect(response.headers.get("retry-after")).toBe("7");
  expect(await response.json()).toMatchObject({ error });
});

describe("what model servers say in their own way", () => {
  test.each([
    [
      "vLLM",
      400,
      "This model's maximum context length is 4096 tokens. However, you requested 5000.",
      "context_length_exceeded",
    ],
    ["llama.cpp", 400, "the request exceeds the available context size (4096 tokens)", "context_length_exceeded"],
    ["Ollama", 404, 'model "nope" not found, try pulling it first', "model_not_found"],
    ["any", 503, "Loading model", "server_is_overloaded"],
    ["any", 429, "Too many", "rate_limit_exceeded"],
    ["any", 500, "CUDA out of memory", "server_error"],
    ["any", 400, "Bad thing", null],
  ])("%s, status %i: %s", async (_server, status, message, code) => {
    const error = await errorAnswer(status, { error: { message, type: "api_error" } });
    expect(error).toMatchObject({ status, message, body: { code } });
  });

  test("a numeric code in a stream is the status", async () => {
    canned.answer = { chunks: chatChunks({ error: { code: 400, message: "bad", type: "BadRequestError" } }) };
    expect(await refusalOf(brainRequest())).toMatchObject({ status: 400, message: "bad" });
  });

  test("a 404 that is no API error points to the url", async () => {
    const error = await errorAnswer(404, { detail: "Not Found" });
    expect(error).toMatchObject({ status: 502, message: expect.stringContaining("url") as string });
  });
});

describe("the server's key", () => {
  test.each([401, 403])("is not in what is said of status %i", async (status) => {
    const error = await errorAnswer(status, { error: { message: `Incorrect API key provided: my-v***-key, ${key}` } });
    expect(error).toMatchObject({ status, body: { code: "invalid_api_key" } });
    expect(error.message).not.toMatch(/my-v/);
    expect(error.message).toContain("upstreamBrain");
  });

  test("is not blamed for a 403 that is about something else", async () => {
    const error = { message: "Your input was flagged.", code: "content_policy_violation" };
    expect(await errorAnswer(403, { error })).toMatchObject({
      status: 403,
      message: error.message,
      body: { code: error.code },
    });
  });

  test.each<[string, Partial<UpstreamBrainOptions>]>([
    ["as a string", {}],
    ["of a function", { apiKey: () => Promise.resolve(key) }],
    ["as a header", { apiKey: "other-key", headers: { "api-key": key } }],
  ])("%s is cut out of every message", async (_how, options) => {
    const error = { message: `The key ${key} and sk-abcdefghijkl are over quota`, type: `quota of ${key}`, code: key };
    canned.answer = { status: 429, chunks: [JSON.stringify({ error })] };
    const refused = await refusalOf(brainRequest(), options);
    expect(refused.message).toBe("The key [key] and [key] are over quota");
    expect(JSON.stringify(refused.body)).not.toContain(key);
  });

  test("comes from the options, never from the environment", async () => {
    process.env["OPENAI_API_KEY"] = "sk-of-the-environment";
    process.env["OPENAI_ORG_ID"] = "org-of-the-environment";
    try {
      upstream.mock.onMessage(/.*/, { content: "Yes." });
      await outputsOf(upstreamBrain({ url: upstream.url }));
      expect(JSON.stringify(upstream.requests[0]?.headers)).not.toContain("of-the-environment");
    } finally {
      delete process.env["OPENAI_API_KEY"];
      delete process.env["OPENAI_ORG_ID"];
    }
  });
});

test("an upstream that is not there is a 502", async () => {
  const gone = await CannedUpstream.start();
  await gone[Symbol.asyncDispose]();
  const error = await refusalOf(brainRequest(), { url: gone.url });
  expect(error).toMatchObject({ status: 502, message: expect.stringContaining("ECONNREFUSED") as string });
});

test("an upstream that does not begin to answer is a 504", async () => {
  upstream.mock.onMessage("Hi", () => new Promise(() => undefined));
  const error = await refusalOf(brainRequest(), { url: upstream.url, timeoutMs: 30 });
  expect(error).toMatchObject({ status: 504, body: { code: "server_error" } });
});

describe("what the upstream cannot be asked", () => {
  test.each<[string, string, Partial<BrainRequest>]>([
    ["a hosted tool", "tools[0].type", { tools: [{ type: "web_search" }] }],
    ["a hosted choice", "tool_choice", { toolChoice: { type: "file_search" } }],
    ["an item of another kind", "input", { conversation: [{ type: "compaction", encrypted_content: "x" }] }],
    [
      "an image by id",
      "input",
      { conversation: [{ role: "user", content: [{ type: "input_image", file_id: "file_1", detail: "auto" }] }] },
    ],
    [
      "a file by URL",
      "input",
      { conversation: [{ role: "user", content: [{ type: "input_file", file_url: "https://example.com/a.pdf" }] }] },
    ],
  ])("%s is refused, naming it", async (_what, param, fields) => {
    canned.bodies.length = 0;
    const error = await refusalOf(brainRequest(fields));
    expect(error).toMatchObject({ status: 400, body: { param, code: "unsupported_value" } });
    expect(canned.bodies).toEqual([]);
  });
});
