import * as fc from "fast-check";
import {
  defineTool,
  type Frame,
  type FrameDirection,
  FrameProcessor,
  FunctionCallInProgressFrame,
  FunctionCallsStartedFrame,
  InterruptionFrame,
  LLMContext,
  LLMFullResponseEndFrame,
  LLMFullResponseStartFrame,
  SystemFrame,
  TextFrame,
  TranscriptionFrame,
} from "turnwire";
import { UserStartedSpeakingFrame, UserStoppedSpeakingFrame } from "turnwire/internal";
import type { Brain, BrainRequest } from "@turnwire/server";
import { describe, expect, it } from "vitest";
import { bracketFlaws, endsOf, flawsOf, gist, settle, textOf, until } from "@turnwire/test-kit";
import { call, saysOnly, script, text } from "../support/brains.ts";
import { Gate, startTalk, type Talk } from "../support/talk.ts";

const nothing = { type: "object", properties: {} };

describe("an interruption in the middle of a reply", () => {
  it("keeps exactly what was delivered before it, and the user's words after it", async () => {
    const count: Brain = function* () {
      for (let index = 1; index <= 200; index += 1) yield text(`${index} `);
    };
    await using talk = await startTalk({
      server: { brain: script(count, "Stopped.") },
      onFrame: (frame, { task }) => {
        if (frame instanceof TextFrame && frame.text === "3 ") void task.queueFrame(new TranscriptionFrame("Stop"));
      },
    });
    await talk.say("Count");
    await talk.ended(2);
    expect(gist(talk.context)).toEqual(["user: Count", "assistant: 1 2 3 ", "user: Stop", "assistant: Stopped."]);
    expect(textOf(talk.out)).toBe("1 2 3 Stopped.");
    expect(endsOf(talk.out).map(({ interrupted }) => interrupted)).toEqual([true, false]);
    expect(talk.errors).toEqual([]);
  });

  it("counts as spoken only what has come past the processors in between", async () => {
    const gate = new Gate((frame) => frame instanceof TextFrame && frame.text === "two ");
    const brain = script([text("one "), text("two "), text("three ")], "Stopped.");
    await using talk = await startTalk({ server: { brain }, between: [gate] });
    await talk.say("Count");
    await until(() => gate.held === 1 && talk.records.length === 1);
    // The model has finished; the speech has not.
    await talk.say("Stop");
    await talk.ended(2);
    expect(gist(talk.context)).toEqual(["user: Count", "assistant: one ", "user: Stop", "assistant: Stopped."]);
    expect(textOf(talk.out)).toBe("one Stopped.");
  });

  it("takes nothing of a response that began before it and comes after it", async () => {
    let ran = 0;
    const look = defineTool({ name: "look", parameters: nothing, execute: () => (ran += 1) });
    const context = new LLMContext({ tools: [look] });
    const gate = new Gate((frame) => frame instanceof LLMFullResponseStartFrame);
    const brain = script([text("Hm. "), call("look", {}, "c1")], "Here.", "Too much.");
    await using talk = await startTalk({ server: { brain }, context, between: [gate] });
    await talk.say("a");
    await until(() => gate.held === 1 && ran === 1);
    await talk.say("b");
    await until(() => talk.records.length === 2);
    gate.release();
    await until(() => gate.held === 1);
    gate.release();
    await talk.ended(2);
    for (let count = 0; count < 10; count += 1) await settle();
    expect(gist(context)).toEqual(["user: a", "user: b", "assistant: Here."]);
    expect(talk.server.requests).toHaveLength(2);
    expect(bracketFlaws(talk.out)).toEqual([]);
  });

  it("by the task itself ends the reply and asks for nothing", async () => {
    await using talk = await startTalk({ server: { brain: script(saysOnly("Half "), "Whole.") } });
    await talk.say("a");
    await until(() => textOf(talk.out) !== "");
    await talk.task.interrupt();
    await talk.ended(1);
    expect(gist(talk.context)).toEqual(["user: a", "assistant: Half "]);
    await talk.say("b");
    await talk.ended(2);
    expect(gist(talk.context).slice(2)).toEqual(["user: b", "assistant: Whole."]);
  });

  it("before anything was said leaves no message of the assistant", async () => {
    await using talk = await startTalk({ server: { brain: script(saysOnly(""), "Here.") } });
    await talk.say("a");
    await until(() => talk.server.requests.length === 1);
    await talk.say("b");
    await talk.ended(2);
    expect(gist(talk.context)).toEqual(["user: a", "user: b", "assistant: Here."]);
  });
});

