import {
  defineTool,
  type Frame,
  type FunctionCallParams,
  FunctionCallInProgressFrame,
  FunctionCallResultFrame,
  type FunctionTool,
  InvalidArgumentError,
  type JsonSchema,
  type LLMContext,
} from "turnwire";
import type { BrainOutput } from "@turnwire/server";
import { describe, expect, expectTypeOf, it } from "vitest";
import { z } from "zod";
import { collect, contextOf, fired, flawsOf, gist, settle, textOf, until, VirtualClock } from "@turnwire/test-kit";
import { call, script, text } from "../support/brains.ts";
import { type Setup, setup } from "../support/setup.ts";

const nothing: JsonSchema = { type: "object", properties: {} };

interface Outcome {
  frames: Frame[];
  /** The outputs that the model got, by call. */
  outputs: Record<string, string>;
  context: LLMContext;
}

/** One turn in which the model makes these calls, and "Done." then. */
async function runCalls(
  service: Setup,
  context: LLMContext,
  onFrame: (frame: Frame) => void | Promise<void> = () => undefined,
): Promise<Outcome> {
  const frames: Frame[] = [];
  for await (const frame of service.llm.respond(context)) {
    frames.push(frame);
    await onFrame(frame);
  }
  expect(flawsOf(context)).toEqual([]);
  const outputs: Record<string, string> = {};
  for (const message of context.messages) {
    if (!("role" in message) || message.role !== "tool") continue;
    expect(message.content).toBeTypeOf("string");
    outputs[message.tool_call_id] = message.content as string;
  }
  return { frames, outputs, context };
}

const calling = (...calls: readonly BrainOutput[]): { brain: ReturnType<typeof script> } => ({
  brain: script(calls, "Done."),
});

describe("a function", () => {
  it("is given the checked arguments, and what it may want to know", async () => {
    const given: Array<[unknown, FunctionCallParams]> = [];
    const weather = defineTool({
      name: "weather",
      parameters: z.object({ city: z.string().trim(), days: z.number().default(2) }),
      execute: (args, params) => {
        given.push([args, params]);
        return { sun: true };
      },
    });
    await using service = await setup(calling(call("weather", { city: " Ulm " }, "c1")));
    const { outputs, frames } = await runCalls(service, contextOf("Weather?", { tools: [weather] }));
    const [[args, params]] = given as [[unknown, FunctionCallParams]];
    expect(args).toEqual({ city: "Ulm", days: 2 });
    expect(params).toMatchObject({ functionName: "weather", toolCallId: "c1" });
    expect(params.signal.aborted).toBe(false);
    expect(params.messages.slice(0, 2)).toEqual([
      { role: "user", content: "Weather?" },
      expect.objectContaining({ role: "assistant" }),
    ]);
    expect(outputs).toEqual({ c1: '{"sun":true}' });
    expect(frames.find((frame) => frame instanceof FunctionCallResultFrame)).toMatchObject({
      failed: false,
      runLLM: true,
      functionCall: { functionName: "weather", toolCallId: "c1", arguments: '{"city":" Ulm "}' },
    });
  });

  it.each<[string, unknown, string]>([
    ["text as it is", 'say "hi"', 'say "hi"'],
    ["nothing as null", undefined, "null"],
    ["null", null, "null"],
    ["a number", 4.5, "4.5"],
    ["a list", [1, { a: "b" }], '[1,{"a":"b"}]'],
    ["what says itself as JSON", new Date(0), '"1970-01-01T00:00:00.000Z"'],
    ["a promise's value", Promise.resolve({ a: 1 }), '{"a":1}'],
    ["empty text", "", ""],
  ])("answers %s", async (_name, answer, output) => {
    const look = defineTool({ name: "look", parameters: nothing, execute: () => answer });
    await using service = await setup(calling(call("look", {}, "c1")));
    const { outputs } = await runCalls(service, contextOf("Look", { tools: [look] }));
    expect(outputs).toEqual({ c1: output });
    expect(service.server.requests[1]!.conversation.at(-1)).toMatchObject({ output });
  });

  const circular: Record<string, unknown> = {};
  circular["self"] = circular;
  const throwing = (thrown: unknown) => (): never => {
    throw thrown;
  };
  it.each<[string, () => unknown, RegExp]>([
    ["throws", throwing(new Error("no such city")), /no such city/],
    ["rejects", () => Promise.reject(new TypeError("not now")), /not now/],
    ["throws text", throwing("broken"), /broken/],
    ["throws undefined", throwing(undefined), /./],
    ["throws what cannot be said", throwing(Object.create(null)), /./],
    ["answers what JSON cannot say", () => circular, /circular/i],
    ["answers a bigint", () => 1n, /BigInt/],
  ])("that %s has the model told so, and the turn goes on", async (_name, execute, says) => {
    const look = defineTool({ name: "look", parameters: nothing, execute });
    const fine = defineTool({ name: "fine", parameters: nothing, execute: () => "fine" });
    await using service = await setup(calling(call("look", {}, "c1"), call("fine", {}, "c2")));
    const { outputs, frames } = await runCalls(service, contextOf("Look", { tools: [look, fine] }));
    expect(JSON.parse(outputs["c1"]!)).toEqual({ error: expect.stringMatching(says) });
    expect(outputs["c2"]).toBe("fine");
    const results = frames.filter((frame) => frame instanceof FunctionCallResultFrame);
    expect(results.filter(({ failed }) => failed).map(({ functionCall }) => functionCall.toolCallId)).toEqual(["c1"]);
    expect(results).toHaveLength(2);
    expect(textOf(frames)).toBe("Done.");
    expect(service.logger.warnings).toEqual([]);
  });
});

