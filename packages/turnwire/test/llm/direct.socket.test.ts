import {
  defineTool,
  type Frame,
  FunctionCallCancelFrame,
  FunctionCallInProgressFrame,
  FunctionCallResultFrame,
  FunctionCallsStartedFrame,
  LLMContext,
  LLMFullResponseEndFrame,
  LLMFullResponseStartFrame,
  LLMTextFrame,
  TurnwireError,
} from "turnwire";
import { type Brain, ResponsesApiError } from "@turnwire/server";
import { describe, expect, it } from "vitest";
import {
  bracketFlaws,
  collect,
  collectWithError,
  contextOf,
  endsOf,
  fired,
  flawsOf,
  gist,
  say,
  settle,
  textOf,
  until,
  user,
  VirtualClock,
} from "@turnwire/test-kit";
import { call, saysOnly, script, text } from "../support/brains.ts";
import { setup } from "../support/setup.ts";

const nothing = { type: "object", properties: {} };
const names = (frames: readonly Frame[]): string[] => frames.map((frame) => frame.constructor.name);

describe("respond", () => {
  it("asks, runs functions and asks again until the model has answered", async () => {
    const look = defineTool({ name: "look", parameters: nothing, execute: ({ at }) => `seen ${String(at)}` });
    const brain = script(
      [text("Let me see. "), call("look", { at: 1 }, "c1")],
      [call("look", { at: 2 }, "c2"), call("look", { at: 3 }, "c3")],
      "Done.",
    );
    await using service = await setup({ brain });
    const context = contextOf("Look", { tools: [look] });
    const frames = await collect(service.llm.respond(context));
    expect(names(frames)).toEqual([
      "LLMFullResponseStartFrame",
      "LLMTextFrame",
      "FunctionCallsStartedFrame",
      "LLMFullResponseEndFrame",
      "FunctionCallInProgressFrame",
      "FunctionCallResultFrame",
      "LLMFullResponseStartFrame",
      "FunctionCallsStartedFrame",
      "LLMFullResponseEndFrame",
      "FunctionCallInProgressFrame",
      "FunctionCallInProgressFrame",
      "FunctionCallResultFrame",
      "FunctionCallResultFrame",
      "LLMFullResponseStartFrame",
      "LLMTextFrame",
      "LLMFullResponseEndFrame",
    ]);
    expect(gist(context)).toEqual([
      "user: Look",
      "assistant: Let me see.  [look#c1]",
      "tool#c1: seen 1",
      "assistant: [look#c2 look#c3]",
      "tool#c2: seen 2",
      "tool#c3: seen 3",
      "assistant: Done.",
    ]);
    expect(service.records.map(({ mode, functionCalls }) => [mode, functionCalls])).toEqual([
      ["full", 1],
      ["incremental", 2],
      ["incremental", 0],
    ]);
    expect(service.logger.warnings).toEqual([]);
  });

  it("keeps what was said until an inference failed, and throws after its end frame", async () => {
    const look = defineTool({ name: "look", parameters: nothing, execute: () => "seen" });
    const brain = script(
      [text("Let me see. "), call("look", {}, "c1")],
      function* () {
        yield text("I saw");
        throw new ResponsesApiError({ status: 500, code: "server_error", message: "Boom" });
      },
      "Fine.",
    );
    await using service = await setup({ brain });
    const context = contextOf("Look", { tools: [look] });
    const { frames, error } = await collectWithError(service.llm.respond(context));
    expect(error).toBeInstanceOf(TurnwireError);
    expect(error).toMatchObject({ code: "server_error" });
    expect(frames.at(-1)).toBeInstanceOf(LLMFullResponseEndFrame);
    expect(endsOf(frames).at(-1)).toMatchObject({ interrupted: false, incompleteReason: "failed" });
    expect(bracketFlaws(frames)).toEqual([]);
    expect(gist(context).slice(1)).toEqual(["assistant: Let me see.  [look#c1]", "tool#c1: seen", "assistant: I saw"]);
    expect(await say(service.llm, context, "Again")).toBe("Fine.");
  });

  it("throws what is wrong with the settings or the context as it is, and asks nothing", async () => {
    await using service = await setup();
    const context = new LLMContext({ messages: [{ role: "assistant", audio: { id: "a" } }] });
    const { frames, error } = await collectWithError(service.llm.respond(context));
    expect(error).toMatchObject({ code: "invalid_argument", field: "messages[0].audio" });
    expect(names(frames)).toEqual(["LLMFullResponseStartFrame", "LLMFullResponseEndFrame"]);
    expect(service.server.requests).toEqual([]);
    expect(service.records[0]).toMatchObject({ error: "invalid_argument", reason: "nothing-sent" });
  });
});