describe("a function that goes on past the interruption", () => {
  const goesOn = (go: Promise<string>): LLMContext =>
    new LLMContext({
      tools: [defineTool({ name: "book", parameters: nothing, cancelOnInterruption: false, execute: () => go })],
    });

  it("has its result reported later, and the model is asked again", async () => {
    const go = Promise.withResolvers<string>();
    const context = goesOn(go.promise);
    const brain = script([text("Booking. "), call("book", {}, "c1")], "Sure.", "It is booked.");
    await using talk = await startTalk({ server: { brain }, context });
    await talk.say("Book");
    await until(() => talk.out.some((frame) => frame instanceof FunctionCallInProgressFrame));
    await talk.say("Wait");
    await talk.ended(2);
    expect(gist(context)[2]).toMatch(/^tool#c1: .*running/);
    go.resolve("seat 4");
    await talk.ended(3);
    expect(gist(context).slice(3)).toEqual([
      "user: Wait",
      "assistant: Sure.",
      "developer: The function book (call c1) has finished: seat 4",
      "assistant: It is booked.",
    ]);
    expect(flawsOf(context)).toEqual([]);
    expect(talk.errors).toEqual([]);
  });

  it("that finishes during a reply is reported after it, and the model is asked when it is in the context", async () => {
    const go = Promise.withResolvers<string>();
    const context = goesOn(go.promise);
    const more = Promise.withResolvers<void>();
    const brain = script(
      [call("book", {}, "c1")],
      async function* () {
        yield text("Su");
        await more.promise;
        yield text("re.");
      },
      ({ conversation }) => [text(`Told as ${JSON.stringify(conversation.at(-1)).includes("seat 4")}.`)],
    );
    // The assistant aggregator sees frames later than the service pushes them.
    const gate = new Gate((frame) => frame instanceof LLMFullResponseEndFrame);
    await using talk = await startTalk({ server: { brain }, context, between: [gate] });
    await talk.say("Book");
    await until(() => gate.held === 1);
    gate.release();
    await until(() => talk.out.some((frame) => frame instanceof FunctionCallInProgressFrame));
    await talk.say("Wait");
    await until(() => textOf(talk.out) === "Su");
    go.resolve("seat 4");
    await settle();
    more.resolve();
    await until(() => gate.held === 1);
    await settle();
    expect(gist(context)).toHaveLength(4);
    gate.release();
    await until(() => gate.held === 1);
    gate.release();
    await talk.ended(3);
    expect(gist(context).slice(3)).toEqual([
      "user: Wait",
      "assistant: Sure.",
      "developer: The function book (call c1) has finished: seat 4",
      "assistant: Told as true.",
    ]);
    expect(talk.server.requests).toHaveLength(3);
    expect(talk.errors).toEqual([]);
  });

  it("is reported even if the interruption came before its call was delivered", async () => {
    const go = Promise.withResolvers<string>();
    const context = goesOn(go.promise);
    const brain = script([text("Booking. "), call("book", {}, "c1")], "Sure.", "It is booked.");
    // A speech service that is still speaking.
    const gate = new Gate((frame) => frame instanceof TextFrame && frame.text === "Booking. ");
    await using talk = await startTalk({ server: { brain }, context, between: [gate] });
    await talk.say("Book");
    await until(() => gate.held === 1 && talk.records.length === 1);
    await settle();
    await talk.say("Wait");
    await talk.ended(2);
    go.resolve("seat 4");
    await talk.ended(3);
    expect(gist(context)).toEqual([
      "user: Book",
      "user: Wait",
      "assistant: Sure.",
      "developer: The function book (call c1) has finished: seat 4",
      "assistant: It is booked.",
    ]);
  });

  it("is reported if the interruption came between its call and its beginning", async () => {
    const go = Promise.withResolvers<string>();
    const context = goesOn(go.promise);
    const brain = script([call("book", {}, "c1")], "Sure.", "It is booked.");
    const gate = new Gate((frame) => frame instanceof FunctionCallInProgressFrame);
    await using talk = await startTalk({ server: { brain }, context, between: [gate] });
    await talk.say("Book");
    await until(() => gate.held === 1);
    await talk.say("Wait");
    await until(() => gist(context).includes("user: Wait"));
    gate.release();
    await talk.ended(2);
    go.resolve("seat 4");
    await talk.ended(3);
    expect(flawsOf(context)).toEqual([]);
    expect(gist(context).slice(-3)).toEqual([
      "assistant: Sure.",
      "developer: The function book (call c1) has finished: seat 4",
      "assistant: It is booked.",
    ]);
  });
});

interface Plan {
  /** How many words are said, and how many of them before a function is called. */
  words: number;
  callAfter: number | undefined;
  thinks: boolean;
  /** After how many words the model has to think of the next. */
  pace: number;
  /** When the user speaks again: after so many words, at a function's beginning, soon, or when all is said. */
  cut: { words: number } | { loopTurns: number } | "call" | "never";
  spoken: boolean;
}

const plan: fc.Arbitrary<Plan> = fc.record({
  words: fc.integer({ min: 10, max: 40 }),
  callAfter: fc.option(fc.nat(9), { nil: undefined }),
  thinks: fc.boolean(),
  pace: fc.integer({ min: 1, max: 20 }),
  cut: fc.oneof(
    { weight: 4, arbitrary: fc.record({ words: fc.integer({ min: 1, max: 30 }) }) },
    { weight: 4, arbitrary: fc.record({ loopTurns: fc.nat(25) }) },
    { weight: 1, arbitrary: fc.constantFrom("call" as const, "never" as const) },
  ),
  spoken: fc.boolean(),
});

const wordsOf = (turn: number, { words }: Plan): string[] =>
  Array.from({ length: words }, (_, index) => `${turn}.${index} `);

/** Answers turn by turn as planned. */
function planned(plans: readonly Plan[]): Brain {
  return async function* ({ conversation }: BrainRequest) {
    const users = conversation.filter((item) => "role" in item && item.role === "user");
    const turn = users.length - 1;
    const one = plans[turn]!;
    const words = wordsOf(turn, one);
    const last = conversation.at(-1);
    const called = last !== undefined && "type" in last && last.type === "function_call_output";
    if (one.thinks) yield { type: "reasoning", summary: "Hm.", encryptedContent: `t${turn}` };
    const { callAfter = words.length } = one;
    for (const [index, word] of (called ? words.slice(callAfter) : words.slice(0, callAfter)).entries()) {
      if (index % one.pace === 0) await settle();
      yield text(word);
    }
    if (one.callAfter !== undefined && !called) yield call("look", { turn });
  };
}

/** A processor that takes its time, now and then. */
class Slow extends FrameProcessor {
  readonly #pauses: readonly number[];
  #next = 0;

  constructor(pauses: readonly number[]) {
    super();
    this.#pauses = pauses;
  }

  protected override async processFrame(frame: Frame, direction: FrameDirection): Promise<void> {
    if (!(frame instanceof SystemFrame)) {
      const pauses = this.#pauses[this.#next++ % this.#pauses.length] ?? 0;
      for (let count = 0; count < pauses; count += 1) await settle();
    }
    await this.pushFrame(frame, direction);
  }
}

/** Has the user speak as planned; resolves when the last turn is through. */
class Driver {
  readonly #plans: readonly Plan[];
  readonly #done = Promise.withResolvers<void>();
  #turn = -1;
  #heard = 0;

  constructor(plans: readonly Plan[]) {
    this.#plans = plans;
  }

  get done(): Promise<void> {
    return this.#done.promise;
  }

  speak(talk: Talk): void {
    this.#turn += 1;
    this.#heard = 0;
    const turn = this.#turn;
    const { spoken, cut } = this.#plans[turn]!;
    if (spoken) void talk.task.queueFrame(new UserStartedSpeakingFrame());
    void talk.task.queueFrame(new TranscriptionFrame(`turn ${turn}`));
    if (spoken) void talk.task.queueFrame(new UserStoppedSpeakingFrame());
    if (typeof cut === "object" && "loopTurns" in cut) void this.#speakAfter(cut.loopTurns, turn, talk);
  }

  onFrame(frame: Frame, talk: Talk): void {
    const one = this.#plans[this.#turn];
    if (one === undefined) return;
    if (frame instanceof TextFrame && frame.text.startsWith(`${this.#turn}.`)) {
      this.#heard += 1;
      if (typeof one.cut === "object" && "words" in one.cut && this.#heard === one.cut.words) this.#next(talk);
    } else if (frame instanceof FunctionCallInProgressFrame && one.cut === "call") {
      this.#next(talk);
    } else if (frame instanceof LLMFullResponseEndFrame && this.#heard === one.words) {
      if (this.#isLast) this.#done.resolve();
      else this.#next(talk);
    }
  }

  get #isLast(): boolean {
    return this.#turn === this.#plans.length - 1;
  }

  #next(talk: Talk): void {
    if (!this.#isLast) this.speak(talk);
  }

  async #speakAfter(loopTurns: number, turn: number, talk: Talk): Promise<void> {
    // The words of two turns that nothing comes between are one message.
    await until(() =>
      talk.context.messages.some((message) => "content" in message && message.content === `turn ${turn}`),
    );
    for (let count = 0; count < loopTurns; count += 1) await settle();
    if (this.#turn === turn) this.#next(talk);
  }
}

it("leaves whole responses, a true context and nothing of the old in the new: at any moment", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(plan, { minLength: 2, maxLength: 5 }),
      fc.constantFrom("honour" as const, "refuse" as const, "ignore" as const),
      fc.array(fc.nat(3), { maxLength: 7 }),
      async (plans, cancel, pauses) => {
        const look = defineTool({ name: "look", parameters: nothing, execute: () => settle() });
        const driver = new Driver(plans);
        await using talk = await startTalk({
          server: { brain: planned(plans), cancel },
          llm: { model: "gpt-5", reasoning: { effort: "low", summary: "auto" } },
          context: new LLMContext({ tools: [look] }),
          between: pauses.length === 0 ? [] : [new Slow(pauses)],
          onFrame: (frame, running) => driver.onFrame(frame, running),
        });
        driver.speak(talk);
        await driver.done;
        // A reply too many would have time to come.
        for (let count = 0; count < 10; count += 1) await settle();
        const { out, context, server, records } = talk;

        expect(bracketFlaws(out)).toEqual([]);
        expect(out.filter((frame) => frame instanceof LLMFullResponseStartFrame)).toHaveLength(records.length);
        expect(endsOf(out).map(({ interrupted }) => interrupted)).toEqual(
          records.map(({ interrupted }) => interrupted),
        );
        expect(flawsOf(context)).toEqual([]);

        const spoken = out.filter((frame) => frame instanceof TextFrame).map((frame) => frame.text);
        const turns = spoken.map((word) => Number(word.split(".")[0]));
        expect(turns).toEqual(turns.toSorted((one, other) => one - other));
        const kept = saidByTurn(context);
        for (const [turn, one] of plans.entries()) {
          const delivered = spoken.filter((word) => word.startsWith(`${turn}.`)).join("");
          expect(kept[turn]).toBe(delivered);
          expect(wordsOf(turn, one).join("")).toContain(delivered);
          if (turn === plans.length - 1) expect(delivered).toBe(wordsOf(turn, one).join(""));
        }
        const asked = server.requests.map(({ conversation }) => JSON.stringify(conversation));
        expect(new Set(asked).size).toBe(asked.length);
        expect(server.requests.filter(({ status }) => status === "rejected" || status === "failed")).toEqual([]);
        expect(talk.errors).toEqual([]);
        expect(talk.logger.warnings).toEqual([]);
      },
    ),
    { numRuns: 120 },
  );
});

