import { defineTool, InvalidArgumentError, LLMContext, type LLMMessage, OpenAIResponsesLLMService } from "turnwire";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { collect, contextOf, say, ScriptedServer, user } from "@turnwire/test-kit";
import { lines } from "../support/brains.ts";
import { overWebsocket, type Setup } from "../support/setup.ts";

type Body = Record<string, unknown>;

async function bodyOf(
  settings: Record<string, unknown>,
  context: LLMContext = contextOf("Hi"),
  options: Record<string, unknown> = {},
): Promise<{ body: Body; warnings: string[] }> {
  await using setup = await overWebsocket({ brain: lines("ok") }, { ...settings, ...options });
  await collect(setup.llm.stream(context));
  return { body: setup.server.requests[0]!.body, warnings: setup.logger.warned };
}

describe("a request", () => {
  it("holds what is set and nothing else, never null", async () => {
    const { body } = await bodyOf({});
    expect(body).toEqual({
      type: "response.create",
      stream_id: "1",
      model: "gpt-4.1",
      store: false,
      input: [{ type: "message", role: "user", content: "Hi" }],
    });
  });

  it("names the settings as the API does", async () => {
    const tool = defineTool({ name: "look", description: "Looks.", parameters: { type: "object", properties: {} } });
    const context = new LLMContext({
      messages: [user("Hi")],
      tools: [tool],
      toolChoice: { type: "function", function: { name: "look" } },
    });
    const { body } = await bodyOf(
      {
        model: "gpt-4o",
        instructions: "Be brief.",
        temperature: 0,
        topP: 1,
        maxTokens: 64,
        extra: { user: "u" },
      },
      context,
      { serviceTier: "priority" },
    );
    expect(body).toMatchObject({
      model: "gpt-4o",
      instructions: "Be brief.",
      temperature: 0,
      top_p: 1,
      max_output_tokens: 64,
      service_tier: "priority",
      user: "u",
      tools: [
        {
          type: "function",
          name: "look",
          description: "Looks.",
          strict: false,
          parameters: { type: "object", properties: {} },
        },
      ],
      tool_choice: { type: "function", name: "look" },
    });
  });

  it("lets extra fields go before its own", async () => {
    const { body } = await bodyOf({ extra: { store: true, include: ["message.output_text.logprobs"] } });
    expect(body).toMatchObject({ store: true, include: ["message.output_text.logprobs"] });
  });

  it.each([
    ["gpt-4.1", undefined, undefined, undefined],
    ["gpt-4o-mini", undefined, undefined, undefined],
    ["o3", undefined, undefined, ["reasoning.encrypted_content"]],
    ["o4-mini", undefined, undefined, ["reasoning.encrypted_content"]],
    ["gpt-5", undefined, { effort: "none" }, undefined],
    ["gpt-5.2-mini", undefined, { effort: "none" }, undefined],
    ["gpt-6", undefined, { effort: "none" }, undefined],
    ["gpt-10-turbo", undefined, { effort: "none" }, undefined],
    ["ft:gpt-5-mini:acme::1", undefined, { effort: "none" }, undefined],
    ["gpt-5-chat-latest", undefined, undefined, undefined],
    ["llama-4", undefined, undefined, undefined],
    ["gpt-5", { effort: "high" }, { effort: "high" }, ["reasoning.encrypted_content"]],
    ["llama-4", { effort: "low" }, { effort: "low" }, ["reasoning.encrypted_content"]],
  ])("asks %s with reasoning %o for %o", async (model, reasoning, sent, include) => {
    const { body, warnings } = await bodyOf({ model, ...(reasoning === undefined ? {} : { reasoning }) });
    expect(body["reasoning"]).toEqual(sent);
    expect(body["include"]).toEqual(include);
    expect(warnings).toEqual([]);
  });

  it("warns once of a reasoning setting for a model known not to reason", async () => {
    await using setup = await overWebsocket({ brain: lines("ok") }, { model: "gpt-4.1", reasoning: { effort: "low" } });
    const context = new LLMContext();
    await say(setup.llm, context, "a");
    await say(setup.llm, context, "b");
    expect(setup.logger.warned).toEqual([expect.stringContaining("gpt-4.1 is not known to reason")]);
  });

  it("follows settings changed while running, and forgets one set to undefined", async () => {
    await using setup = await overWebsocket({ brain: lines("ok") }, { temperature: 1 });
    const context = new LLMContext();
    await say(setup.llm, context, "a");
    setup.llm.updateSettings({ model: "gpt-4o", temperature: undefined, instructions: "New." });
    await say(setup.llm, context, "b");
    expect(setup.server.requests[1]!.body).toMatchObject({ model: "gpt-4o", instructions: "New." });
    expect(setup.server.requests[1]!.body).not.toHaveProperty("temperature");
    expect(setup.records[1]).toMatchObject({ mode: "incremental" });
  });

  it.each([
    [{ temperature: 3 }, "temperature: expected a number from 0 to 2, got the number 3"],
    [{ model: "" }, "model: expected a non-empty string, got an empty string"],
    [{ maxTokens: 1.5 }, "maxTokens: expected a whole number of at least 1, got the number 1.5"],
    [{ reasoning: "high" }, "reasoning: expected an object with effort, summary, got a string"],
    [{ temprature: 1 }, "temprature: unknown setting of updateSettings(); did you mean `temperature`?"],
    [{ apiKey: "k" }, "apiKey: unknown setting of updateSettings(); it is an option of the constructor"],
    [{ max_output_tokens: 1 }, "max_output_tokens: unknown setting of updateSettings(); it is called `maxTokens`"],
  ])("refuses %o by name", async (changes, said) => {
    await using setup = await overWebsocket();
    const change = (): void => setup.llm.updateSettings(changes as never);
    expect(change).toThrow(InvalidArgumentError);
    expect(change).toThrow(said);
  });
});