describe("stream", () => {
  it("runs nothing and leaves the context alone", async () => {
    let ran = 0;
    const look = defineTool({ name: "look", parameters: nothing, execute: () => (ran += 1) });
    await using service = await setup({ brain: script([text("Let me see. "), call("look", {}, "c1")]) });
    const context = contextOf("Look", { tools: [look] });
    const frames = await collect(service.llm.stream(context));
    expect(names(frames)).toEqual([
      "LLMFullResponseStartFrame",
      "LLMTextFrame",
      "FunctionCallsStartedFrame",
      "LLMFullResponseEndFrame",
    ]);
    await settle();
    expect(ran).toBe(0);
    expect(gist(context)).toEqual(["user: Look"]);
    expect(service.server.requests).toHaveLength(1);
  });

  it("without a reader sends no request", async () => {
    await using service = await setup({ brain: script("Hi.") });
    service.llm.stream(contextOf("a"));
    service.llm.respond(contextOf("a"));
    await settle();
    expect(service.records).toEqual([]);
    expect(service.llm.isConnected).toBe(false);
  });

  it("loses nothing when its consumer is slow", async () => {
    const words = Array.from({ length: 3000 }, (_, index) => `${index} `);
    await using service = await setup({ brain: script(words.map(text)) });
    const context = contextOf("Count");
    const taken: Frame[] = [];
    for await (const frame of service.llm.respond(context)) {
      taken.push(frame);
      if (taken.length % 10 === 0) await settle();
    }
    expect(taken.filter((frame) => frame instanceof LLMTextFrame)).toHaveLength(words.length);
    expect(textOf(taken)).toBe(words.join(""));
    expect(gist(context).at(-1)).toBe(`assistant: ${words.join("")}`);
  });

  it("gives several turns at once one after the other", async () => {
    await using service = await setup({ brain: ({ conversation }) => [text(JSON.stringify(conversation.at(-1)))] });
    const said = ["a", "b", "c"];
    const all = await Promise.all(said.map((one) => collect(service.llm.stream(contextOf(one)))));
    for (const [index, frames] of all.entries()) {
      expect(textOf(frames)).toContain(`"${said[index]}"`);
      expect(bracketFlaws(frames)).toEqual([]);
    }
  });
});

