import { createOpenAI, type OpenAIProvider } from "@ai-sdk/openai";
import { APICallError, generateObject, generateText, Output, stepCountIs, streamText, tool } from "ai";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { type Brain, ResponsesApiError, ResponsesServer } from "../../src/responses/index.ts";

/** `ai` with `@ai-sdk/openai`, which speaks the Responses API by HTTP, as a client that knows nothing of this server. */
let server: ResponsesServer;
let openai: OpenAIProvider;
beforeAll(async () => {
  server = await ResponsesServer.start();
  openai = createOpenAI({ baseURL: server.url, apiKey: "test" });
});
beforeEach(() => server.reset());
afterAll(() => server.close());

const calculate = tool({
  description: "Evaluates an arithmetic expression.",
  inputSchema: z.object({ expression: z.string() }),
  execute: ({ expression }) => {
    const [a = 0, b = 0] = expression.split("*").map(Number);
    return { result: a * b };
  },
});

async function withBrain<T>(
  brain: Brain,
  use: (openai: OpenAIProvider, server: ResponsesServer) => Promise<T>,
): Promise<T> {
  await using other = await ResponsesServer.start({ brain });
  return await use(createOpenAI({ baseURL: other.url, apiKey: "test" }), other);
}

test("generateText", async () => {
  const { text, usage, finishReason, warnings } = await generateText({
    model: openai.responses("gpt-4.1"),
    system: "Be brief.",
    prompt: "My name is Ada.",
  });
  expect(text).toBe("Nice to meet you, Ada.");
  expect(finishReason).toBe("stop");
  expect(usage.outputTokens).toBeGreaterThan(0);
  expect(warnings ?? []).toEqual([]);
});

test("streamText with tools, in several steps", async () => {
  const result = streamText({
    model: openai.responses("gpt-4.1"),
    prompt: "What is 17 times 23?",
    tools: { calculate },
    stopWhen: stepCountIs(5),
  });
  const parts: string[] = [];
  let text = "";
  for await (const part of result.fullStream) {
    if (part.type === "text-delta") text += part.text;
    if (!part.type.endsWith("-delta")) parts.push(part.type);
  }
  expect(text).toBe("17 * 23 is 391.");
  const step = ["start-step", "finish-step"];
  expect(parts.filter((part) => !part.startsWith("response") && !part.endsWith("-metadata"))).toEqual([
    "start",
    ...[step[0], "tool-input-start", "tool-input-end", "tool-call", "tool-result", step[1]],
    ...[step[0], "text-start", "text-end", step[1]],
    "finish",
  ]);
  expect((await result.steps).map(({ toolCalls }) => toolCalls.map(({ input }) => input))).toEqual([
    [{ expression: "17 * 23" }],
    [],
  ]);
  expect(server.requests.map(({ status, transport }) => [status, transport])).toEqual([
    ["completed", "http"],
    ["completed", "http"],
  ]);
});

test("several turns with the package's own messages", async () => {
  const messages: Parameters<typeof generateText>[0]["messages"] = [{ role: "user", content: "My name is Ada." }];
  const first = await generateText({ model: openai.responses("gpt-4.1"), messages, tools: { calculate } });
  messages.push(...first.response.messages, { role: "user", content: "What is 6 times 7?" });
  const second = await generateText({
    model: openai.responses("gpt-4.1"),
    messages,
    tools: { calculate },
    stopWhen: stepCountIs(5),
    providerOptions: { openai: { store: false } },
  });
  expect(second.text).toBe("6 * 7 is 42.");
  messages.push(...second.response.messages, { role: "user", content: "What is my name?" });
  const third = await generateText({
    model: openai.responses("gpt-4.1"),
    messages,
    providerOptions: { openai: { store: false } },
  });
  expect(third.text).toBe("Your name is Ada.");
});