describe("arguments that are not right never reach a function", () => {
  const parameters = { type: "object", properties: { n: { type: "integer" } }, required: ["n"] };
  it.each<[string, string, RegExp]>([
    ["no JSON", '{"n": 1', /not valid JSON/],
    ["text around the JSON", 'sure: {"n": 1}', /not valid JSON/],
    ["a list", "[1]", /not a JSON object/],
    ["null", "null", /not a JSON object/],
    ["text", '"n"', /not a JSON object/],
    ["a wrong type", '{"n": "1"}', /do not fit.*#\/n: /],
    ["a property missing", "{}", /do not fit.*"n"/],
    ["nothing at all", "", /do not fit.*"n"/],
  ])("%s", async (_name, args, says) => {
    const ran: string[] = [];
    const plain = defineTool({ name: "plain", parameters, execute: () => ran.push("plain") });
    const typed = defineTool({
      name: "typed",
      parameters: z.object({ n: z.number().int() }),
      execute: () => ran.push("typed"),
    });
    await using service = await setup(calling(call("plain", args, "c1"), call("typed", args, "c2")));
    const context = contextOf("Go", { tools: [plain, typed] });
    const { outputs } = await runCalls(service, context);
    expect(ran).toEqual([]);
    expect(JSON.parse(outputs["c1"]!)).toEqual({ error: expect.stringMatching(says) });
    expect(JSON.parse(outputs["c2"]!)).toEqual({ error: expect.stringMatching(/was not run/) });
  });

  it("no arguments are an empty object", async () => {
    const given: unknown[] = [];
    const look = defineTool({ name: "look", parameters: nothing, execute: (args) => void given.push(args) });
    await using service = await setup(calling(call("look", "", "c1"), call("look", " \n", "c2")));
    await runCalls(service, contextOf("Look", { tools: [look] }));
    expect(given).toEqual([{}, {}]);
  });
});

describe("an unknown function", () => {
  it("gives the model an error with the names of the known ones", async () => {
    const look = defineTool({ name: "look", parameters: nothing, execute: () => "seen" });
    await using service = await setup(calling(call("lock", {}, "c1"), call("look", {}, "c2")));
    service.llm.registerFunction("find", () => "found");
    const { outputs } = await runCalls(service, contextOf("Look", { tools: [look] }));
    expect(JSON.parse(outputs["c1"]!)).toEqual({ error: expect.stringMatching(/no function called lock.*look, find/) });
    expect(outputs["c2"]).toBe("seen");
  });

  it("or one without code still gives the call an output", async () => {
    await using service = await setup(calling(call("lock", {}, "c1"), call("look", {}, "c2")));
    const tools = [defineTool({ name: "look", parameters: nothing })];
    const { outputs } = await runCalls(service, contextOf("Look", { tools }));
    expect(JSON.parse(outputs["c2"]!)).toEqual({ error: expect.stringMatching(/look cannot be run here/) });
    const none = await runCalls(service, contextOf("Look"));
    expect(textOf(none.frames)).toBe("Done.");
  });
});

describe("a registered function", () => {
  it("goes before the tool's own, which still checks the arguments", async () => {
    const tool = defineTool({
      name: "look",
      parameters: z.object({ at: z.string() }),
      runLLM: false,
      execute: () => "the tool's",
    });
    await using service = await setup(
      calling(call("look", { at: "a" }, "c1"), call("look", { at: 1 }, "c2"), call("look", { at: "b" }, "c3")),
    );
    service.llm.registerFunction<{ at: string }>("look", ({ at }) => `registered ${at}`, { runLLM: true });
    const { outputs, frames } = await runCalls(service, contextOf("Look", { tools: [tool] }));
    expect(outputs["c1"]).toBe("registered a");
    expect(outputs["c2"]).toContain("do not fit");
    expect(outputs["c3"]).toBe("registered b");
    // Its options go before the tool's, too.
    expect(textOf(frames)).toBe("Done.");
    service.llm.unregisterFunction("look");
    expect(service.server.requests[0]!.tools).toHaveLength(1);
  });

  it("needs no tool, and can be taken back", async () => {
    const calls = [call("look", { at: 1 }, "c1")];
    await using service = await setup({ brain: script(calls, "Done.", calls, "Done.") });
    service.llm.registerFunction("look", (args) => {
      expectTypeOf(args).toEqualTypeOf<Record<string, unknown>>();
      return args;
    });
    expect((await runCalls(service, contextOf("Look"))).outputs).toEqual({ c1: '{"at":1}' });
    service.llm.unregisterFunction("look");
    expect((await runCalls(service, contextOf("Look"))).outputs["c1"]).toContain("no function called look");
  });

  it("has to be a function", async () => {
    await using service = await setup();
    const wrong = "nothing" as unknown as () => unknown;
    expect(() => service.llm.registerFunction("look", wrong)).toThrow(InvalidArgumentError);
  });
});

describe("the calls of one response", () => {
  it("run at the same time", async () => {
    const bell = { a: Promise.withResolvers<string>(), b: Promise.withResolvers<string>() };
    const meet = (mine: "a" | "b", other: "a" | "b"): FunctionTool =>
      defineTool({
        name: mine,
        parameters: nothing,
        execute: () => {
          bell[mine].resolve(`met ${mine}`);
          return bell[other].promise;
        },
      });
    await using service = await setup(calling(call("a", {}, "c1"), call("b", {}, "c2")));
    const { outputs } = await runCalls(service, contextOf("Meet", { tools: [meet("a", "b"), meet("b", "a")] }));
    expect(outputs).toEqual({ c1: "met b", c2: "met a" });
  });

  it("run one after the other on request", async () => {
    const log: string[] = [];
    const slow = defineTool({
      name: "slow",
      parameters: nothing,
      execute: async ({ n }) => {
        log.push(`begin ${String(n)}`);
        await settle();
        log.push(`end ${String(n)}`);
      },
    });
    await using service = await setup(calling(call("slow", { n: 1 }), call("slow", { n: 2 }), call("slow", { n: 3 })), {
      runInParallel: false,
    });
    await runCalls(service, contextOf("Go", { tools: [slow] }));
    expect(log).toEqual(["begin 1", "end 1", "begin 2", "end 2", "begin 3", "end 3"]);
  });

  it("are asked about once all have their outputs, if any of them wants it", async () => {
    const tool = (name: string, runLLM: boolean): FunctionTool =>
      defineTool({ name, parameters: nothing, runLLM, execute: () => name });
    const tools = [tool("quiet", false), tool("loud", true)];
    const both = [call("loud", {}, "c1"), call("quiet", {}, "c2")];
    await using service = await setup({ brain: script([call("quiet", {}, "c0")], both, "Done.") });
    const quiet = await runCalls(service, contextOf("Go", { tools }));
    expect(textOf(quiet.frames)).toBe("");
    expect(gist(quiet.context)).toEqual(["user: Go", "assistant: [quiet#c0]", "tool#c0: quiet"]);
    expect(service.server.requests).toHaveLength(1);
    expect(textOf((await runCalls(service, contextOf("Go", { tools }))).frames)).toBe("Done.");
  });

  it("with one id run once", async () => {
    let ran = 0;
    const look = defineTool({ name: "look", parameters: nothing, execute: () => (ran += 1) });
    await using service = await setup(calling(call("look", {}, "c1"), call("look", {}, "c1"), call("look", {}, "c2")));
    const { outputs, context } = await runCalls(service, contextOf("Look", { tools: [look] }));
    expect(ran).toBe(2);
    expect(Object.keys(outputs)).toEqual(["c1", "c2"]);
    expect(gist(context)[1]).toBe("assistant: [look#c1 look#c2]");
  });
});

describe("a time limit", () => {
  const hang = (name: string, timeoutMs?: number): FunctionTool =>
    defineTool({
      name,
      parameters: nothing,
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
      execute: async (_args, { signal }) => {
        await fired(signal);
        return new Promise(() => undefined);
      },
    });

  it("is the function's own, or the service's", async () => {
    const clock = new VirtualClock();
    await using service = await setup(calling(call("own", {}, "c1"), call("plain", {}, "c2")), {
      environment: { clock },
      timeouts: { functionMs: 300 },
    });
    const results: string[] = [];
    let begun = 0;
    const { outputs } = await runCalls(
      service,
      contextOf("Go", { tools: [hang("own", 20), hang("plain")] }),
      (frame) => {
        if (frame instanceof FunctionCallResultFrame) results.push(`${clock.now()}: ${frame.functionCall.toolCallId}`);
        if (!(frame instanceof FunctionCallInProgressFrame) || (begun += 1) < 2) return;
        void (async () => {
          await clock.advance(20);
          await until(() => results.length === 1);
          await clock.advance(279);
          expect(results).toHaveLength(1);
          await clock.advance(1);
        })();
      },
    );
    expect(results).toEqual(["20: c1", "300: c2"]);
    expect(JSON.parse(outputs["c1"]!)).toEqual({ error: "the function took longer than 20 ms" });
    expect(JSON.parse(outputs["c2"]!)).toEqual({ error: "the function took longer than 300 ms" });
  });

  it("fires the function's signal, with the reason", async () => {
    const clock = new VirtualClock();
    const reasons: unknown[] = [];
    await using service = await setup(calling(call("look", {}, "c1")), { environment: { clock } });
    service.llm.registerFunction(
      "look",
      async (_args, { signal }) => {
        await fired(signal);
        reasons.push(signal.reason);
      },
      { timeoutMs: 5 },
    );
    await runCalls(service, contextOf("Go"), async (frame) => {
      if (frame instanceof FunctionCallInProgressFrame) await clock.advance(5);
    });
    expect(reasons).toEqual([expect.objectContaining({ code: "timeout", limitMs: 5 })]);
  });

  it("may be none at all", async () => {
    const slow = defineTool({
      name: "slow",
      parameters: nothing,
      timeoutMs: Infinity,
      execute: async () => {
        await new Promise((resolve) => setTimeout(resolve, 5));
        return "done";
      },
    });
    await using service = await setup(calling(call("slow", {}, "c1")));
    expect((await runCalls(service, contextOf("Go", { tools: [slow] }))).outputs).toEqual({ c1: "done" });
  });

  it("holds for a check of the arguments that does not end", async () => {
    const clock = new VirtualClock();
    let ran = 0;
    const stuck = defineTool({
      name: "stuck",
      parameters: z.object({ n: z.number().refine(() => new Promise<boolean>(() => undefined)) }),
      timeoutMs: 5,
      execute: () => (ran += 1),
    });
    await using service = await setup(calling(call("stuck", { n: 1 }, "c1")), { environment: { clock } });
    const { outputs } = await runCalls(service, contextOf("Go", { tools: [stuck] }), async (frame) => {
      if (frame instanceof FunctionCallInProgressFrame) await clock.advance(5);
    });
    expect(outputs["c1"]).toContain("longer than 5 ms");
    expect(ran).toBe(0);
  });
});

describe("an interruption", () => {
  it("cancels what runs, and never begins what has not", async () => {
    const controller = new AbortController();
    const log: string[] = [];
    const wait = defineTool({
      name: "wait",
      parameters: nothing,
      execute: async ({ n }, { signal }) => {
        log.push(`begin ${String(n)}`);
        await fired(signal);
        log.push(`cancelled ${String(n)}`);
      },
    });
    const cancelled: string[][] = [];
    const started: string[][] = [];
    await using service = await setup(calling(call("wait", { n: 1 }, "c1"), call("wait", { n: 2 }, "c2")), {
      runInParallel: false,
    });
    const { llm } = service;
    llm.on("functionCallsStarted", (calls) => void started.push(calls.map(({ toolCallId }) => toolCallId)));
    llm.on("functionCallsCancelled", (calls) => void cancelled.push(calls.map(({ toolCallId }) => toolCallId)));
    const context = contextOf("Wait", { tools: [wait] });
    for await (const frame of llm.respond(context, { signal: controller.signal })) {
      if (!(frame instanceof FunctionCallInProgressFrame)) continue;
      await until(() => log.length === 1);
      controller.abort();
    }
    expect(log).toEqual(["begin 1", "cancelled 1"]);
    expect(started).toEqual([["c1", "c2"]]);
    expect(cancelled).toEqual([["c1", "c2"]]);
    expect(flawsOf(context)).toEqual([]);
    expect(gist(context).slice(2)).toEqual([
      expect.stringMatching(/^tool#c1: .*cancelled/),
      expect.stringMatching(/^tool#c2: .*cancelled/),
    ]);
  });

  it("while the arguments are being checked keeps the function from running", async () => {
    const controller = new AbortController();
    const go = Promise.withResolvers<boolean>();
    let ran = 0;
    const look = defineTool({
      name: "look",
      parameters: z.object({ n: z.number().refine(() => go.promise) }),
      execute: () => (ran += 1),
    });
    await using service = await setup(calling(call("look", { n: 1 }, "c1")));
    const context = contextOf("Look", { tools: [look] });
    for await (const frame of service.llm.respond(context, { signal: controller.signal })) {
      if (frame instanceof FunctionCallInProgressFrame) controller.abort();
    }
    go.resolve(true);
    await settle();
    expect(ran).toBe(0);
    expect(gist(context).at(-1)).toMatch(/^tool#c1: .*cancelled/);
  });

  it("emits nothing about calls that were not cancelled", async () => {
    const look = defineTool({ name: "look", parameters: nothing, execute: () => "seen" });
    await using service = await setup({ brain: script([text("Hm. "), call("look", {}, "c1")], "Done.") });
    let cancelled = 0;
    const started: unknown[] = [];
    service.llm.on("functionCallsCancelled", () => void (cancelled += 1));
    service.llm.on("functionCallsStarted", (calls) => void started.push(...calls));
    await collect(service.llm.respond(contextOf("Look", { tools: [look] })));
    expect(cancelled).toBe(0);
    expect(started).toEqual([{ functionName: "look", toolCallId: "c1", arguments: "{}" }]);
  });
});
