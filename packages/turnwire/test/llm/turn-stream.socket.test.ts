import { defineTool, LLMContext, LLMFullResponseEndFrame, LLMTextFrame, TurnwireError } from "turnwire";
import { type Brain, ResponsesApiError } from "@turnwire/server";
import { describe, expect, it } from "vitest";
import { collect, contextOf, fired, gist, say, textOf, settle } from "@turnwire/test-kit";
import { call, saysOnly, script, text } from "../support/brains.ts";
import { setup } from "../support/setup.ts";

const nothing = { type: "object", properties: {} };

/** A model that calls a function between two texts. */
const looks = (): Brain =>
  script([text("Let me "), text("see. "), call("look", {}, "c1")], [text("All "), text("fine.")]);
const look = defineTool({ name: "look", parameters: nothing, execute: () => "seen" });

const failing: Brain = function* () {
  yield text("Half ");
  throw new ResponsesApiError({ status: 500, code: "server_error", message: "Boom" });
};

async function pieces(texts: AsyncIterable<string>): Promise<string[]> {
  const all: string[] = [];
  for await (const piece of texts) all.push(piece);
  return all;
}

describe("text", () => {
  it("is the reply's text over all inferences, and the context holds what was done", async () => {
    await using service = await setup({ brain: looks() });
    const context = contextOf("Look", { tools: [look] });
    expect(await pieces(service.llm.respond(context).text)).toEqual(["Let me ", "see. ", "All ", "fine."]);
    expect(gist(context)).toEqual([
      "user: Look",
      "assistant: Let me see.  [look#c1]",
      "tool#c1: seen",
      "assistant: All fine.",
    ]);
  });

  it("ends the turn when its loop is left, and keeps what was taken", async () => {
    await using service = await setup({ brain: script(saysOnly("Half "), "Next.") });
    const context = contextOf("a");
    const turn = service.llm.respond(context);
    for await (const piece of turn.text) if (piece === "Half ") break;
    expect(gist(context)).toEqual(["user: a", "assistant: Half "]);
    expect(await turn.record).toMatchObject({ text: "Half ", interrupted: true, inferences: [{ interrupted: true }] });
    expect(await say(service.llm, context, "b")).toBe("Next.");
  });

  it("throws the turn's error after what was said", async () => {
    await using service = await setup({ brain: script(failing) });
    const turn = service.llm.respond(contextOf("a"));
    const heard: string[] = [];
    const read = async (): Promise<void> => {
      for await (const piece of turn.text) heard.push(piece);
    };
    await expect(read()).rejects.toMatchObject({ code: "server_error" });
    expect(heard).toEqual(["Half "]);
    expect(await turn.record).toMatchObject({ text: "Half ", error: { code: "server_error" }, interrupted: false });
  });
});

describe("the record", () => {
  it("of a turn that is read says what happened in all its inferences", async () => {
    await using service = await setup({ brain: looks() });
    const turn = service.llm.respond(contextOf("Look", { tools: [look] }));
    await collect(turn);
    const record = await turn.record;
    expect(record.text).toBe("Let me see. All fine.");
    expect(record.inferences).toEqual(service.records);
    expect(record.interrupted).toBe(false);
    expect(record).not.toHaveProperty("error");
    const tokens = service.records.map(({ usage }) => usage!.totalTokens);
    expect(record.usage!.totalTokens).toBe(tokens[0]! + tokens[1]!);
  });

  it("may be asked for before the loop begins", async () => {
    await using service = await setup({ brain: script("Hi.") });
    const turn = service.llm.respond(contextOf("a"));
    const [record, said] = await Promise.all([turn.record, pieces(turn.text)]);
    expect([record.text, said]).toEqual(["Hi.", ["Hi."]]);
    const another = service.llm.respond(contextOf("a"));
    const later = another.record.then(({ text: whole }) => whole);
    expect(textOf(await collect(another))).toBe("Hi.");
    expect(await later).toBe("Hi.");
  });

  it("without a loop runs the turn to its end", async () => {
    await using service = await setup({ brain: looks() });
    const context = contextOf("Look", { tools: [look] });
    expect(await service.llm.respond(context).record).toMatchObject({ text: "Let me see. All fine." });
    expect(gist(context).at(-1)).toBe("assistant: All fine.");
    const one = await service.llm.stream(contextOf("a")).record;
    expect(one.inferences).toHaveLength(1);
  });

  it("without a loop rejects with the turn's error", async () => {
    await using service = await setup({ brain: script(failing, failing, "Fine.") });
    const context = contextOf("a");
    const { record } = service.llm.respond(context);
    await expect(record).rejects.toMatchObject({ code: "server_error" });
    await expect(record.finally(() => undefined)).rejects.toBeInstanceOf(TurnwireError);
    expect(await service.llm.respond(context).record.catch(({ code }: TurnwireError) => code)).toBe("server_error");
    expect(gist(context)).toEqual(["user: a", "assistant: Half ", "assistant: Half "]);
    expect(await say(service.llm, context, "b")).toBe("Fine.");
  });

  it("that nothing awaits is no unhandled rejection and asks for nothing", async () => {
    const unhandled: unknown[] = [];
    const listener = (error: unknown): void => void unhandled.push(error);
    process.on("unhandledRejection", listener);
    try {
      await using service = await setup({ brain: script(failing) });
      const untouched = service.llm.respond(contextOf("a"));
      expect(untouched.record).toBeDefined();
      const turn = service.llm.respond(contextOf("a"));
      await expect(collect(turn)).rejects.toThrow("Boom");
      await settle();
      await settle();
      expect(service.records).toHaveLength(1);
      expect(unhandled).toEqual([]);
    } finally {
      process.off("unhandledRejection", listener);
    }
  });

  it.each<[string, Brain]>([
    ["a text", saysOnly("Half ")],
    ["a function", script([call("wait", {}, "c1")], "Never.")],
  ])("of a turn that the service's stop ends within %s says so", async (what, brain) => {
    await using service = await setup({ brain });
    const wait = defineTool({
      name: "wait",
      parameters: nothing,
      execute: (_args, { signal }) => {
        void service.llm.stop();
        return fired(signal);
      },
    });
    const turn = service.llm.respond(contextOf("a", { tools: [wait] }));
    for await (const frame of turn) if (what === "a text" && frame instanceof LLMTextFrame) await service.llm.stop();
    expect((await turn.record).interrupted).toBe(true);
  });
});