/** The assistant's words after each message of the user. */
function saidByTurn(context: LLMContext): string[] {
  const said: string[] = [];
  for (const message of context.messages) {
    if (!("role" in message)) continue;
    if (message.role === "user") {
      expect(message.content).toBe(`turn ${said.length}`);
      said.push("");
    } else if (message.role === "assistant" && typeof message.content === "string") {
      said[said.length - 1] += message.content;
    }
  }
  return said;
}

it("lets what was called but not delivered have no place in the context", async () => {
  let ran = 0;
  const look = defineTool({ name: "look", parameters: nothing, execute: () => (ran += 1) });
  const context = new LLMContext({ tools: [look] });
  const gate = new Gate((frame) => frame instanceof TextFrame && frame.text === "Hm. ");
  const brain = script([text("Hm. "), call("look", {}, "c1")], "Sure.");
  await using talk = await startTalk({ server: { brain }, context, between: [gate] });
  await talk.say("Look");
  await until(() => gate.held === 1 && ran === 1);
  await talk.say("Wait");
  await talk.ended(2);
  expect(talk.out.some((frame) => frame instanceof FunctionCallsStartedFrame)).toBe(true);
  expect(gist(context)).toEqual(["user: Look", "user: Wait", "assistant: Sure."]);
  expect(talk.out.filter((frame) => frame instanceof InterruptionFrame).length).toBeGreaterThan(0);
});
