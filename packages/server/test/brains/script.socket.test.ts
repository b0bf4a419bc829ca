import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  scriptBrain,
  type ScriptFixture,
  type ScriptReply,
  type ScriptTurn,
} from "../../src/responses/brains/index.ts";
import { type BrainRequest, ResponsesServer } from "../../src/responses/index.ts";
import { VirtualClock } from "@turnwire/test-kit";
import { RawClient, types } from "../responses/support/raw-client.ts";
import { brainRequest, outputsOf, textOf } from "./support/brain-request.ts";

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "turnwire-script-"));
});
afterAll(() => rmSync(directory, { recursive: true }));

const text = async (brain: ReturnType<typeof scriptBrain>, request: BrainRequest): Promise<string> =>
  textOf(await outputsOf(brain, request));

function withOutputs(...outputs: ReadonlyArray<readonly [name: string, output: string]>): BrainRequest {
  const conversation: BrainRequest["conversation"] = [
    { role: "user", content: "Weather?" },
    ...outputs.map(([name], index) => ({
      type: "function_call" as const,
      call_id: `call_${index}`,
      name,
      arguments: "{}",
    })),
    ...outputs.map(([, output], index) => ({
      type: "function_call_output" as const,
      call_id: `call_${index}`,
      output,
    })),
  ];
  return brainRequest({ conversation });
}

describe("a turn is chosen", () => {
  const turns: ScriptTurn[] = [
    { when: { user: "Hello" }, reply: "the whole text" },
    { when: { user: /^hel/gi }, reply: "a pattern" },
    { when: { user: { pattern: "BYE", flags: "i" } }, reply: "a pattern in JSON" },
    { when: { request: 7 }, reply: "the seventh request" },
    { when: { model: "other" }, reply: "another model" },
    { when: { toolOutput: { name: "get_weather", output: /rain/ } }, reply: "an output of a function" },
    { when: { toolOutput: { callId: "call_1" } }, reply: "an output of a call" },
    { when: { user: "Weather?", toolOutput: true }, reply: "any output" },
    { when: { user: "Weather?" }, reply: "before any output" },
  ];

  test("by what the user said, the output, the number and the model", async () => {
    const brain = scriptBrain({ turns, fallback: "none" });
    expect(await text(brain, brainRequest({ input: " Hello\n" }))).toBe("the whole text");
    expect(await text(brain, brainRequest({ input: "hello again" }))).toBe("a pattern");
    expect(await text(brain, brainRequest({ input: "help" }))).toBe("a pattern");
    expect(await text(brain, brainRequest({ input: "Goodbye" }))).toBe("a pattern in JSON");
    expect(await text(brain, brainRequest({ input: "?" }))).toBe("none");
    expect(await text(brain, brainRequest({ input: "?", model: "other" }))).toBe("another model");
    expect(await text(brain, brainRequest({ input: "?" }))).toBe("the seventh request");
  });

  test("by an output only while the conversation ends with outputs", async () => {
    const brain = scriptBrain({ turns, fallback: "none" });
    expect(await text(brain, brainRequest({ input: "Weather?" }))).toBe("before any output");
    expect(await text(brain, withOutputs(["get_weather", "rain"]))).toBe("an output of a function");
    expect(await text(brain, withOutputs(["get_weather", "sun"]))).toBe("any output");
    expect(await text(brain, withOutputs(["other", "rain"], ["other", "sun"]))).toBe("an output of a call");
    const { conversation } = withOutputs(["get_weather", "rain"]);
    const later = brainRequest({ conversation: [...conversation, { role: "user", content: "Thanks" }] });
    expect(await text(brain, later)).toBe("none");
  });

  test("in sequence, while it is not used up", async () => {
    const brain = scriptBrain({
      turns: [
        { reply: "one", times: 1 },
        { reply: "two", times: 2 },
      ],
      fallback: "after",
    });
    const said: string[] = [];
    for (let count = 0; count < 5; count += 1) said.push(await text(brain, brainRequest()));
    expect(said).toEqual(["one", "two", "two", "after", "after"]);
  });

  test("or the request is refused, saying why and nothing of the conversation", async () => {
    const brain = scriptBrain({
      turns: [
        { when: { user: "Hi" }, reply: "one", times: 1 },
        { when: { user: "x" }, reply: "two" },
      ],
    });
    await using server = await ResponsesServer.start({ brain });
    await using client = await RawClient.connect(server.wsURL);
    expect((await client.respond({ input: "Hi" })).type).toBe("response.completed");
    const { status, error } = await client.respond({ input: "a secret" });
    expect(status).toBe(400);
    expect(error.code).toBe("no_scripted_reply");
    expect(error.message).toBe(
      "The script has no reply for request 2, which ends with a message of the user: none of its 2 turns fits, " +
        "and used up are turns[0]. Add a turn, or a fallback.",
    );
  });
});

