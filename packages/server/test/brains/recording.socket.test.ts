import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { InvalidArgumentError } from "turnwire/internal";
import { recordingBrain, scriptBrain, type ScriptFixture, upstreamBrain } from "../../src/responses/brains/index.ts";
import { type Brain, ResponsesApiError, ResponsesServer } from "../../src/responses/index.ts";
import { VirtualClock } from "@turnwire/test-kit";
import { RawClient, types, type WireEvent } from "../responses/support/raw-client.ts";
import { Aimock } from "./support/aimock.ts";
import { brainRequest, outputsOf } from "./support/brain-request.ts";

let upstream: Aimock;
let directory: string;
let path: string;
beforeAll(async () => {
  upstream = await Aimock.start();
  directory = mkdtempSync(join(tmpdir(), "turnwire-recording-"));
  path = join(directory, "recording.json");
});
afterEach(() => upstream.reset());
afterAll(async () => {
  rmSync(directory, { recursive: true });
  await upstream[Symbol.asyncDispose]();
});

const recorded = (): ScriptFixture => JSON.parse(readFileSync(path, "utf8")) as ScriptFixture;
const tools = [{ type: "function", name: "get_weather", parameters: {}, strict: false }];

/** One response without the server's ids and times. */
function seen(events: readonly WireEvent[]): unknown {
  const deltas = events.map((event) => event.delta).filter((delta) => delta !== undefined);
  const last = events.at(-1) as WireEvent;
  const output = last.response?.output.map(({ type, status, call_id, name, arguments: args, content }) => ({
    ...{ type, status, call_id, name, args, content },
  }));
  return { types: types(events), deltas, output, usage: last.response?.usage, error: last.error };
}

/** A conversation with a tool turn, an error that is tried again, a cancelled answer, and one more turn. */
async function converse(brain: Brain): Promise<unknown[]> {
  await using server = await ResponsesServer.start({ brain, cancel: "honour" });
  await using client = await RawClient.connect(server.wsURL);
  const story: unknown[] = [];
  const respond = async (fields: object): Promise<string | undefined> => {
    client.create({ tools, ...fields });
    const events = await client.answer();
    story.push(seen(events));
    return events.at(-1)?.response?.id;
  };
  const asked = await respond({ input: "Weather in Paris and Rome?" });
  const outputs = ["call_a", "call_b"].map((call_id) => ({ type: "function_call_output", call_id, output: "14 °C" }));
  const answered = await respond({ input: outputs, previous_response_id: asked });
  await respond({ input: "Busy?" });
  await respond({ input: "Busy?" });
  client.create({ input: "Tell me a long story." });
  const begun = await client.until("response.output_text.delta");
  client.send({ type: "response.cancel", response_id: begun[0]?.response.id });
  story.push(types(await client.answer()).at(-1));
  expect(answered).toBeDefined();
  await respond({ input: "Thanks!" });
  return story;
}

test("a recorded conversation with a real upstream, replayed, is the same conversation", async () => {
  const { mock } = upstream;
  mock.onToolResult("call_b", {
    content: "14 °C in both.",
    usage: { prompt_tokens: 30, completion_tokens: 6, total_tokens: 36 },
  });
  mock.onMessage("Weather in Paris and Rome?", {
    toolCalls: [
      { id: "call_a", name: "get_weather", arguments: '{"city":"Paris"}' },
      { id: "call_b", name: "get_weather", arguments: '{"city":"Rome"}' },
    ],
    reasoning: "Two calls.",
  });
  mock.onMessage("Busy?", { content: "Not any more." });
  mock.onMessage("Tell me a long story.", { content: "word ".repeat(500) }, { chunkSize: 5, latency: 2 });
  mock.onMessage("Thanks!", { content: "You are welcome.", finishReason: "length" }, { chunkSize: 4 });
  let busy = true;
  const brain = upstreamBrain({ url: upstream.url, apiKey: "sk-upstream-key" });
  const moody: Brain = (request) => {
    const last = request.conversation.at(-1);
    if (busy && last !== undefined && "content" in last && last.content === "Busy?") {
      busy = false;
      throw new ResponsesApiError({ status: 503, code: "server_is_overloaded", message: "Busy." });
    }
    return brain(request);
  };
  const live = await converse(recordingBrain(moody, path));
  const asked = upstream.requests.length;
  const replayed = await converse(scriptBrain(path, { delays: false }));
  expect(replayed).toEqual(live);
  expect(upstream.requests).toHaveLength(asked);
  expect(readFileSync(path, "utf8")).not.toContain("sk-upstream-key");
});

