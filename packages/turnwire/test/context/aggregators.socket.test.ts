import {
  CancelFrame,
  defineTool,
  EndFrame,
  type Frame,
  type FrameDirection,
  FrameProcessor,
  FunctionCallCancelFrame,
  FunctionCallResultFrame,
  InterruptionFrame,
  InvalidArgumentError,
  LLMContext,
  LLMContextFrame,
  LLMFullResponseEndFrame,
  LLMFullResponseStartFrame,
  type LLMMessage,
  LLMMessagesAppendFrame,
  LLMRunFrame,
  LLMTextFrame,
  TextFrame,
  TranscriptionFrame,
} from "turnwire";
import { InterimTranscriptionFrame, UserStartedSpeakingFrame, UserStoppedSpeakingFrame } from "turnwire/internal";
import type { Brain } from "@turnwire/server";
import { describe, expect, it } from "vitest";
import { bracketFlaws, endsOf, flawsOf, gist, settle, textOf, until, user } from "@turnwire/test-kit";
import { call, saysOnly, script, text } from "../support/brains.ts";
import { Gate, startTalk } from "../support/talk.ts";

const nothing = { type: "object", properties: {} };

/** Says what the user said last, and how many messages it was shown. */
const echo: Brain = function* ({ conversation }) {
  const last = conversation.findLast((item) => "role" in item && item.role === "user");
  yield text(`${conversation.length}: `);
  yield text(last !== undefined && "content" in last && typeof last.content === "string" ? last.content : "?");
};

describe("a turn", () => {
  it("goes from a transcription through the model into the context, again and again", async () => {
    await using talk = await startTalk({ server: { brain: echo } });
    for (const [index, said] of ["one", "two", "three"].entries()) {
      await talk.say(said);
      await talk.ended(index + 1);
    }
    expect(gist(talk.context)).toEqual([
      "user: one",
      "assistant: 1: one",
      "user: two",
      "assistant: 3: two",
      "user: three",
      "assistant: 5: three",
    ]);
    expect(talk.records.map(({ mode }) => mode)).toEqual(["full", "incremental", "incremental"]);
    expect(bracketFlaws(talk.out)).toEqual([]);
    expect(talk.out.filter((frame) => frame instanceof LLMFullResponseStartFrame)).toHaveLength(3);
    expect(talk.out.some((frame) => frame instanceof TranscriptionFrame || frame instanceof LLMContextFrame)).toBe(
      false,
    );
    expect(talk.errors).toEqual([]);
    expect(talk.logger.warnings).toEqual([]);
  });

  it("is not asked for by blank or interim transcriptions", async () => {
    await using talk = await startTalk({ server: { brain: echo } });
    await talk.task.queueFrames([
      new TranscriptionFrame("  \n"),
      new InterimTranscriptionFrame("hel"),
      new TranscriptionFrame(" hello "),
    ]);
    await talk.ended(1);
    expect(gist(talk.context)).toEqual(["user: hello", "assistant: 1: hello"]);
    expect(talk.server.requests).toHaveLength(1);
    expect(talk.out.some((frame) => frame instanceof InterimTranscriptionFrame)).toBe(true);
  });

  it("holds all of the user's words between the speaking frames", async () => {
    await using talk = await startTalk({ server: { brain: echo } });
    const { task } = talk;
    await task.queueFrame(new UserStartedSpeakingFrame());
    await task.queueFrame(new TranscriptionFrame("Is it"));
    await task.queueFrame(new TranscriptionFrame("cold outside?"));
    // The aggregator has taken both when this frame, which follows them, has come out of the end.
    await task.queueFrame(new TextFrame("marker"));
    await until(() => talk.out.some((frame) => frame instanceof TextFrame));
    expect(talk.context.messages).toEqual([]);
    await task.queueFrame(new UserStoppedSpeakingFrame());
    await talk.ended(1);
    expect(gist(talk.context)).toEqual(["user: Is it cold outside?", "assistant: 1: Is it cold outside?"]);
    expect(talk.out.some((frame) => frame instanceof UserStoppedSpeakingFrame)).toBe(true);
  });

  it("is asked for by words that come after the speaking has stopped, and not by speech without words", async () => {
    await using talk = await startTalk({ server: { brain: echo } });
    const { task } = talk;
    await task.queueFrame(new UserStartedSpeakingFrame());
    await task.queueFrame(new UserStoppedSpeakingFrame());
    await task.queueFrame(new TextFrame("marker"));
    await until(() => talk.out.some((frame) => frame instanceof TextFrame));
    expect(talk.server.requests).toEqual([]);
    await task.queueFrame(new UserStartedSpeakingFrame());
    await task.queueFrame(new UserStoppedSpeakingFrame());
    await talk.say("late");
    await talk.ended(1);
    expect(gist(talk.context)).toEqual(["user: late", "assistant: 1: late"]);
  });
});

