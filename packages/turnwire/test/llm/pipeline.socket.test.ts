import {
  defineTool,
  EndFrame,
  ErrorFrame,
  type Frame,
  type FrameDirection,
  FrameProcessor,
  FunctionCallInProgressFrame,
  FunctionCallResultFrame,
  LLMContext,
  LLMFullResponseEndFrame,
  LLMUpdateSettingsFrame,
  type MetricsData,
  MetricsFrame,
  StartFrame,
  TextFrame,
} from "turnwire";
import { type Brain, ResponsesApiError } from "@turnwire/server";
import { describe, expect, it } from "vitest";
import { bracketFlaws, endsOf, flawsOf, gist, settle, textOf, until, VirtualClock } from "@turnwire/test-kit";
import { call, saysOnly, script, text } from "../support/brains.ts";
import { setup } from "../support/setup.ts";
import { Gate, startTalk } from "../support/talk.ts";

const nothing = { type: "object", properties: {} };

const metricsOf = (frames: readonly Frame[]): MetricsData[][] =>
  frames.filter((frame) => frame instanceof MetricsFrame).map(({ data }) => [...data]);

describe("metrics", () => {
  it("say the time to the first output, the whole time and the tokens of each inference", async () => {
    const clock = new VirtualClock();
    const go = Promise.withResolvers<void>();
    const brain: Brain = async function* () {
      await go.promise;
      yield text("Hello.");
    };
    await using talk = await startTalk({ server: { brain }, llm: { environment: { clock }, name: "my-llm" } });
    await talk.say("Hi");
    await until(() => talk.server.requests.length === 1);
    await clock.advance(250);
    go.resolve();
    await talk.ended(1);
    await until(() => metricsOf(talk.out).length === 1);
    const [data] = metricsOf(talk.out);
    const common = { processor: "my-llm", model: "gpt-4.1" };
    expect(data).toEqual([
      { type: "ttfb", ...common, valueMs: 250 },
      { type: "processing", ...common, valueMs: 250, interrupted: false },
      { type: "usage", ...common, usage: talk.records[0]!.usage },
    ]);
    expect(talk.records[0]!.usage!.outputTokens).toBeGreaterThan(0);
  });

  it("mark what an interruption cut short", async () => {
    await using talk = await startTalk({ server: { brain: script(saysOnly("Half "), "Done.") } });
    await talk.say("a");
    await until(() => textOf(talk.out) !== "");
    await talk.say("b");
    await talk.ended(2);
    await until(() => metricsOf(talk.out).length === 2);
    const [first, second] = metricsOf(talk.out);
    expect(first!.map(({ type }) => type)).toEqual(["ttfb", "processing"]);
    expect(first![1]).toMatchObject({ interrupted: true });
    expect(second!.map(({ type }) => type)).toEqual(["ttfb", "processing", "usage"]);
    expect(second![1]).toMatchObject({ interrupted: false });
  });

  it("have no time to a first output that never came", async () => {
    await using talk = await startTalk({ server: { brain: script(saysOnly(""), "Done.") } });
    await talk.say("a");
    await until(() => talk.server.requests.length === 1);
    await talk.say("b");
    await talk.ended(2);
    expect(metricsOf(talk.out)[0]!.map(({ type }) => type)).toEqual(["processing"]);
  });
});

describe("an inference that fails", () => {
  const failing = (said: string): Brain =>
    function* () {
      if (said !== "") yield text(said);
      throw new ResponsesApiError({ status: 429, code: "insufficient_quota", message: "No more." });
    };

  it.each(["", "Half "])(
    "has its end frame and an error that goes up; the next turn is fine (after %j)",
    async (said) => {
      await using talk = await startTalk({ server: { brain: script(failing(said), "Done.") } });
      await talk.say("a");
      expect(await talk.ended(1)).toMatchObject({ interrupted: false, incompleteReason: "failed" });
      await until(() => talk.errors.length === 1);
      expect(talk.errors[0]).toMatchObject({ code: "insufficient_quota" });
      expect(talk.back.filter((frame) => frame instanceof ErrorFrame).map(({ fatal }) => fatal)).toEqual([false]);
      await talk.say("b");
      await talk.ended(2);
      const kept = said === "" ? [] : [`assistant: ${said}`];
      expect(gist(talk.context)).toEqual(["user: a", ...kept, "user: b", "assistant: Done."]);
      expect(bracketFlaws(talk.out)).toEqual([]);
      expect(talk.errors).toHaveLength(1);
    },
  );
});