describe("structured output", () => {
  const schema = z.object({ city: z.string(), degrees: z.number() });
  const shaped: Brain = function* ({ text }) {
    const format = text?.format;
    yield { type: "text", delta: format?.type === "json_schema" ? '{"city":"Paris",' : "no schema" };
    yield { type: "text", delta: '"degrees":14}' };
  };

  test("generateObject", async () => {
    await withBrain(shaped, async (openai, server) => {
      const { object } = await generateObject({ model: openai.responses("gpt-4.1"), schema, prompt: "Weather?" });
      expect(object).toEqual({ city: "Paris", degrees: 14 });
      expect(server.requests[0]?.body["text"]).toMatchObject({ format: { type: "json_schema", strict: true } });
    });
  });

  test("generateObject with the rules brain", async () => {
    const { object } = await generateObject({
      model: openai.responses("gpt-4.1"),
      schema,
      prompt: "It is 14 in Paris.",
    });
    expect(schema.parse(object)).toEqual(object);
  });

  test("streamText with partial objects", async () => {
    await withBrain(shaped, async (openai) => {
      const result = streamText({
        model: openai.responses("gpt-4.1"),
        prompt: "Weather?",
        output: Output.object({ schema }),
      });
      const partials: unknown[] = [];
      for await (const partial of result.partialOutputStream) partials.push(partial);
      expect(partials.at(0)).toEqual({ city: "Paris" });
      expect(partials.at(-1)).toEqual({ city: "Paris", degrees: 14 });
    });
  });
});

test("reasoning, and its encrypted content sent back", async () => {
  const thinking: Brain = function* ({ conversation }) {
    const sealed = conversation.find((item) => item.type === "reasoning");
    if (sealed === undefined) yield { type: "reasoning", summary: "Let me think.", encryptedContent: "sealed" };
    yield { type: "text", delta: sealed?.type === "reasoning" ? String(sealed.encrypted_content) : "Thought." };
  };
  await withBrain(thinking, async (openai) => {
    const providerOptions = {
      openai: { store: false, reasoningSummary: "auto", include: ["reasoning.encrypted_content"] },
    };
    const model = openai.responses("gpt-5");
    const first = await generateText({ model, prompt: "Hi", providerOptions });
    expect(first.reasoningText).toBe("Let me think.");
    const messages = [
      { role: "user" as const, content: "Hi" },
      ...first.response.messages,
      { role: "user" as const, content: "And?" },
    ];
    expect((await generateText({ model, messages, providerOptions })).text).toBe("sealed");
  });
});

test("images reach the brain", async () => {
  const seeing: Brain = function* ({ conversation }) {
    const [item] = conversation;
    const parts = item !== undefined && "content" in item && Array.isArray(item.content) ? item.content : [];
    yield { type: "text", delta: parts.map(({ type }: { type: string }) => type).join(" ") };
  };
  await withBrain(seeing, async (openai) => {
    const content = [
      { type: "text" as const, text: "What is this?" },
      { type: "image" as const, image: new Uint8Array([137, 80, 78, 71]), mediaType: "image/png" },
    ];
    const { text } = await generateText({ model: openai.responses("gpt-4.1"), messages: [{ role: "user", content }] });
    expect(text).toBe("input_text input_image");
  });
});

test("errors are the package's, with what it needs to try again", async () => {
  const busy: Brain = () => {
    throw new ResponsesApiError({
      status: 429,
      code: "rate_limit_exceeded",
      message: "Slow down.",
      headers: { "retry-after": "2" },
    });
  };
  await withBrain(busy, async (openai) => {
    const failed: unknown = await generateText({
      model: openai.responses("gpt-4.1"),
      prompt: "Hi",
      maxRetries: 0,
    }).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(APICallError);
    expect(failed).toMatchObject({ statusCode: 429, isRetryable: true, message: "Slow down." });
  });
});

test("an answer that is aborted ends at the brain", async () => {
  const aborted = Promise.withResolvers<void>();
  const endless: Brain = async function* ({ signal }) {
    signal.addEventListener("abort", () => aborted.resolve());
    for (;;) {
      yield { type: "text", delta: "word " };
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  await withBrain(endless, async (openai) => {
    const controller = new AbortController();
    const result = streamText({
      model: openai.responses("gpt-4.1"),
      prompt: "Hi",
      abortSignal: controller.signal,
      onError: () => undefined,
    });
    const parts: string[] = [];
    for await (const part of result.fullStream) {
      parts.push(part.type);
      if (part.type === "text-delta") controller.abort();
    }
    expect(parts).toContain("abort");
    await aborted.promise;
  });
});