describe("speech", () => {
  it("cuts the reply short as soon as it begins", async () => {
    await using talk = await startTalk({ server: { brain: script(saysOnly("Once upon "), echo) } });
    await talk.say("Tell a story");
    await until(() => textOf(talk.out) !== "");
    await talk.task.queueFrame(new UserStartedSpeakingFrame());
    expect((await talk.ended(1)).interrupted).toBe(true);
    expect(gist(talk.context)).toEqual(["user: Tell a story", "assistant: Once upon "]);
    await talk.say("stop");
    await talk.task.queueFrame(new UserStoppedSpeakingFrame());
    await talk.ended(2);
    expect(gist(talk.context).slice(2)).toEqual(["user: stop", "assistant: 3: stop"]);
    expect(bracketFlaws(talk.out)).toEqual([]);
  });
});

describe("LLMMessagesAppendFrame", () => {
  const note: LLMMessage = { role: "developer", content: "It is raining." };

  it("only appends, and goes into the next turn", async () => {
    await using talk = await startTalk({ server: { brain: echo } });
    await talk.task.queueFrame(new LLMMessagesAppendFrame([note, user("a")]));
    await talk.say("b");
    await talk.ended(1);
    expect(gist(talk.context)).toEqual(["developer: It is raining.", "user: a", "user: b", "assistant: 3: b"]);
    expect(talk.server.requests).toHaveLength(1);
  });

  it("waits for the end of a running turn", async () => {
    const go = Promise.withResolvers<void>();
    const brain: Brain = async function* () {
      yield text("It ");
      await go.promise;
      yield text("is.");
    };
    await using talk = await startTalk({ server: { brain } });
    await talk.say("a");
    await until(() => textOf(talk.out) === "It ");
    await talk.task.queueFrame(new LLMMessagesAppendFrame([note]));
    await settle();
    expect(gist(talk.context)).toEqual(["user: a"]);
    go.resolve();
    expect((await talk.ended(1)).interrupted).toBe(false);
    expect(gist(talk.context)).toEqual(["user: a", "assistant: It is.", "developer: It is raining."]);
  });

  it("with runLLM interrupts and asks", async () => {
    await using talk = await startTalk({ server: { brain: script(saysOnly("Once "), echo) } });
    await talk.say("Tell a story");
    await until(() => textOf(talk.out) !== "");
    await talk.task.queueFrame(new LLMMessagesAppendFrame([note, user("now")], { runLLM: true }));
    await talk.ended(2);
    expect(gist(talk.context)).toEqual([
      "user: Tell a story",
      "assistant: Once ",
      "developer: It is raining.",
      "user: now",
      "assistant: 4: now",
    ]);
    expect(endsOf(talk.out).map(({ interrupted }) => interrupted)).toEqual([true, false]);
  });

  it.each([false, true])("with a bad message is reported once, and harms no later turn (runLLM %s)", async (runLLM) => {
    await using talk = await startTalk({ server: { brain: echo } });
    const bad = { role: "user" } as unknown as LLMMessage;
    const messages: LLMMessage[] = [note];
    const frame = new LLMMessagesAppendFrame(messages, { runLLM });
    // After the frame has checked them.
    messages.push(bad);
    await talk.task.queueFrame(frame);
    await until(() => talk.errors.length > 0);
    expect(talk.errors[0]).toBeInstanceOf(InvalidArgumentError);
    expect((talk.errors[0] as InvalidArgumentError).field).toMatch(/^messages\[1\]\.content$/);
    await talk.say("a");
    await talk.ended(1);
    await talk.say("b");
    await talk.ended(2);
    expect(gist(talk.context)).toEqual(["user: a", "assistant: 1: a", "user: b", "assistant: 3: b"]);
    expect(talk.errors).toHaveLength(1);
  });
});