describe("interrupt", () => {
  it("ends the loop quietly after the end frame, and the context keeps what was taken", async () => {
    await using service = await setup({ brain: script(saysOnly("Half "), "Next.") });
    const context = contextOf("a");
    const turn = service.llm.respond(context);
    const frames = [];
    for await (const frame of turn) {
      frames.push(frame);
      if (frame instanceof LLMTextFrame) turn.interrupt();
    }
    expect(frames.at(-1)).toMatchObject({ interrupted: true });
    expect(frames.at(-1)).toBeInstanceOf(LLMFullResponseEndFrame);
    expect(gist(context)).toEqual(["user: a", "assistant: Half "]);
    expect(await turn.record).toMatchObject({ text: "Half ", interrupted: true });
    turn.interrupt("again");
    expect(await say(service.llm, context, "b")).toBe("Next.");
  });

  it("before the turn is read opens nothing", async () => {
    await using service = await setup({ brain: script("Hi.") });
    const turn = service.llm.respond(contextOf("a"));
    turn.interrupt("enough");
    expect(await collect(turn)).toEqual([]);
    expect(await turn.record).toEqual({ text: "", inferences: [], interrupted: true });
    expect(service.llm.isConnected).toBe(false);
  });

  it("after the turn's end changes nothing", async () => {
    await using service = await setup({ brain: script("Hi.") });
    const turn = service.llm.respond(contextOf("a"));
    await collect(turn);
    turn.interrupt();
    expect(await turn.record).toMatchObject({ text: "Hi.", interrupted: false });
  });

  it("comes with `await using`", async () => {
    await using service = await setup({ brain: script(saysOnly("Half "), "Next.") });
    const context = contextOf("a");
    let record;
    {
      await using turn = service.llm.respond(context);
      ({ record } = turn);
      const frames = turn[Symbol.asyncIterator]();
      await frames.next();
      await frames.next();
    }
    expect(await record).toMatchObject({ text: "Half ", interrupted: true });
    expect(gist(context)).toEqual(["user: a", "assistant: Half "]);
  });
});

describe("a second reader", () => {
  it("is refused by name, and the first goes on", async () => {
    await using service = await setup({ brain: script([text("a "), text("b")]) });
    const turn = service.llm.respond(contextOf("a"));
    const heard: string[] = [];
    for await (const piece of turn.text) {
      heard.push(piece);
      expect(() => turn[Symbol.asyncIterator]()).toThrow("a loop reads this turn's text already");
      expect(() => turn.text[Symbol.asyncIterator]()).toThrow(expect.objectContaining({ code: "turn_already_read" }));
    }
    expect(heard).toEqual(["a ", "b"]);
    await expect(pieces(turn.text)).rejects.toThrow("call respond() again for another turn");
  });

  it("is refused when the record runs the turn", async () => {
    await using service = await setup({ brain: script("Hi.") });
    const turn = service.llm.respond(contextOf("a"));
    const { record } = turn;
    const text = record.then((ended) => ended.text);
    await settle();
    await expect(collect(turn)).rejects.toThrow("its record was awaited first; begin the loop before that");
    expect(await text).toBe("Hi.");
  });
});

describe("an iterator", () => {
  it("answers several calls of next in order, and ends for good", async () => {
    await using service = await setup({ brain: script([text("a"), text("b")]) });
    const frames = service.llm
      .respond(new LLMContext({ messages: [{ role: "user", content: "a" }] }))
      .text[Symbol.asyncIterator]();
    expect(await Promise.all([frames.next(), frames.next(), frames.next(), frames.next()])).toEqual([
      { value: "a", done: false },
      { value: "b", done: false },
      { value: undefined, done: true },
      { value: undefined, done: true },
    ]);
    expect(await frames.return?.()).toEqual({ value: undefined, done: true });
  });

  it("that returns before it has begun opens nothing", async () => {
    await using service = await setup({ brain: script("Hi.") });
    const turn = service.llm.respond(contextOf("a"));
    const frames = turn[Symbol.asyncIterator]();
    await frames.return?.();
    expect(await frames.next()).toEqual({ value: undefined, done: true });
    expect(await turn.record).toMatchObject({ interrupted: true, inferences: [] });
    expect(service.llm.isConnected).toBe(false);
  });
});