describe("messages", () => {
  let setup: Setup<OpenAIResponsesLLMService>;
  beforeAll(async () => {
    setup = await overWebsocket({ brain: lines("ok") });
  });
  afterAll(() => setup[Symbol.asyncDispose]());

  async function inputOf(...messages: LLMMessage[]): Promise<unknown> {
    await setup.llm.stop();
    setup.server.reset();
    await collect(setup.llm.stream(new LLMContext({ messages })));
    return (setup.server.requests[0]!.body as Body)["input"];
  }

  it("keep their roles", async () => {
    expect(
      await inputOf(
        { role: "system", content: "s" },
        { role: "developer", content: "d" },
        { role: "user", content: "u", name: "Ada" },
        { role: "assistant", content: "a" },
        user("v"),
      ),
    ).toEqual([
      { type: "message", role: "system", content: "s" },
      { type: "message", role: "developer", content: "d" },
      { type: "message", role: "user", content: "u" },
      { type: "message", role: "assistant", content: "a" },
      { type: "message", role: "user", content: "v" },
    ]);
  });

  it("carry text, images and files", async () => {
    const image = "data:image/png;base64,AAAA";
    expect(
      await inputOf({
        role: "user",
        content: [
          { type: "text", text: "Look" },
          { type: "image_url", image_url: { url: image } },
          { type: "image_url", image_url: { url: image, detail: "low" } },
          { type: "file", file: { file_data: "data:application/pdf;base64,AA", filename: "a.pdf" } },
          { type: "file", file: { file_id: "file_1" } },
        ],
      }),
    ).toEqual([
      {
        type: "message",
        role: "user",
        content: [
          { type: "input_text", text: "Look" },
          { type: "input_image", image_url: image, detail: "auto" },
          { type: "input_image", image_url: image, detail: "low" },
          { type: "input_file", file_data: "data:application/pdf;base64,AA", filename: "a.pdf" },
          { type: "input_file", file_id: "file_1" },
        ],
      },
    ]);
  });

  it("carry audio, for the servers that take it", async () => {
    const part = { type: "input_audio" as const, input_audio: { data: "AA", format: "wav" as const } };
    await using server = await ScriptedServer.start((_message, peer) => peer.respond("r1", "heard"));
    await using llm = new OpenAIResponsesLLMService({ apiKey: "k", baseURL: server.url });
    await collect(llm.stream(new LLMContext({ messages: [{ role: "user", content: [part] }] })));
    expect(server.received[0]!["input"]).toEqual([{ type: "message", role: "user", content: [part] }]);
  });

  it("carry calls and outputs, in text or parts", async () => {
    const call = (id: string): LLMMessage => ({
      role: "assistant",
      content: "Wait.",
      tool_calls: [{ id, type: "function", function: { name: "look", arguments: "{}" } }],
    });
    expect(
      await inputOf(user("a"), call("1"), {
        role: "tool",
        tool_call_id: "1",
        content: [{ type: "text", text: "seen" }],
      }),
    ).toEqual([
      { type: "message", role: "user", content: "a" },
      { type: "message", role: "assistant", content: "Wait." },
      { type: "function_call", call_id: "1", name: "look", arguments: "{}" },
      { type: "function_call_output", call_id: "1", output: [{ type: "input_text", text: "seen" }] },
    ]);
  });

  it("get an output for a call that has none, and lose one that has no call", async () => {
    const input = (await inputOf(
      user("a"),
      {
        role: "assistant",
        content: null,
        tool_calls: [{ id: "1", type: "function", function: { name: "look", arguments: "{}" } }],
      },
      user("b"),
      { role: "tool", tool_call_id: "gone", content: "late" },
    )) as Body[];
    expect(input.map(({ type, call_id: id }) => [type, id])).toEqual([
      ["message", undefined],
      ["function_call", "1"],
      ["function_call_output", "1"],
      ["message", undefined],
    ]);
    expect(setup.logger.warned).toEqual(["a function output without its call was left out of the conversation"]);
  });

  it("of other providers are left out, ours pass as they are", async () => {
    expect(
      await inputOf(
        user("a"),
        { llm: "other", message: { anything: true } },
        { llm: "openai", message: { type: "message", role: "developer", content: "raw" } },
        user("b"),
      ),
    ).toEqual([
      { type: "message", role: "user", content: "a" },
      { type: "message", role: "developer", content: "raw" },
      { type: "message", role: "user", content: "b" },
    ]);
  });

  it("leave out a thought without encrypted content, and one that nothing follows", async () => {
    const thought = (encrypted?: string): LLMMessage => ({
      llm: "openai",
      message: { type: "reasoning", id: "rs_1", summary: [], encrypted_content: encrypted },
    });
    expect(
      await inputOf(user("a"), thought(), { role: "assistant", content: "b" }, thought("x"), user("c"), thought("y")),
    ).toEqual([
      { type: "message", role: "user", content: "a" },
      { type: "message", role: "assistant", content: "b" },
      { type: "message", role: "user", content: "c" },
    ]);
  });

  it.each<[LLMMessage, string]>([
    [{ role: "assistant", audio: { id: "audio_1" } }, "messages[0].audio"],
    [{ role: "assistant", function_call: { name: "look", arguments: "{}" } }, "messages[0].function_call"],
  ])("that cannot be sent are refused by name: %o", async (message, field) => {
    const run = collect(setup.llm.stream(new LLMContext({ messages: [message] })));
    await expect(run).rejects.toMatchObject({ code: "invalid_argument", field });
  });
});