describe("LLMRunFrame", () => {
  it("asks for an answer to the conversation as it is", async () => {
    const context = new LLMContext({ messages: [{ role: "system", content: "Greet the user." }] });
    await using talk = await startTalk({ server: { brain: script("Hello!") }, context });
    await talk.task.queueFrame(new LLMRunFrame());
    await talk.ended(1);
    expect(gist(context)).toEqual(["system: Greet the user.", "assistant: Hello!"]);
  });

  it("interrupts what is being said", async () => {
    await using talk = await startTalk({ server: { brain: script(saysOnly("Once "), "Twice") } });
    await talk.say("a");
    await until(() => textOf(talk.out) !== "");
    await talk.task.queueFrame(new LLMRunFrame());
    await talk.ended(2);
    expect(gist(talk.context)).toEqual(["user: a", "assistant: Once ", "assistant: Twice"]);
  });
});

describe("functions", () => {
  it("are run, and the context goes up for the model to go on", async () => {
    const asked: unknown[] = [];
    const look = defineTool({
      name: "look",
      parameters: nothing,
      execute: (args) => {
        asked.push(args);
        return { seen: asked.length };
      },
    });
    const brain = script([text("Let me see. "), call("look", { at: 1 }, "c1"), call("look", { at: 2 }, "c2")], "Done.");
    const context = new LLMContext({ tools: [look] });
    // A third processor, to see what goes up past it.
    const ups: Frame[] = [];
    class Watch extends FrameProcessor {
      protected override async processFrame(frame: Frame, direction: FrameDirection): Promise<void> {
        if (direction === "upstream") ups.push(frame);
        await this.pushFrame(frame, direction);
      }
    }
    await using talk = await startTalk({ server: { brain }, context, between: [new Watch()] });
    await talk.say("Look");
    await talk.ended(2);
    expect(gist(context)).toEqual([
      "user: Look",
      "assistant: Let me see.  [look#c1 look#c2]",
      'tool#c1: {"seen":1}',
      'tool#c2: {"seen":2}',
      "assistant: Done.",
    ]);
    expect(flawsOf(context)).toEqual([]);
    expect(asked).toEqual([{ at: 1 }, { at: 2 }]);
    expect(ups.filter((frame) => frame instanceof LLMContextFrame).map((frame) => frame.context)).toEqual([context]);
    // Consumed by the LLM service: the task never sees it.
    expect(talk.back.some((frame) => frame instanceof LLMContextFrame)).toBe(false);
    expect(talk.records.map(({ mode }) => mode)).toEqual(["full", "incremental"]);
    expect(bracketFlaws(talk.out)).toEqual([]);
  });

  it("hold messages back that are appended while they run", async () => {
    const go = Promise.withResolvers<string>();
    const look = defineTool({ name: "look", parameters: nothing, execute: () => go.promise });
    const context = new LLMContext({ tools: [look] });
    await using talk = await startTalk({ server: { brain: script([call("look", {}, "c1")], "Done.") }, context });
    await talk.say("Look");
    await talk.ended(1);
    await talk.task.queueFrame(new LLMMessagesAppendFrame([{ role: "developer", content: "Hurry." }]));
    await settle();
    expect(gist(context)).toEqual(["user: Look", "assistant: [look#c1]"]);
    go.resolve("seen");
    await talk.ended(2);
    expect(gist(context)).toEqual([
      "user: Look",
      "assistant: [look#c1]",
      "tool#c1: seen",
      "developer: Hurry.",
      "assistant: Done.",
    ]);
  });

  it("have their outputs in the context when the pipeline is cancelled", async () => {
    const look = defineTool({ name: "look", parameters: nothing, execute: () => new Promise(() => undefined) });
    const context = new LLMContext({ tools: [look] });
    const gate = new Gate((frame) => frame instanceof FunctionCallCancelFrame);
    const brain = script([call("look", {}, "c1")]);
    await using talk = await startTalk({ server: { brain }, context, between: [gate] });
    await talk.say("Look");
    await talk.ended(1);
    await talk.task.cancel();
    expect(flawsOf(context)).toEqual([]);
    expect(gist(context).at(-1)).toMatch(/^tool#c1: .*cancelled/);
  });
});

describe("thoughts", () => {
  const llm = { model: "gpt-5", reasoning: { effort: "low" as const, summary: "auto" as const } };
  const thought = (encryptedContent: string): { type: "reasoning"; summary: string; encryptedContent: string } => ({
    type: "reasoning",
    summary: "Hm.",
    encryptedContent,
  });
  const encryptedOf = (message: LLMMessage): unknown =>
    "llm" in message ? (message.message as { encrypted_content: unknown }).encrypted_content : undefined;

  it("are kept in front of what follows them", async () => {
    const look = defineTool({ name: "look", parameters: nothing, execute: () => "seen" });
    const brain = script(
      [thought("t1"), text("Wait. "), thought("t2"), thought("t3"), call("look", {}, "c1")],
      [thought("t4"), text("Done.")],
      echo,
    );
    const context = new LLMContext({ tools: [look] });
    await using talk = await startTalk({ server: { brain }, llm, context });
    await talk.say("Look");
    await talk.ended(2);
    expect(gist(context)).toEqual([
      "user: Look",
      "(openai)",
      "assistant: Wait. ",
      "(openai)",
      "(openai)",
      "assistant: [look#c1]",
      "tool#c1: seen",
      "(openai)",
      "assistant: Done.",
    ]);
    expect(context.messages.map(encryptedOf).filter(Boolean)).toEqual(["t1", "t2", "t3", "t4"]);
    await talk.say("And?");
    await talk.ended(3);
    expect(talk.records.map(({ mode }) => mode)).toEqual(["full", "incremental", "incremental"]);
    expect(talk.errors).toEqual([]);
  });

  it("are dropped with what is cut short, and the next turn is accepted", async () => {
    const brain = script(async function* ({ signal }) {
      yield thought("t1");
      yield text("First.");
      yield thought("t2");
      yield text("Sec");
      await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
    }, echo);
    await using talk = await startTalk({ server: { brain }, llm });
    await talk.say("Think");
    await until(() => textOf(talk.out) === "First.Sec");
    await talk.say("Stop");
    await talk.ended(2);
    expect(talk.context.messages.map(encryptedOf).filter(Boolean)).toEqual(["t1"]);
    expect(gist(talk.context)).toEqual([
      "user: Think",
      "(openai)",
      "assistant: First.",
      "assistant: Sec",
      "user: Stop",
      "assistant: 5: Stop",
    ]);
    expect(talk.errors).toEqual([]);
  });

  it("are dropped when nothing follows them, or the answer is incomplete", async () => {
    const incomplete = { type: "incomplete", reason: "content_filter" } as const;
    const brain = script([text("One."), thought("t1")], [thought("t2"), text("Tw"), incomplete], echo);
    await using talk = await startTalk({ server: { brain }, llm });
    await talk.say("a");
    await talk.ended(1);
    await talk.say("b");
    expect((await talk.ended(2)).incompleteReason).toBe("content_filter");
    await talk.say("c");
    await talk.ended(3);
    expect(gist(talk.context)).toEqual([
      "user: a",
      "assistant: One.",
      "user: b",
      "assistant: Tw",
      "user: c",
      "assistant: 5: c",
    ]);
    expect(talk.errors).toEqual([]);
  });
});

describe("the assistant aggregator", () => {
  it("keeps what was delivered when the pipeline ends in the middle of a reply", async () => {
    await using talk = await startTalk({ server: { brain: saysOnly("Half ") } });
    await talk.say("a");
    await until(() => textOf(talk.out) !== "");
    await talk.task.queueFrames([new InterruptionFrame(), new EndFrame()]);
    await talk.finished;
    expect(gist(talk.context)).toEqual(["user: a", "assistant: Half "]);
  });

  it("keeps what was delivered when the pipeline is cancelled in the middle of a reply", async () => {
    // Nothing but the CancelFrame tells it that the response is over.
    const gate = new Gate((frame) => frame instanceof LLMFullResponseEndFrame);
    await using talk = await startTalk({ server: { brain: saysOnly("Half ") }, between: [gate] });
    await talk.say("a");
    await until(() => textOf(talk.out) !== "");
    await talk.task.queueFrame(new CancelFrame());
    await talk.finished;
    expect(gist(talk.context)).toEqual(["user: a", "assistant: Half "]);
  });

  it("goes on writing when a processor after it only asks for the end", async () => {
    const go = Promise.withResolvers<void>();
    const brain: Brain = async function* () {
      yield text("Good");
      await go.promise;
      yield text("bye.");
    };
    await using talk = await startTalk({ server: { brain } });
    await talk.say("Bye");
    await until(() => textOf(talk.out) !== "");
    // As a processor at the end would: up through the assistant aggregator and the service.
    await talk.last.queueFrame(new EndFrame(), "upstream");
    await settle();
    go.resolve();
    expect(await talk.finished).toEqual({ kind: "ended" });
    expect(gist(talk.context)).toEqual(["user: Bye", "assistant: Goodbye."]);
    expect(endsOf(talk.out).map(({ interrupted }) => interrupted)).toEqual([false]);
  });

  it("takes any text within a response, and none outside of one", async () => {
    class Shout extends FrameProcessor {
      protected override async processFrame(
        frame: Frame,
        direction: FrameDirection,
        signal: AbortSignal,
      ): Promise<void> {
        if (frame instanceof LLMTextFrame)
          await this.pushFrame(new TextFrame(frame.text.toUpperCase()), direction, signal);
        else await this.pushFrame(frame, direction);
      }
    }
    await using talk = await startTalk({ server: { brain: script("hello") }, between: [new Shout()] });
    await talk.task.queueFrame(new TextFrame("not said by the model"));
    await talk.say("a");
    await talk.ended(1);
    expect(gist(talk.context)).toEqual(["user: a", "assistant: HELLO"]);
    expect(textOf(talk.out)).toBe("not said by the modelHELLO");
  });

  it("keeps an output that arrives with the interruption's only once", async () => {
    const look = defineTool({ name: "look", parameters: nothing, execute: () => "seen" });
    const context = new LLMContext({ tools: [look] });
    const gate = new Gate((frame) => frame instanceof FunctionCallResultFrame);
    const brain = script([call("look", {}, "c1")], echo);
    await using talk = await startTalk({ server: { brain }, context, between: [gate] });
    await talk.say("Look");
    await until(() => gate.held === 1);
    await talk.say("Stop");
    await until(() => context.messages.length >= 4);
    gate.release();
    await talk.ended(2);
    expect(flawsOf(context)).toEqual([]);
    expect(gist(context)[2]).toMatch(/^tool#c1: .*cancelled/);
    expect(gist(context).slice(3)).toEqual(["user: Stop", "assistant: 4: Stop"]);
    expect(endsOf(talk.out).every((frame) => frame instanceof LLMFullResponseEndFrame)).toBe(true);
  });
});
