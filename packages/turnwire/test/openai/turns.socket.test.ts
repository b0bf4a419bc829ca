import {
  FunctionCallsStartedFrame,
  LLMContext,
  LLMFullResponseEndFrame,
  LLMFullResponseStartFrame,
  LLMTextFrame,
  LLMThoughtEndFrame,
  LLMThoughtStartFrame,
  LLMThoughtTextFrame,
  ProviderError,
} from "turnwire";
import { ResponsesApiError } from "@turnwire/server";
import { describe, expect, it } from "vitest";
import { collect, contextOf, endOf, say, textOf } from "@turnwire/test-kit";
import { lines } from "../support/brains.ts";
import { overHttp, overWebsocket } from "../support/setup.ts";

describe.each([
  ["OpenAIResponsesLLMService", overWebsocket],
  ["OpenAIResponsesHttpLLMService", overHttp],
])("%s", (_name, start) => {
  it("streams a text turn between one start and one end frame", async () => {
    await using setup = await start({
      brain: function* () {
        yield { type: "text", delta: "Hello" };
        yield { type: "text", delta: " there." };
      },
    });
    const frames = await collect(setup.llm.stream(contextOf("Hi")));
    expect(frames.map((frame) => frame.constructor)).toEqual([
      LLMFullResponseStartFrame,
      LLMTextFrame,
      LLMTextFrame,
      LLMFullResponseEndFrame,
    ]);
    expect(textOf(frames)).toBe("Hello there.");
    expect(endOf(frames)).toMatchObject({ interrupted: false, incompleteReason: undefined });
    expect(setup.records).toHaveLength(1);
    expect(setup.records[0]).toMatchObject({ number: 1, model: "gpt-4.1", mode: "full", characters: 12, retries: [] });
    expect(setup.records[0]!.usage).toMatchObject({
      inputTokens: expect.any(Number),
      outputTokens: expect.any(Number),
    });
  });

  it("keeps a conversation through respond", async () => {
    await using setup = await start({ brain: lines("One.", "Two.") });
    const context = new LLMContext();
    expect(await say(setup.llm, context, "a")).toBe("One.");
    expect(await say(setup.llm, context, "b")).toBe("Two.");
    expect(context.messages.map((message) => ("role" in message ? message.content : ""))).toEqual([
      "a",
      "One.",
      "b",
      "Two.",
    ]);
    expect(setup.server.requests[1]!.conversation).toHaveLength(3);
  });

  it("gives function calls with the arguments as the model wrote them", async () => {
    await using setup = await start({
      brain: function* () {
        yield { type: "text", delta: "Let me see." };
        yield { type: "function_call", name: "look", arguments: '{"at": "a"}', callId: "call_1" };
        yield { type: "function_call", name: "look", arguments: '{"at": "b"}', callId: "call_2" };
      },
    });
    const frames = await collect(setup.llm.stream(contextOf("Look")));
    const calls = frames.find((frame) => frame instanceof FunctionCallsStartedFrame);
    expect(calls?.functionCalls).toEqual([
      { functionName: "look", toolCallId: "call_1", arguments: '{"at": "a"}' },
      { functionName: "look", toolCallId: "call_2", arguments: '{"at": "b"}' },
    ]);
    expect(textOf(frames)).toBe("Let me see.");
    expect(setup.records[0]).toMatchObject({ functionCalls: 2 });
  });

  it("gives reasoning summaries as thoughts, and sends them back encrypted", async () => {
    let asked = 0;
    await using setup = await start(
      {
        brain: function* () {
          asked += 1;
          if (asked === 1) yield { type: "reasoning", summary: "Thinking hard.", encryptedContent: "opaque" };
          yield { type: "text", delta: "Done." };
        },
      },
      { model: "gpt-5", reasoning: { effort: "low", summary: "auto" } },
    );
    const context = contextOf("Think");
    const frames = await collect(setup.llm.respond(context));
    const thoughts = frames.filter((frame) => frame instanceof LLMThoughtTextFrame);
    expect(thoughts.map(({ text }) => text).join("")).toBe("Thinking hard.");
    expect(frames.some((frame) => frame instanceof LLMThoughtStartFrame)).toBe(true);
    expect(frames.find((frame) => frame instanceof LLMThoughtEndFrame)?.item).toMatchObject({
      type: "reasoning",
      encrypted_content: "opaque",
    });
    // A context of its own: nothing of it is known to the connection, all of it is sent.
    const restored = LLMContext.fromJSON(JSON.parse(JSON.stringify(context)) as ReturnType<LLMContext["toJSON"]>);
    await setup.llm.stop();
    await say(setup.llm, restored, "And?");
    const { input } = setup.server.requests[1]!.body as { input: Array<Record<string, unknown>> };
    expect(input.map(({ type }) => type)).toEqual(["message", "reasoning", "message", "message"]);
    expect(input[1]).toEqual({
      type: "reasoning",
      summary: [{ type: "summary_text", text: "Thinking hard." }],
      encrypted_content: "opaque",
    });
  });

  it("delivers a refusal as text", async () => {
    await using setup = await start({
      brain: function* () {
        yield { type: "refusal", delta: "I can't help " };
        yield { type: "refusal", delta: "with that." };
      },
    });
    const context = contextOf("Do it");
    expect(textOf(await collect(setup.llm.respond(context)))).toBe("I can't help with that.");
    expect(context.messages.at(-1)).toEqual({ role: "assistant", content: "I can't help with that." });
    await say(setup.llm, context, "Please");
    expect(setup.server.requests[1]!.conversation).toHaveLength(3);
  });

  it("says why an answer is incomplete", async () => {
    await using setup = await start({
      brain: function* () {
        yield { type: "text", delta: "Half" };
        yield { type: "incomplete", reason: "content_filter" };
      },
    });
    const context = contextOf("Go on");
    const frames = await collect(setup.llm.respond(context));
    expect(endOf(frames).incompleteReason).toBe("content_filter");
    expect(setup.records[0]).toMatchObject({ incompleteReason: "content_filter" });
    expect(context.messages.at(-1)).toEqual({ role: "assistant", content: "Half" });
  });

  it("throws the provider's error after the end frame, with its code, status and field", async () => {
    await using setup = await start({
      // eslint-disable-next-line require-yield -- it fails before it says anything.
      brain: function* () {
        throw new ResponsesApiError({
          status: 400,
          type: "invalid_request_error",
          code: "context_length_exceeded",
          message: "Too long; key sk-proj-abcdefgh12345678 was fine.",
          param: "input",
        });
      },
    });
    const frames: unknown[] = [];
    const run = async (): Promise<void> => {
      for await (const frame of setup.llm.stream(contextOf("Hi"))) frames.push(frame);
    };
    const error = await run().catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(ProviderError);
    expect(error).toMatchObject({ code: "context_length_exceeded", status: 400, param: "input", retryable: false });
    expect((error as Error).message).not.toContain("sk-proj");
    expect(frames.at(-1)).toBeInstanceOf(LLMFullResponseEndFrame);
    expect(setup.records[0]).toMatchObject({ error: "context_length_exceeded" });
  });

  it("throws what a failed response says, and keeps what was said before", async () => {
    let asked = 0;
    await using setup = await start({
      brain: function* () {
        asked += 1;
        yield { type: "text", delta: "Before." };
        if (asked === 1) throw new ResponsesApiError({ status: 500, code: "server_error", message: "Boom" });
      },
    });
    const context = contextOf("Hi");
    await expect(collect(setup.llm.respond(context))).rejects.toMatchObject({
      code: "server_error",
      responseId: expect.stringMatching(/^resp_/),
    });
    expect(context.messages.at(-1)).toEqual({ role: "assistant", content: "Before." });
    expect(await say(setup.llm, context, "Again")).toBe("Before.");
  });

  it("answers runInference over HTTP, outside of the conversation", async () => {
    await using setup = await start({
      brain: function* ({ instructions, maxOutputTokens, text, tools }) {
        yield { type: "text", delta: JSON.stringify({ instructions, maxOutputTokens, format: text, tools }) };
      },
    });
    const context = contextOf("Hi");
    const schema = {
      type: "object",
      properties: { a: { type: "string" } },
      required: ["a"],
      additionalProperties: false,
    };
    const answer = await setup.llm.runInference(context, {
      instructions: "Title this.",
      maxTokens: 400,
      responseFormat: { name: "title", schema },
    });
    expect(JSON.parse(answer)).toMatchObject({
      instructions: "Title this.",
      maxOutputTokens: 400,
      format: { format: { type: "json_schema", name: "title", strict: true, schema } },
      tools: [],
    });
    expect(setup.server.requests.map(({ transport }) => transport)).toEqual(["http"]);
    expect(context.messages).toHaveLength(1);
    expect(setup.records).toEqual([]);
  });

  it("rejects runInference with the provider's error, and with the signal's reason", async () => {
    await using setup = await start({
      // eslint-disable-next-line require-yield -- it fails before it says anything.
      brain: function* () {
        throw new ResponsesApiError({ status: 401, code: "invalid_api_key", message: "Wrong key" });
      },
    });
    await expect(setup.llm.runInference(contextOf("Hi"))).rejects.toMatchObject({
      code: "invalid_api_key",
      status: 401,
    });
    const reason = new Error("changed my mind");
    const signal = AbortSignal.abort(reason);
    await expect(setup.llm.runInference(contextOf("Hi"), { signal })).rejects.toBe(reason);
  });

  it("marks an aborted turn's end frame, and ends quietly", async () => {
    await using setup = await start({
      brain: async function* ({ signal }) {
        yield { type: "text", delta: "First. " };
        await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
        yield { type: "text", delta: "Second." };
      },
      cancel: "honour",
    });
    const controller = new AbortController();
    const context = contextOf("Talk");
    const frames = [];
    for await (const frame of setup.llm.respond(context, { signal: controller.signal })) {
      frames.push(frame);
      if (frame instanceof LLMTextFrame) controller.abort();
    }
    expect(textOf(frames)).toBe("First. ");
    expect(endOf(frames).interrupted).toBe(true);
    expect(setup.records[0]).toMatchObject({ interrupted: true, characters: 7 });
    expect(context.messages.at(-1)).toEqual({ role: "assistant", content: "First. " });
  });

  it("opens nothing for a signal that has fired already", async () => {
    await using setup = await start();
    const frames = await collect(setup.llm.stream(contextOf("Hi"), { signal: AbortSignal.abort() }));
    expect(endOf(frames).interrupted).toBe(true);
    expect(setup.server.requests).toEqual([]);
    expect(setup.server.connections).toEqual([]);
  });

  it("books the whole time of a turn", async () => {
    await using setup = await start();
    await collect(setup.llm.stream(contextOf("Hi")));
    const { totalMs, ...parts } = setup.records[0]!.times;
    expect(Object.values(parts).reduce((sum, ms) => sum + ms, 0)).toBeCloseTo(totalMs, 6);
    expect(Math.min(...Object.values(parts))).toBeGreaterThanOrEqual(0);
  });
});
