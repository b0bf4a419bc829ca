import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { upstreamBrain } from "../../src/responses/brains/index.ts";
import { readOptions } from "../../src/responses/brains/upstream/options.ts";
import { type BrainOutput, type BrainRequest, ResponsesServer } from "../../src/responses/index.ts";
import { brainRequest, outputsOf } from "./support/brain-request.ts";
import { CannedUpstream, chatChunks, sse } from "./support/canned-upstream.ts";

/** Messages of real model servers that the types of the `openai` package do not have. */
let canned: CannedUpstream;
beforeAll(async () => {
  canned = await CannedUpstream.start();
});
afterAll(() => canned[Symbol.asyncDispose]());

async function said(chunks: readonly string[], fields: Partial<BrainRequest> = {}): Promise<BrainOutput[]> {
  canned.answer = { chunks };
  return await outputsOf(upstreamBrain({ url: canned.url }), brainRequest(fields));
}

const call = (fields: object): object => ({ delta: { tool_calls: [fields] } });
const done = { delta: {}, finish_reason: "tool_calls" };

describe("function calls", () => {
  test("in deltas of every size, side by side", async () => {
    const chunks = chatChunks(
      call({ index: 0, id: "call_a", type: "function", function: { name: "a", arguments: "" } }),
      call({ index: 0, function: { arguments: '{"x"' } }),
      call({ index: 1, id: "call_b", type: "function", function: { name: "b", arguments: "{" } }),
      call({ index: 0, function: { arguments: ":1}" } }),
      call({ index: 1, function: { arguments: "}" } }),
      done,
    );
    // Cut where no event ends.
    const text = chunks.join("");
    const pieces = text.match(/[^]{1,17}/g) ?? [];
    expect(await said(pieces)).toEqual([
      { type: "function_call", name: "a", arguments: '{"x":1}', callId: "call_a" },
      { type: "function_call", name: "b", arguments: "{}", callId: "call_b" },
    ]);
  });

  test("all numbered 0, or not numbered", async () => {
    const outputs = [
      { type: "function_call", name: "a", arguments: "{}", callId: "call_a" },
      { type: "function_call", name: "b", arguments: '{"y":2}', callId: "call_b" },
    ];
    for (const index of [{ index: 0 }, {}]) {
      const chunks = chatChunks(
        call({ ...index, id: "call_a", function: { name: "a", arguments: "{}" } }),
        call({ ...index, id: "call_b", function: { name: "b", arguments: { y: 2 } } }),
        done,
      );
      expect(await said(chunks)).toEqual(outputs);
    }
  });

  test("without arguments or an id, or with an id that was used before", async () => {
    const conversation: BrainRequest["conversation"] = [
      { role: "user", content: "Hi" },
      { type: "function_call", call_id: "call_1", name: "a", arguments: "{}" },
      { type: "function_call_output", call_id: "call_1", output: "1" },
    ];
    const chunks = chatChunks(
      call({ index: 0, id: "", function: { name: "a" } }),
      call({ index: 1, id: "call_1", function: { name: "b", arguments: "" } }),
      done,
    );
    expect(await said(chunks, { conversation })).toEqual([
      { type: "function_call", name: "a", arguments: "{}" },
      { type: "function_call", name: "b", arguments: "{}" },
    ]);
  });

  test("cut off at the limit are left out", async () => {
    const chunks = chatChunks(
      call({ index: 0, id: "call_a", function: { name: "a", arguments: "{}" } }),
      call({ index: 1, id: "call_b", function: { name: "b", arguments: '{"y":' } }),
      { delta: {}, finish_reason: "length" },
    );
    expect(await said(chunks)).toEqual([
      { type: "function_call", name: "a", arguments: "{}", callId: "call_a" },
      { type: "incomplete", reason: "max_output_tokens" },
    ]);
  });

  test("with arguments that are no JSON are the client's to answer, and sent back as empty", async () => {
    const chunks = chatChunks(call({ index: 0, id: "call_a", function: { name: "a", arguments: "{x" } }), done);
    expect(await said(chunks)).toEqual([{ type: "function_call", name: "a", arguments: "{x", callId: "call_a" }]);
    await said(chunks, {
      conversation: [
        { role: "user", content: "Hi" },
        { type: "function_call", call_id: "call_a", name: "a", arguments: "{x" },
        { type: "function_call_output", call_id: "call_a", output: "not JSON" },
      ],
    });
    expect(canned.bodies.at(-1)?.["messages"]).toMatchObject([
      {},
      { tool_calls: [{ function: { arguments: "{}" } }] },
      {},
    ]);
  });

  test("without a name are an error", async () => {
    await expect(
      said(chatChunks(call({ index: 0, id: "call_a", function: { arguments: "{}" } }), done)),
    ).rejects.toThrow("without a name");
  });
});