describe("leaving the loop", () => {
  it("interrupts: what was taken is kept, and the connection is clean for the next turn", async () => {
    const count: Brain = function* () {
      for (let index = 0; index < 500; index += 1) yield text(`${index} `);
    };
    for (const cancel of ["honour", "refuse", "ignore"] as const) {
      await using service = await setup({ brain: script(count, "Next."), cancel });
      const context = contextOf("Count");
      for await (const frame of service.llm.respond(context)) {
        if (frame instanceof LLMTextFrame && frame.text === "2 ") break;
      }
      expect(gist(context)).toEqual(["user: Count", "assistant: 0 1 2 "]);
      expect(service.records[0]).toMatchObject({ interrupted: true });
      expect(await say(service.llm, context, "Next")).toBe("Next.");
      expect(new Set(service.server.requests.map(({ connection }) => connection)).size).toBe(1);
      expect(service.logger.warnings).toEqual([]);
    }
  });

  it("by a throw does the same, and the throw comes through", async () => {
    await using service = await setup({ brain: script(saysOnly("Half "), "Next.") });
    const context = contextOf("a");
    const leave = async (): Promise<void> => {
      for await (const frame of service.llm.respond(context)) {
        if (frame instanceof LLMTextFrame) throw new RangeError("enough");
      }
    };
    await expect(leave()).rejects.toThrow(RangeError);
    expect(gist(context)).toEqual(["user: a", "assistant: Half "]);
    expect(await say(service.llm, context, "b")).toBe("Next.");
  });

  it("of a stream does not touch the context", async () => {
    await using service = await setup({ brain: script(saysOnly("Half "), "Next.") });
    const context = contextOf("a");
    for await (const frame of service.llm.stream(context)) if (frame instanceof LLMTextFrame) break;
    expect(gist(context)).toEqual(["user: a"]);
    expect(service.records).toHaveLength(1);
    expect(textOf(await collect(service.llm.stream(context)))).toBe("Next.");
  });

  it("while a function runs cancels it, and gives the call its output", async () => {
    let state = "waiting";
    const wait = defineTool({
      name: "wait",
      parameters: nothing,
      execute: async (_args, { signal }) => {
        state = "running";
        await fired(signal);
        state = "cancelled";
      },
    });
    await using service = await setup({ brain: script([call("wait", {}, "c1")], "Next.") });
    const context = contextOf("Wait", { tools: [wait] });
    for await (const frame of service.llm.respond(context)) {
      if (!(frame instanceof FunctionCallInProgressFrame)) continue;
      await until(() => state === "running");
      break;
    }
    expect(state).toBe("cancelled");
    expect(flawsOf(context)).toEqual([]);
    expect(gist(context).at(-1)).toMatch(/^tool#c1: .*cancelled/);
    expect(await say(service.llm, context, "Go on")).toBe("Next.");
  });

  it("keeps what was done, even when it was not taken yet", async () => {
    let ran = 0;
    const book = defineTool({ name: "book", parameters: nothing, execute: () => `seat ${(ran += 1)}` });
    await using service = await setup({ brain: script([text("Booking. "), call("book", {}, "c1")], "Next.") });
    const context = contextOf("Book", { tools: [book] });
    for await (const frame of service.llm.respond(context)) {
      if (!(frame instanceof LLMTextFrame)) continue;
      await until(() => ran === 1);
      await settle();
      break;
    }
    expect(gist(context)).toEqual(["user: Book", "assistant: Booking.  [book#c1]", "tool#c1: seat 1"]);
    expect(await say(service.llm, context, "And?")).toBe("Next.");
    expect(flawsOf(context)).toEqual([]);
  });
});

describe("a signal", () => {
  it("that has fired already opens nothing", async () => {
    await using service = await setup({ brain: script("Hi.") });
    const context = contextOf("a");
    const signal = AbortSignal.abort();
    expect(await collect(service.llm.respond(context, { signal }))).toEqual([]);
    const frames = await collect(service.llm.stream(context, { signal }));
    expect(names(frames)).toEqual(["LLMFullResponseStartFrame", "LLMFullResponseEndFrame"]);
    expect(endsOf(frames)[0]!.interrupted).toBe(true);
    await settle();
    expect(service.server.requests).toEqual([]);
    expect(service.server.connections).toEqual([]);
    expect(gist(context)).toEqual(["user: a"]);
  });

  it("that fires while connecting ends the turn quietly, and the next turn connects", async () => {
    await using service = await setup({ brain: script("Hi.") });
    const context = contextOf("a");
    const controller = new AbortController();
    const frames: Frame[] = [];
    for await (const frame of service.llm.respond(context, { signal: controller.signal })) {
      frames.push(frame);
      if (frame instanceof LLMFullResponseStartFrame) controller.abort();
    }
    expect(endsOf(frames).map(({ interrupted }) => interrupted)).toEqual([true]);
    expect(gist(context)).toEqual(["user: a"]);
    expect(await say(service.llm, context, "b")).toBe("Hi.");
  });

  it("that fires during the text keeps what was taken, and marks the end frame", async () => {
    const controller = new AbortController();
    await using service = await setup({ brain: script(saysOnly("Half "), "Next.") });
    const context = contextOf("a");
    const frames: Frame[] = [];
    for await (const frame of service.llm.respond(context, { signal: controller.signal })) {
      frames.push(frame);
      if (frame instanceof LLMTextFrame) controller.abort();
    }
    expect(names(frames)).toEqual(["LLMFullResponseStartFrame", "LLMTextFrame", "LLMFullResponseEndFrame"]);
    expect(endsOf(frames)[0]!.interrupted).toBe(true);
    expect(gist(context)).toEqual(["user: a", "assistant: Half "]);
    expect(await say(service.llm, context, "b")).toBe("Next.");
  });

  it("that fires when the model has finished and the consumer has not still cuts the answer short", async () => {
    const controller = new AbortController();
    const thought = { type: "reasoning", summary: "Hm.", encryptedContent: "t1" } as const;
    await using service = await setup(
      { brain: script([thought, text("One "), text("two "), text("three.")], "Next.") },
      { model: "gpt-5", reasoning: { effort: "low", summary: "auto" } },
    );
    const context = contextOf("Count");
    const frames: Frame[] = [];
    for await (const frame of service.llm.respond(context, { signal: controller.signal })) {
      frames.push(frame);
      if (!(frame instanceof LLMTextFrame)) continue;
      await until(() => service.records.length === 1);
      controller.abort();
    }
    expect(textOf(frames)).toBe("One ");
    expect(endsOf(frames).map(({ interrupted }) => interrupted)).toEqual([true]);
    // The thought led to more than was heard.
    expect(gist(context)).toEqual(["user: Count", "assistant: One "]);
    expect(await say(service.llm, context, "Next")).toBe("Next.");
  });

  it("that fires while a function runs cancels it and ends the turn", async () => {
    const controller = new AbortController();
    const signals: AbortSignal[] = [];
    const wait = defineTool({
      name: "wait",
      parameters: nothing,
      execute: (_args, { signal }) => {
        signals.push(signal);
        controller.abort();
        return new Promise(() => undefined);
      },
    });
    await using service = await setup({ brain: script([text("Hm. "), call("wait", {}, "c1")], "Next.") });
    const context = contextOf("Wait", { tools: [wait] });
    const frames = await collect(service.llm.respond(context, { signal: controller.signal }));
    expect(frames.at(-1)).toBeInstanceOf(FunctionCallCancelFrame);
    expect(signals[0]!.aborted).toBe(true);
    expect(gist(context)[1]).toBe("assistant: Hm.  [wait#c1]");
    expect(gist(context)[2]).toMatch(/^tool#c1: .*cancelled/);
    expect(service.server.requests).toHaveLength(1);
    expect(await say(service.llm, context, "Go on")).toBe("Next.");
  });

  it("that fires between two inferences makes no other", async () => {
    const controller = new AbortController();
    const look = defineTool({ name: "look", parameters: nothing, execute: () => "seen" });
    await using service = await setup({ brain: script([call("look", {}, "c1")], "Next.") });
    const context = contextOf("Look", { tools: [look] });
    for await (const frame of service.llm.respond(context, { signal: controller.signal })) {
      if (frame instanceof FunctionCallResultFrame) controller.abort();
    }
    expect(gist(context).slice(1)).toEqual(["assistant: [look#c1]", "tool#c1: seen"]);
    expect(service.server.requests).toHaveLength(1);
    expect(service.records[0]).toMatchObject({ interrupted: false });
  });

  it("leaves no listener", async () => {
    const { signal } = new AbortController();
    let listeners = 0;
    const { addEventListener, removeEventListener } = signal;
    signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
      listeners += 1;
      addEventListener.apply(signal, args);
    };
    signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
      listeners -= 1;
      removeEventListener.apply(signal, args);
    };
    const look = defineTool({ name: "look", parameters: nothing, execute: () => "seen" });
    await using service = await setup({ brain: script([call("look", {}, "c1")], "Done.", saysOnly("Half ")) });
    await collect(service.llm.respond(contextOf("Look", { tools: [look] }), { signal }));
    for await (const frame of service.llm.stream(contextOf("a"), { signal })) {
      if (frame instanceof LLMTextFrame) break;
    }
    expect(listeners).toBe(0);
  });
});