describe("LLMUpdateSettingsFrame", () => {
  it("changes the requests after it", async () => {
    await using talk = await startTalk({ server: { brain: script("Done.") } });
    await talk.say("a");
    await talk.ended(1);
    await talk.task.queueFrame(
      new LLMUpdateSettingsFrame({ temperature: 0.5, instructions: "Be brief.", model: "gpt-4.1-mini" }),
    );
    await talk.say("b");
    await talk.ended(2);
    await talk.task.queueFrame(new LLMUpdateSettingsFrame({ temperature: undefined }));
    await talk.say("c");
    await talk.ended(3);
    const bodies = talk.server.requests.map(({ body }) => body);
    expect(bodies[0]).toMatchObject({ model: "gpt-4.1" });
    expect(bodies[0]).not.toHaveProperty("temperature");
    expect(bodies[1]).toMatchObject({ model: "gpt-4.1-mini", temperature: 0.5, instructions: "Be brief." });
    expect(bodies[2]).toMatchObject({ model: "gpt-4.1-mini", instructions: "Be brief." });
    expect(bodies[2]).not.toHaveProperty("temperature");
    expect(talk.out.some((frame) => frame instanceof LLMUpdateSettingsFrame)).toBe(false);
  });

  it("with what is no setting is an error that goes up, and changes nothing", async () => {
    await using talk = await startTalk({ server: { brain: script("Done.") } });
    await talk.task.queueFrame(new LLMUpdateSettingsFrame({ temperature: 0.5, colour: "red" }));
    await until(() => talk.errors.length === 1);
    expect(talk.errors[0]).toMatchObject({ code: "invalid_argument", field: "colour" });
    await talk.say("a");
    await talk.ended(1);
    expect(talk.server.requests[0]!.body).not.toHaveProperty("temperature");
  });
});