test.each(["reasoning_content", "reasoning"])("a thought in %s comes before what it led to", async (field) => {
  const chunks = chatChunks(
    { delta: { role: "assistant", content: null, [field]: "Let me " } },
    { delta: { content: "", [field]: "see." } },
    { delta: { content: "Yes." } },
    { delta: { refusal: "No." }, finish_reason: "stop" },
    {
      choices: [],
      usage: { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7, prompt_tokens_details: { cached_tokens: 2 } },
    },
  );
  expect(await said(chunks)).toEqual([
    { type: "reasoning", summary: "Let me see." },
    { type: "text", delta: "Yes." },
    { type: "refusal", delta: "No." },
    { type: "usage", inputTokens: 3, outputTokens: 4, cachedTokens: 2 },
  ]);
});

describe("a stream that ends too early", () => {
  const hello = { delta: { content: "Hello" } };

  test("without a finish_reason is an error after what it said", async () => {
    await expect(said(chatChunks(hello))).rejects.toMatchObject({ status: 502, body: { code: "server_error" } });
  });

  test("with JSON that is none is an error", async () => {
    await expect(said(["data: {oops\n\n"])).rejects.toMatchObject({ status: 502 });
  });

  test("with its connection is an error after what it said", async () => {
    canned.answer = { chunks: [chatChunks(hello)[0] ?? ""], cut: true };
    const heard: BrainOutput[] = [];
    const listening = (async () => {
      for await (const output of upstreamBrain({ url: canned.url })(brainRequest())) heard.push(output);
    })();
    await expect(listening).rejects.toMatchObject({ status: 502, body: { code: "server_error" } });
    expect(heard).toEqual([{ type: "text", delta: "Hello" }]);
  });

  test("that is no stream at all is an error", async () => {
    canned.answer = { headers: { "content-type": "application/json" }, chunks: ['{"choices":[]}'] };
    await expect(outputsOf(upstreamBrain({ url: canned.url }))).rejects.toMatchObject({ status: 502 });
  });
});

describe("conversations that are not in order", () => {
  test("outputs stand behind their calls, thoughts only before the current calls", async () => {
    await said(chatChunks({ delta: { content: "Yes." }, finish_reason: "stop" }), {
      instructions: "Be brief.",
      conversation: [
        { role: "developer", content: "And kind." },
        {
          role: "user",
          content: [
            { type: "input_text", text: "One" },
            { type: "input_text", text: "two" },
          ],
        },
        { type: "reasoning", id: "rs_1", summary: [{ type: "summary_text", text: "An old thought." }] },
        { type: "function_call", call_id: "call_1", name: "a", arguments: "{}" },
        { type: "function_call_output", call_id: "call_1", output: "first" },
        {
          role: "assistant",
          content: [{ type: "refusal", refusal: "I will not." }],
          id: "msg_1",
          type: "message",
          status: "completed",
        },
        { role: "user", content: "Again" },
        { type: "reasoning", id: "rs_2", summary: [{ type: "summary_text", text: "A new thought." }] },
        { role: "assistant", content: "Let me see." },
        { type: "function_call", call_id: "call_1", name: "a", arguments: "{}" },
        { type: "function_call", call_id: "call_2", name: "a", arguments: "{}" },
        { type: "function_call_output", call_id: "call_2", output: "third" },
        { role: "assistant", content: "One is there." },
        { type: "function_call_output", call_id: "call_1", output: "second" },
      ] as BrainRequest["conversation"],
    });
    const calls = (...ids: string[]): object[] =>
      ids.map((id) => ({ id, type: "function", function: { name: "a", arguments: "{}" } }));
    expect(canned.bodies.at(-1)?.["messages"]).toEqual([
      { role: "system", content: "Be brief.\n\nAnd kind." },
      { role: "user", content: "One\ntwo" },
      { role: "assistant", content: "", tool_calls: calls("call_1") },
      { role: "tool", tool_call_id: "call_1", content: "first" },
      { role: "assistant", content: "I will not." },
      { role: "user", content: "Again" },
      {
        role: "assistant",
        content: "Let me see.",
        tool_calls: calls("call_1", "call_2"),
        reasoning_content: "A new thought.",
      },
      { role: "tool", tool_call_id: "call_1", content: "second" },
      { role: "tool", tool_call_id: "call_2", content: "third" },
      { role: "assistant", content: "One is there." },
    ]);
  });
});