describe("a reply says", () => {
  const outputs = async (reply: ScriptReply): Promise<unknown> => await outputsOf(scriptBrain({ turns: [{ reply }] }));

  test("every kind of piece", async () => {
    const reply: ScriptReply = [
      { reasoning: "Hm." },
      { text: ["Let ", "me see."] },
      "One two ",
      { call: "a" },
      { call: "b", arguments: { x: 1 }, callId: "call_b" },
      { call: "c", arguments: '{ "x": 1}' },
      { refusal: "No thanks" },
      { usage: { inputTokens: 1, outputTokens: 2 } },
      { incomplete: "content_filter" },
    ];
    expect(await outputs(reply)).toEqual([
      { type: "reasoning", summary: "Hm." },
      { type: "text", delta: "Let " },
      { type: "text", delta: "me see." },
      { type: "text", delta: "One" },
      { type: "text", delta: " two " },
      { type: "function_call", name: "a", arguments: "{}" },
      { type: "function_call", name: "b", arguments: '{"x":1}', callId: "call_b" },
      { type: "function_call", name: "c", arguments: '{ "x": 1}' },
      { type: "refusal", delta: "No" },
      { type: "refusal", delta: " thanks" },
      { type: "usage", inputTokens: 1, outputTokens: 2 },
      { type: "incomplete", reason: "content_filter" },
    ]);
  });

  test("an error, before output and after it", async () => {
    const error = { status: 429, message: "Slow down.", code: "rate_limit_exceeded", headers: { "retry-after": "2" } };
    const fixture: ScriptFixture = { turns: [{ reply: { error }, times: 1 }, { reply: ["Half", { error }] }] };
    await using server = await ResponsesServer.start({ brain: scriptBrain(fixture) });
    await using client = await RawClient.connect(server.wsURL);
    expect(await client.respond({ input: "a" })).toMatchObject({
      type: "error",
      status: 429,
      error: { message: "Slow down.", code: "rate_limit_exceeded", headers: { "retry-after": "2" } },
    });
    const failed = await client.respond({ input: "b" });
    expect(failed).toMatchObject({ type: "response.failed", response: { error: { message: "Slow down." } } });
  });

  test("each piece in its time, and all at once without delays", async () => {
    const reply: ScriptReply = [
      { delayMs: 100 },
      { text: ["a", "b", "c"], delayMs: [10, 20] },
      { call: "d", delayMs: 5 },
    ];
    const clock = new VirtualClock();
    const iterator = scriptBrain({ turns: [{ reply }] }, { environment: { clock } })(brainRequest());
    const said: string[] = [];
    const finished = (async () => {
      for await (const output of iterator) said.push(output.type === "text" ? output.delta : output.type);
    })();
    for (const [ms, expected] of [
      [100, ""],
      [10, "a"],
      [20, "a b c"],
      [5, "a b c function_call"],
    ] as const) {
      await expect.poll(() => clock.pending).toBe(1);
      await clock.advance(ms - 1);
      expect(clock.pending).toBe(1);
      await clock.advance(1);
      await expect.poll(() => said.join(" ")).toBe(expected);
    }
    await finished;
    const still = new VirtualClock();
    expect(
      await outputsOf(scriptBrain({ turns: [{ reply }] }, { environment: { clock: still }, delays: false })),
    ).toHaveLength(4);
    expect(still.now()).toBe(0);
  });

  test("nothing more, until it is cancelled", async () => {
    const brain = scriptBrain({ turns: [{ reply: ["Half", { hang: true }], times: 1 }], fallback: "Whole" });
    await using server = await ResponsesServer.start({ brain, cancel: "honour" });
    await using client = await RawClient.connect(server.wsURL);
    client.create({ input: "a" });
    const events = await client.until("response.output_text.delta");
    client.send({ type: "response.cancel", response_id: events[0]?.response.id });
    expect(types(await client.answer())).toEqual(["response.incomplete"]);
    expect((await client.respond({ input: "b" })).type).toBe("response.completed");
  });
});

describe("a fixture file", () => {
  const fixture: ScriptFixture = {
    version: 1,
    turns: [{ when: { user: { pattern: "^hi", flags: "i" } }, reply: ["Hello", { call: "a" }] }],
  };

  test("is read by its path or URL", async () => {
    const path = join(directory, "good.json");
    writeFileSync(path, JSON.stringify(fixture));
    for (const source of [path, pathToFileURL(path)])
      expect(await text(scriptBrain(source), brainRequest())).toBe("Hello");
  });

  test("that is not there, or is no JSON, is named", () => {
    const path = join(directory, "bad.json");
    expect(() => scriptBrain(path)).toThrow(`fixture: the file ${path} cannot be read (ENOENT)`);
    writeFileSync(path, "{turns}");
    expect(() => scriptBrain(path)).toThrow(`fixture: the file ${path} is not valid JSON`);
  });
});