test("the fixture says who asked what, what was said and how long it took", async () => {
  const clock = new VirtualClock();
  const brain: Brain = async function* () {
    await clock.advance(100);
    yield { type: "text", delta: "Hel" };
    await clock.advance(20);
    yield { type: "text", delta: "lo" };
    yield { type: "function_call", name: "a", arguments: "{}", callId: "call_1" };
    yield { type: "usage", inputTokens: 1, outputTokens: 2 };
  };
  await outputsOf(recordingBrain(brain, path, { environment: { clock } }), brainRequest({ input: "Hi" }));
  const conversation = [
    { role: "user" as const, content: "Hi" },
    { type: "function_call" as const, call_id: "call_1", name: "a", arguments: "{}" },
    { type: "function_call_output" as const, call_id: "call_1", output: "done" },
  ];
  expect(recorded()).toEqual({
    version: 1,
    turns: [
      {
        when: { user: "Hi" },
        times: 1,
        reply: [
          { text: ["Hel", "lo"], delayMs: [100, 20] },
          { call: "a", arguments: "{}", callId: "call_1" },
          { usage: { inputTokens: 1, outputTokens: 2 } },
        ],
      },
    ],
  });
  await outputsOf(recordingBrain(brain, path, { delays: false }), brainRequest({ conversation }));
  expect(recorded().turns).toEqual([
    expect.objectContaining({
      when: { user: "Hi", toolOutput: { name: "a" } },
      reply: expect.arrayContaining([{ text: ["Hel", "lo"] }]) as unknown,
    }),
  ]);
});

test("turns stand in the order in which they were asked, whichever ends first", async () => {
  const gate = Promise.withResolvers<void>();
  const brain: Brain = async function* ({ conversation }) {
    if (JSON.stringify(conversation).includes("slow")) await gate.promise;
    yield { type: "text", delta: "done" };
  };
  const recording = recordingBrain(brain, path, { delays: false });
  const slow = outputsOf(recording, brainRequest({ input: "slow" }));
  await outputsOf(recording, brainRequest({ input: "fast" }));
  expect(recorded().turns.map(({ when }) => when?.user)).toEqual(["fast"]);
  gate.resolve();
  await slow;
  expect(recorded().turns.map(({ when }) => when?.user)).toEqual(["slow", "fast"]);
});

test("an answer that the server cut off is recorded as incomplete", async () => {
  const brain: Brain = function* () {
    for (;;) yield { type: "text", delta: " word" };
  };
  const limited = async (tested: Brain): Promise<unknown> => {
    await using server = await ResponsesServer.start({ brain: tested });
    await using client = await RawClient.connect(server.wsURL);
    const { response } = await client.respond({ input: "Hi", max_output_tokens: 16 });
    return response.incomplete_details;
  };
  expect(await limited(recordingBrain(brain, path))).toEqual({ reason: "max_output_tokens" });
  expect(await limited(scriptBrain(path))).toEqual({ reason: "max_output_tokens" });
});

test("a file that cannot be written is named at once", () => {
  const nowhere = join(directory, "not", "there.json");
  const make = (): unknown => recordingBrain(upstreamBrain({ url: upstream.url }), nowhere);
  expect(make).toThrow(InvalidArgumentError);
  expect(make).toThrow(`path: the file ${nowhere} cannot be written (ENOENT)`);
});