describe("what is left out or put in other words", () => {
  const yes = chatChunks({ delta: { content: "Yes." }, finish_reason: "stop" });
  const thoughtful: BrainRequest["conversation"] = [
    { role: "user", content: "Hi" },
    { type: "reasoning", id: "rs_1", summary: [], content: [{ type: "reasoning_text", text: "A thought." }] },
    { type: "function_call", call_id: "call_1", name: "a", arguments: "{}" },
    { type: "function_call_output", call_id: "call_1", output: "done" },
  ];

  test.each([true, false])("thoughts, with sendReasoning: %s", async (sendReasoning) => {
    canned.answer = { chunks: yes };
    await outputsOf(upstreamBrain({ url: canned.url, sendReasoning }), brainRequest({ conversation: thoughtful }));
    const thought = sendReasoning ? { reasoning_content: "A thought." } : {};
    expect(canned.bodies.at(-1)?.["messages"]).toEqual([
      { role: "user", content: "Hi" },
      {
        role: "assistant",
        content: "",
        tool_calls: [{ id: "call_1", type: "function", function: { name: "a", arguments: "{}" } }],
        ...thought,
      },
      { role: "tool", tool_call_id: "call_1", content: "done" },
    ]);
  });

  test("a compaction of this server's is words for either kind of upstream; another's is not for chat", async () => {
    await using server = await ResponsesServer.start();
    const response = await fetch(`${server.url}/responses/compact`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ model: "m", input: [{ role: "assistant", content: "I am a gist." }] }),
    });
    const { output } = (await response.json()) as { output: BrainRequest["conversation"] };
    const conversation = [...output, { role: "user" as const, content: "Hi" }];
    await said(yes, { conversation });
    expect(JSON.stringify(canned.bodies.at(-1)?.["messages"])).toMatch(/"system".*I am a gist\./);
    canned.answer = { chunks: [sse({ type: "response.completed", response: { status: "completed", output: [] } })] };
    await outputsOf(upstreamBrain({ url: canned.url, api: "responses" }), brainRequest({ conversation }));
    expect(JSON.stringify(canned.bodies.at(-1)?.["input"])).toMatch(/"developer".*I am a gist\./);
    const foreign: BrainRequest["conversation"] = [{ type: "compaction", encrypted_content: "x" }];
    await expect(said(yes, { conversation: foreign })).rejects.toMatchObject({ status: 400 });
  });

  test("the limit goes by the name that the upstream knows", () => {
    const fieldFor = (url: string): string => readOptions({ url }).maxTokensField;
    expect(fieldFor("https://api.openai.com/v1")).toBe("max_completion_tokens");
    expect(fieldFor("https://me.openai.azure.com/openai/v1")).toBe("max_completion_tokens");
    expect(fieldFor("http://127.0.0.1:11434/v1")).toBe("max_tokens");
    expect(fieldFor("https://not-openai.com/v1")).toBe("max_tokens");
  });

  test("a URL without a path means /v1", () => {
    expect(readOptions({ url: "http://localhost:11434" }).baseURL).toBe("http://localhost:11434/v1");
    expect(readOptions({ url: "https://example.com/api/v3/" }).baseURL).toBe("https://example.com/api/v3");
  });
});

describe("a Responses server", () => {
  const brain = (): ReturnType<typeof upstreamBrain> => upstreamBrain({ url: canned.url, api: "responses" });
  const message = (text: string): object => ({
    type: "message",
    role: "assistant",
    content: [{ type: "output_text", text }],
  });

  test("that leaves out events is believed at the end", async () => {
    const output = [
      { type: "reasoning", summary: [], content: [{ type: "reasoning_text", text: "Hm." }] },
      message("Hello"),
      { type: "function_call", call_id: "call_1", name: "a", arguments: "{}" },
    ];
    canned.answer = {
      chunks: [
        sse({ type: "response.output_item.done", output_index: 0, item: output[0] }),
        sse({ type: "response.output_text.delta", output_index: 1, delta: "Hello" }),
        sse({ type: "response.completed", response: { status: "completed", output } }),
      ],
    };
    expect(await outputsOf(brain())).toEqual([
      { type: "reasoning", summary: "Hm.", encryptedContent: "turnwire-upstream-none" },
      { type: "text", delta: "Hello" },
      { type: "function_call", name: "a", arguments: "{}", callId: "call_1" },
    ]);
  });

  test.each([
    [
      "response.failed",
      { type: "response.failed", response: { error: { code: "rate_limit_exceeded", message: "Slow." } } },
    ],
    ["a flat error", { type: "error", code: "rate_limit_exceeded", message: "Slow." }],
    ["a wrapped error", { type: "error", error: { code: "rate_limit_exceeded", message: "Slow." } }],
  ])("that fails by %s", async (_how, event) => {
    canned.answer = { chunks: [sse(event)] };
    await expect(outputsOf(brain())).rejects.toMatchObject({ message: "Slow.", body: { code: "rate_limit_exceeded" } });
  });

  test("that breaks off is an error", async () => {
    canned.answer = { chunks: [sse({ type: "response.output_text.delta", output_index: 0, delta: "Hel" })] };
    await expect(outputsOf(brain())).rejects.toThrow("ended before its answer did");
  });
});