describe("stop", () => {
  it("in the middle of a stream ends it quietly", async () => {
    await using service = await setup({ brain: script(saysOnly("Half "), "Next.") });
    const context = contextOf("a");
    const frames: Frame[] = [];
    for await (const frame of service.llm.respond(context)) {
      frames.push(frame);
      if (frame instanceof LLMTextFrame) await service.llm.stop();
    }
    expect(names(frames)).toEqual(["LLMFullResponseStartFrame", "LLMTextFrame", "LLMFullResponseEndFrame"]);
    expect(endsOf(frames)[0]!.interrupted).toBe(true);
    expect(gist(context)).toEqual(["user: a", "assistant: Half "]);
    expect(service.llm.isConnected).toBe(false);
    await until(() => service.server.connections.length === 0);
    // And it can be used again.
    expect(await say(service.llm, context, "b")).toBe("Next.");
    expect(service.llm.isConnected).toBe(true);
    expect(service.logger.warnings).toEqual([]);
  });

  it("while a function runs cancels it, also one that interruptions do not", async () => {
    const wait = defineTool({
      name: "wait",
      parameters: nothing,
      cancelOnInterruption: false,
      execute: (_args, { signal }) => fired(signal),
    });
    await using service = await setup({ brain: script([call("wait", {}, "c1")], "Next.") });
    const context = contextOf("Wait", { tools: [wait] });
    for await (const frame of service.llm.respond(context)) {
      if (frame instanceof FunctionCallInProgressFrame) await service.llm.stop();
    }
    expect(gist(context).at(-1)).toMatch(/^tool#c1: .*cancelled/);
    expect(service.server.requests).toHaveLength(1);
    expect(await say(service.llm, context, "Go on")).toBe("Next.");
  });

  it("between two inferences of a turn makes no other", async () => {
    const look = defineTool({ name: "look", parameters: nothing, execute: () => "seen" });
    await using service = await setup({ brain: script([call("look", {}, "c1")], "Next.") });
    const context = contextOf("Look", { tools: [look] });
    for await (const frame of service.llm.respond(context)) {
      if (frame instanceof FunctionCallResultFrame) await service.llm.stop();
    }
    expect(gist(context).slice(1)).toEqual(["assistant: [look#c1]", "tool#c1: seen"]);
    expect(service.server.requests).toHaveLength(1);
    expect(service.llm.isConnected).toBe(false);
  });

  it("comes with `await using`, and is fine twice or before anything", async () => {
    await using service = await setup({ brain: script("Hi.") });
    {
      await using llm = service.llm;
      await llm.stop();
      expect(await say(llm, new LLMContext(), "a")).toBe("Hi.");
      expect(llm.isConnected).toBe(true);
    }
    expect(service.llm.isConnected).toBe(false);
    await Promise.all([service.llm.stop(), service.llm.cancel()]);
    expect(await say(service.llm, new LLMContext(), "b")).toBe("Hi.");
  });
});

describe("a function that goes on past an interruption", () => {
  interface Booking {
    context: LLMContext;
    go: (seat: string) => Promise<void>;
  }
  function booking(): Booking {
    const done = Promise.withResolvers<string>();
    const tools = [
      defineTool({ name: "book", parameters: nothing, cancelOnInterruption: false, execute: () => done.promise }),
      defineTool({ name: "look", parameters: nothing, execute: () => settle() }),
    ];
    return {
      context: contextOf("Book", { tools }),
      async go(seat) {
        done.resolve(seat);
        await settle();
      },
    };
  }
  const told = "developer: The function book (call c1) has finished: seat 4";

  it("is reported between the turns", async () => {
    await using service = await setup({ brain: script([call("book", {}, "c1")], "Sure.", "Booked.") });
    const { context, go } = booking();
    for await (const frame of service.llm.respond(context)) if (frame instanceof FunctionCallInProgressFrame) break;
    expect(gist(context).at(-1)).toMatch(/^tool#c1: .*running/);
    await go("seat 4");
    expect(gist(context).at(-1)).toBe(told);
    expect(await say(service.llm, context, "And?")).toBe("Sure.");
    expect(flawsOf(context)).toEqual([]);
  });

  it("is reported after the running turn and its calls, and the model is asked again", async () => {
    const more = Promise.withResolvers<void>();
    const brain = script(
      [call("book", {}, "c1")],
      async function* () {
        yield text("Hm. ");
        await more.promise;
        yield call("look", {}, "c2");
      },
      "Looked.",
      ({ conversation }) => [text(`Told: ${JSON.stringify(conversation).includes("seat 4")}.`)],
    );
    await using service = await setup({ brain });
    const { context, go } = booking();
    for await (const frame of service.llm.respond(context)) if (frame instanceof FunctionCallInProgressFrame) break;
    context.addMessage(user("Look"));
    for await (const frame of service.llm.respond(context)) {
      if (frame instanceof FunctionCallsStartedFrame) await go("seat 4");
      more.resolve();
    }
    expect(flawsOf(context)).toEqual([]);
    expect(gist(context).slice(3)).toEqual([
      "user: Look",
      "assistant: Hm.  [look#c2]",
      "tool#c2: null",
      told,
      "assistant: Looked.",
    ]);
    expect(service.logger.warnings).toEqual([]);
  });

  it("is reported if the loop was left before its beginning was taken", async () => {
    await using service = await setup({ brain: script([call("book", {}, "c1")], "Sure.") });
    const { context, go } = booking();
    for await (const frame of service.llm.respond(context)) {
      if (!(frame instanceof FunctionCallsStartedFrame)) continue;
      await settle();
      break;
    }
    expect(gist(context).at(-1)).toMatch(/^tool#c1: .*running/);
    await go("seat 4");
    expect(gist(context).at(-1)).toBe(told);
  });

  it("is reported if it finishes before the interrupted turn's frames have been taken", async () => {
    const controller = new AbortController();
    await using service = await setup({ brain: script([text("Hm. "), call("book", {}, "c1")], "Sure.") });
    const { context, go } = booking();
    for await (const frame of service.llm.respond(context, { signal: controller.signal })) {
      if (!(frame instanceof LLMTextFrame)) continue;
      await until(() => service.records.length === 1);
      await settle();
      controller.abort();
      await go("seat 4");
    }
    await settle();
    expect(flawsOf(context)).toEqual([]);
    expect(gist(context).slice(1)).toEqual(["assistant: Hm.  [book#c1]", expect.stringMatching(/running/), told]);
  });
});

describe("a turn's record", () => {
  it("has times that add up, on the service's own clock", async () => {
    const clock = new VirtualClock(1000);
    const go = Promise.withResolvers<void>();
    const brain: Brain = async function* () {
      await go.promise;
      yield text("a");
      yield text("b");
    };
    await using service = await setup({ brain }, { environment: { clock } });
    const frames: Frame[] = [];
    let texts = 0;
    for await (const frame of service.llm.stream(contextOf("a"))) {
      frames.push(frame);
      if (frame instanceof LLMFullResponseStartFrame) {
        await clock.advance(3);
        await until(() => service.server.requests.length === 1);
        await clock.advance(40);
        go.resolve();
      }
      if (frame instanceof LLMTextFrame && (texts += 1) === 1) await clock.advance(500);
    }
    const { times } = service.records[0]!;
    const { totalMs, restMs, ...others } = times;
    expect(totalMs).toBeGreaterThanOrEqual(43);
    expect(totalMs).toBe(restMs + Object.values(others).reduce((sum, ms) => sum + ms, 0));
    // The rest depends on when the socket brought the end.
    expect(Object.values(others).reduce((sum, ms) => sum + ms, 0)).toBe(43);
    expect(clock.now() - 1000).toBe(543);
  });

  it("comes for every inference, counted up, whatever became of it", async () => {
    const failing: Brain = function* () {
      yield text("x");
      throw new ResponsesApiError({ status: 500, code: "server_error", message: "Boom" });
    };
    await using service = await setup({ brain: script("Hi.", failing, saysOnly("Half ")) });
    const { llm, records } = service;
    await say(llm, new LLMContext(), "a");
    await collectWithError(llm.stream(contextOf("b")));
    for await (const frame of llm.stream(contextOf("c"))) if (frame instanceof LLMTextFrame) break;
    await collect(llm.stream(contextOf("d"), { signal: AbortSignal.abort() }));
    expect(records.map(({ number }) => number)).toEqual([1, 2, 3, 4]);
    expect(records.map(({ interrupted }) => interrupted)).toEqual([false, false, true, true]);
    expect(records.map(({ error }) => error)).toEqual([undefined, "server_error", undefined, undefined]);
    expect(records.map(({ characters }) => characters)).toEqual([3, 1, 5, 0]);
    for (const { times } of records) {
      const { totalMs, ...parts } = times;
      expect(totalMs).toBe(Object.values(parts).reduce((sum, ms) => sum + ms, 0));
      expect(Object.values(parts).every((ms) => ms >= 0)).toBe(true);
    }
  });
});

describe("a listener", () => {
  it("that throws or rejects harms nothing, and is logged", async () => {
    const look = defineTool({ name: "look", parameters: nothing, execute: () => "seen" });
    await using service = await setup({ brain: script([call("look", {}, "c1")], "Done.") });
    const { llm, logger } = service;
    const heard: string[] = [];
    for (const event of ["connected", "functionCallsStarted", "inference"] as const) {
      llm.on(event, () => {
        throw new Error("a listener's own");
      });
      llm.on(event, async () => {
        await Promise.reject(new Error("another's"));
      });
      llm.on(event, () => void heard.push(event));
    }
    const context = contextOf("Look", { tools: [look] });
    expect(textOf(await collect(llm.respond(context)))).toBe("Done.");
    expect(heard).toEqual(["connected", "inference", "functionCallsStarted", "inference"]);
    await until(() => logger.warnings.length === 8);
    expect(logger.warned.every((warning) => warning.startsWith("a listener of"))).toBe(true);
  });

  it("can be taken away", async () => {
    await using service = await setup({ brain: script("Hi.") });
    let heard = 0;
    const listener = (): void => void (heard += 1);
    const off = service.llm.on("inference", listener);
    await say(service.llm, new LLMContext(), "a");
    off();
    service.llm.on("inference", listener);
    service.llm.off("inference", listener);
    await say(service.llm, new LLMContext(), "a");
    expect(heard).toBe(1);
  });
});
