import { createServer, type IncomingHttpHeaders } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  LLMContext,
  LLMTextFrame,
  OpenAIResponsesHttpLLMService,
  type OpenAIResponsesHttpLLMServiceOptions,
} from "turnwire";

interface Received {
  url: string | undefined;
  headers: IncomingHttpHeaders;
  body: Record<string, unknown>;
}

const completed = { type: "response.completed", response: { id: "r1", status: "completed", output: [] } };
const answer = [
  { type: "response.created", response: { id: "r1", model: "gpt-4.1" } },
  { type: "response.output_text.delta", output_index: 0, delta: "Hello" },
  completed,
];

/** A server that answers each request as it is told to. */
async function startServer(): Promise<AsyncDisposable & { url: string; received: Received[]; answer: Answer }> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    let text = "";
    request.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
    request.on("end", () => {
      received.push({ url: request.url, headers: request.headers, body: JSON.parse(text) as Record<string, unknown> });
      const { status, headers, body } = started.answer;
      response.writeHead(status, headers).end(body);
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const started = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    received,
    answer: events(answer),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
  return started;
}

interface Answer {
  status: number;
  headers: Record<string, string>;
  body: string;
}

function events(all: readonly object[]): Answer {
  const body = all.map((event) => `data: ${JSON.stringify(event)}\n\n`).join("");
  return { status: 200, headers: { "Content-Type": "text/event-stream" }, body };
}

let server: Awaited<ReturnType<typeof startServer>>;

beforeEach(async () => {
  server = await startServer();
});

afterEach(() => server[Symbol.asyncDispose]());

async function turn(options: Partial<OpenAIResponsesHttpLLMServiceOptions> = {}): Promise<string> {
  await using llm = new OpenAIResponsesHttpLLMService({ apiKey: "a-key", baseURL: server.url, ...options });
  let text = "";
  for await (const frame of llm.stream(new LLMContext({ messages: [{ role: "user", content: "Hi" }] }))) {
    if (frame instanceof LLMTextFrame) text += frame.text;
  }
  return text;
}

describe("a turn over HTTP", () => {
  test("is one POST of the whole conversation, answered with events", async () => {
    expect(await turn({ organization: "org", project: "proj", defaultHeaders: { "X-Extra": "1" } })).toBe("Hello");
    expect(server.received).toEqual([
      {
        url: "/v1/responses",
        headers: expect.objectContaining({
          authorization: "Bearer a-key",
          "content-type": "application/json",
          accept: "text/event-stream",
          "openai-organization": "org",
          "openai-project": "proj",
          "x-extra": "1",
        }) as IncomingHttpHeaders,
        body: expect.objectContaining({
          stream: true,
          store: false,
          input: [{ type: "message", role: "user", content: "Hi" }],
        }) as Record<string, unknown>,
      },
    ]);
  });

  test("keeps the query of the base URL", async () => {
    await turn({ baseURL: `${server.url}?api-version=1` });
    expect(server.received[0]?.url).toBe("/v1/responses?api-version=1");
  });

  test("sends a header of the caller instead of its own, in upper or lower case", async () => {
    await turn({ defaultHeaders: { authorization: "Custom scheme" } });
    expect(server.received[0]?.headers.authorization).toBe("Custom scheme");
  });

  test("sends Headers, and a key without the line break of its file", async () => {
    await turn({ apiKey: "a-key\n", defaultHeaders: new Headers({ "X-Extra": "1" }) });
    expect(server.received[0]?.headers).toMatchObject({ authorization: "Bearer a-key", "x-extra": "1" });
  });

  test("refuses a key that was fetched and no header can carry", async () => {
    const refused = { code: "invalid_argument", field: "apiKey" };
    await expect(turn({ apiKey: async () => "a\u0000key" })).rejects.toMatchObject(refused);
    expect(server.received).toEqual([]);
  });

  test("takes organisation and project from the environment", async () => {
    process.env["OPENAI_ORG_ID"] = "org-of-env";
    process.env["OPENAI_PROJECT_ID"] = "project-of-env";
    try {
      await turn();
    } finally {
      delete process.env["OPENAI_ORG_ID"];
      delete process.env["OPENAI_PROJECT_ID"];
    }
    const { headers } = server.received[0]!;
    expect([headers["openai-organization"], headers["openai-project"]]).toEqual(["org-of-env", "project-of-env"]);
  });
});

describe("a redirect", () => {
  test("is not followed: it would take the key and the conversation elsewhere", async () => {
    await using elsewhere = await startServer();
    server.answer = { status: 307, headers: { Location: `${elsewhere.url}/responses` }, body: "" };
    await expect(turn()).rejects.toMatchObject({ code: "http_307", status: 307, retryable: false });
    expect(elsewhere.received).toEqual([]);
  });
});

describe("runInference", () => {
  const llmOf = (): OpenAIResponsesHttpLLMService =>
    new OpenAIResponsesHttpLLMService({ apiKey: "a-key", baseURL: server.url });
  const context = new LLMContext({ messages: [{ role: "user", content: "Hi" }] });
  const json = (status: number, body: object): Answer => ({ status, headers: {}, body: JSON.stringify(body) });
  const message = (...content: object[]): object => ({ type: "message", role: "assistant", content });

  test("returns the text of all messages, a refusal included", async () => {
    const text = (part: string): object => ({ type: "output_text", text: part });
    const output = [
      { type: "reasoning", summary: [] },
      message(text("Hello, "), text("Ada")),
      message({ type: "refusal", refusal: "!" }),
    ];
    server.answer = json(200, { id: "r1", status: "completed", output });
    await using llm = llmOf();
    expect(await llm.runInference(context)).toBe("Hello, Ada!");
    expect(server.received[0]).toMatchObject({ headers: { accept: "application/json" }, body: { stream: false } });
  });

  test.each<[string, Answer, object]>([
    ["a failed response", json(200, { status: "failed", error: { code: "x", message: "no" } }), { code: "x" }],
    ["a failed response without a code", json(200, { status: "failed" }), { code: "response_failed" }],
    ["no JSON", { status: 200, headers: {}, body: "<html>" }, { code: "invalid_response" }],
  ])("throws for %s", async (_, answered, error) => {
    server.answer = answered;
    await using llm = llmOf();
    await expect(llm.runInference(context)).rejects.toMatchObject(error);
  });

  test("is retried when the server is busy", async () => {
    const busy = json(503, { error: { code: "slow_down", message: "later" } });
    const output = [message({ type: "output_text", text: "Now." })];
    const answers = [{ ...busy, headers: { "retry-after-ms": "1" } }, json(200, { status: "completed", output })];
    Object.defineProperty(server, "answer", { get: () => answers.shift() });
    await using llm = llmOf();
    expect(await llm.runInference(context)).toBe("Now.");
    expect(server.received).toHaveLength(2);
  });

  test.each<[string, object, string]>([
    [
      "an unknown option",
      { systemInstruction: "x" },
      "systemInstruction: unknown option of runInference(); it is called `instructions`",
    ],
    ["an option of the wrong kind", { maxTokens: 0 }, "maxTokens: expected a whole number of at least 1"],
  ])("refuses %s", async (_, options, said) => {
    await using llm = llmOf();
    await expect(llm.runInference(context, options as never)).rejects.toThrow(said);
    expect(server.received).toEqual([]);
  });
});

describe("a refusal over HTTP", () => {
  test.each<[string, Answer, object]>([
    [
      "of the API",
      {
        status: 400,
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ error: { code: "invalid_value", message: "no", param: "model", type: "invalid" } }),
      },
      { code: "invalid_value", status: 400, param: "model", message: expect.stringContaining("no") as string },
    ],
    [
      "with an error beside others in the body",
      { status: 422, headers: {}, body: JSON.stringify({ detail: "what is wrong" }) },
      { status: 422, message: expect.stringContaining("what is wrong") as string },
    ],
    [
      "of a proxy, as a page",
      { status: 413, headers: { "Content-Type": "text/html" }, body: `<html>${"too large ".repeat(1000)}</html>` },
      { code: "http_413", status: 413, message: expect.stringMatching(/^<html>.{0,550}$/) as string },
    ],
    [
      "without a body",
      { status: 401, headers: {}, body: "" },
      { code: "http_401", status: 401, message: expect.stringContaining("401") as string },
    ],
  ])("%s is a ProviderError that says what it was", async (_, refusal, expected) => {
    server.answer = refusal;
    await expect(turn()).rejects.toMatchObject(expected);
    expect(server.received).toHaveLength(1);
  });

  test("that may pass is retried after the time that it asks for", async () => {
    server.answer = { status: 429, headers: { "retry-after-ms": "5" }, body: "{}" };
    const first = turn();
    while (server.received.length === 0) await new Promise((resolve) => setImmediate(resolve));
    server.answer = events(answer);
    expect(await first).toBe("Hello");
  });

  test("in the events ends the turn with the code", async () => {
    server.answer = events([{ type: "error", error: { code: "server_error", message: "no" } }]);
    await expect(turn({ timeouts: { retryMs: 0 } })).rejects.toMatchObject({ code: "server_error" });
  });

  test("to connect names the reason", async () => {
    const gone = await startServer();
    await gone[Symbol.asyncDispose]();
    await expect(turn({ baseURL: gone.url, timeouts: { retryMs: 0 } })).rejects.toMatchObject({
      code: "connection_failed",
      message: expect.stringContaining("ECONNREFUSED") as string,
    });
  });
});