describe("the life of the service", () => {
  it("begins with the pipeline: the connection is there before the first turn", async () => {
    await using talk = await startTalk({ server: { brain: script("Done.") } });
    await until(() => talk.llm.isConnected);
    expect(talk.server.requests).toEqual([]);
    await talk.say("a");
    await talk.ended(1);
    expect(talk.server.requests[0]!.connection).toBe(talk.server.connections[0]!.id);
  });

  it("ends with the pipeline's EndFrame, after the running turn", async () => {
    await using talk = await startTalk({ server: { brain: script("One.", "Two.") } });
    await talk.say("a");
    await talk.ended(1);
    await talk.say("b");
    await talk.task.stopWhenDone();
    expect(await talk.finished).toEqual({ kind: "ended" });
    expect(gist(talk.context)).toEqual(["user: a", "assistant: One.", "user: b", "assistant: Two."]);
    expect(talk.llm.isConnected).toBe(false);
    await until(() => talk.server.connections.length === 0);
    expect(talk.errors).toEqual([]);
    expect(talk.logger.warnings).toEqual([]);
  });

  it("ends with a cancel at once, in the middle of a reply", async () => {
    await using talk = await startTalk({ server: { brain: saysOnly("Half ") } });
    await talk.say("a");
    await until(() => textOf(talk.out) !== "");
    await talk.task.cancel("enough");
    expect(await talk.finished).toEqual({ kind: "cancelled", reason: "enough" });
    expect(talk.llm.isConnected).toBe(false);
    await until(() => talk.server.connections.length === 0);
    expect(talk.records[0]).toMatchObject({ interrupted: true });
    expect(gist(talk.context)).toEqual(["user: a", "assistant: Half "]);
    expect(talk.logger.warnings).toEqual([]);
  });

  it("ends with a cancel while a function runs, which is cancelled", async () => {
    const signals: AbortSignal[] = [];
    const wait = defineTool({
      name: "wait",
      parameters: nothing,
      cancelOnInterruption: false,
      execute: (_args, { signal }) => {
        signals.push(signal);
        return new Promise(() => undefined);
      },
    });
    const context = new LLMContext({ tools: [wait] });
    await using talk = await startTalk({ server: { brain: script([call("wait", {}, "c1")]) }, context });
    await talk.say("Wait");
    await until(() => talk.out.some((frame) => frame instanceof FunctionCallInProgressFrame));
    await talk.task.cancel();
    await talk.finished;
    expect(signals[0]!.aborted).toBe(true);
    expect(flawsOf(context)).toEqual([]);
    expect(talk.logger.warnings).toEqual([]);
  });

  it("may be stopped by itself: nothing goes on, though some of the calls have their outputs", async () => {
    const fine = defineTool({ name: "fine", parameters: nothing, execute: () => "fine" });
    const hangs = defineTool({ name: "hangs", parameters: nothing, execute: () => new Promise(() => undefined) });
    const context = new LLMContext({ tools: [fine, hangs] });
    const brain = script([call("fine", {}, "c1"), call("hangs", {}, "c2")], "Done.");
    await using talk = await startTalk({ server: { brain }, context });
    await talk.say("Go");
    await until(() => talk.out.some((frame) => frame instanceof FunctionCallResultFrame));
    await talk.llm.stop();
    await until(() => flawsOf(context).length === 0);
    for (let count = 0; count < 10; count += 1) await settle();
    expect(talk.server.requests).toHaveLength(1);
    await talk.say("And?");
    await talk.ended(2);
    expect(gist(context).slice(2)).toEqual([
      "tool#c1: fine",
      expect.stringMatching(/^tool#c2: .*cancelled/),
      "user: And?",
      "assistant: Done.",
    ]);
  });

  it("does not end with an EndFrame that goes up, which only asks for the end", async () => {
    await using service = await setup({ brain: script("Done.") });
    const { llm } = service;
    const seen: Frame[] = [];
    class Above extends FrameProcessor {
      protected override async processFrame(frame: Frame, direction: FrameDirection): Promise<void> {
        if (direction === "upstream") seen.push(frame);
        await this.pushFrame(frame, direction);
      }
    }
    new Above().link(llm);
    await llm.queueFrame(new StartFrame());
    await until(() => llm.isConnected);
    const asks = new EndFrame();
    await llm.queueFrame(asks, "upstream");
    await until(() => seen.includes(asks));
    expect(llm.isConnected).toBe(true);
    await llm.queueFrame(new EndFrame());
    await until(() => service.server.connections.length === 0);
    expect(llm.isConnected).toBe(false);
  });

  it("passes on every frame that is not for it", async () => {
    await using talk = await startTalk({ server: { brain: script("Done.") } });
    const frame = new TextFrame("for another processor");
    await talk.task.queueFrame(frame);
    await until(() => talk.out.includes(frame));
  });
});

describe("a slow processor after the service", () => {
  it("slows it, and gets every word", async () => {
    const words = Array.from({ length: 1500 }, (_, index) => `${index} `);
    const gate = new Gate((frame) => frame instanceof TextFrame);
    await using talk = await startTalk({ server: { brain: script(words.map(text)) }, between: [gate] });
    await talk.say("Count");
    while (endsOf(talk.out).length === 0) {
      gate.release();
      await settle();
    }
    expect(textOf(talk.out)).toBe(words.join(""));
    expect(gist(talk.context).at(-1)).toBe(`assistant: ${words.join("")}`);
    expect(talk.out.at(-1)).toBeInstanceOf(LLMFullResponseEndFrame);
  });
});
