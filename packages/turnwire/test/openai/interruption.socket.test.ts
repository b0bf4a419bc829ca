import { LLMContext, LLMTextFrame, OpenAIResponsesLLMService } from "turnwire";
import type { Brain } from "@turnwire/server";
import { describe, expect, it } from "vitest";
import {
  collect,
  completed,
  contextOf,
  created,
  endOf,
  type Peer,
  RecordingLogger,
  say,
  ScriptedServer,
  textEvents,
  textOf,
  user,
} from "@turnwire/test-kit";
import { overWebsocket } from "../support/setup.ts";

/** Says its name, then goes on for as long as it is let. */
function endless(): { brain: Brain; stopped: Promise<void> } {
  const { promise, resolve } = Promise.withResolvers<void>();
  const brain: Brain = async function* ({ conversation, signal }) {
    const last = conversation.at(-1) as { content: string };
    yield { type: "text", delta: `About ${last.content}. ` };
    if (last.content !== "forever") return;
    try {
      while (!signal.aborted) {
        yield { type: "text", delta: "On and on. " };
        await new Promise((next) => setImmediate(next));
      }
    } finally {
      resolve();
    }
  };
  return { brain, stopped: promise };
}

/** Begins a turn and interrupts it once it has said something. */
async function interrupted(llm: OpenAIResponsesLLMService, context: LLMContext, text: string): Promise<void> {
  context.addMessage(user(text));
  const controller = new AbortController();
  for await (const frame of llm.respond(context, { signal: controller.signal })) {
    if (frame instanceof LLMTextFrame) controller.abort();
  }
}

describe("an interrupted turn", () => {
  it("is cancelled at a server that honours it; the next continues the response before", async () => {
    const { brain, stopped } = endless();
    await using setup = await overWebsocket({ brain, cancel: "honour" });
    const context = new LLMContext();
    await say(setup.llm, context, "a");
    await interrupted(setup.llm, context, "forever");
    await stopped;
    expect(await say(setup.llm, context, "c")).toBe("About c. ");
    expect(setup.server.requests[1]).toMatchObject({ status: "cancelled" });
    expect(setup.records.map(({ interrupted: cut, mode }) => [cut, mode])).toEqual([
      [false, "full"],
      [true, "incremental"],
      [false, "incremental"],
    ]);
    expect(setup.records[2]!.previousResponseId).toBe(setup.records[0]!.responseId);
    expect(setup.records[2]!.itemsSent).toBe(3);
    expect(setup.server.connections).toHaveLength(1);
    expect(setup.logger.warnings).toEqual([]);
  });

  it.each(["refuse", "ignore"] as const)(
    "that goes on at a server that meets cancels with %s is never heard again: its connection is replaced",
    async (cancel) => {
      const { brain } = endless();
      await using setup = await overWebsocket({ brain, cancel }, { timeouts: { drainMs: 20 } });
      const context = new LLMContext();
      await interrupted(setup.llm, context, "forever");
      expect(await say(setup.llm, context, "c")).toBe("About c. ");
      expect(setup.records[1]).toMatchObject({ mode: "full", retries: [] });
      expect(setup.server.connections).toHaveLength(1);
    },
  );

  it("is drained in the background: the next turn finds the connection free", async () => {
    let peer: Peer | undefined;
    await using server = await ScriptedServer.start((message, from, count) => {
      peer = from;
      if (count === 1) from.send(created("r1"), ...textEvents("r1", "Long"));
      else if (message["type"] === "response.create") from.respond("r2", "Next");
    });
    await using llm = new OpenAIResponsesLLMService({ apiKey: "k", baseURL: server.url });
    const records: Array<{ mode: string; previousResponseId?: string }> = [];
    llm.on("inference", (record) => void records.push(record));
    const context = new LLMContext();
    await interrupted(llm, context, "a");
    await server.until(2);
    expect(server.received[1]).toEqual({ type: "response.cancel", response_id: "r1" });
    peer!.send(...textEvents("r1", " tail"), completed("r1", "Long tail"));
    expect(await say(llm, context, "b")).toBe("Next");
    expect(new Set(server.origins)).toEqual(new Set([1]));
    // The context holds less than the server completed.
    expect(records[1]).toMatchObject({ mode: "full", reason: "text-missing" });
  });

  it("before the server has said the response's id is cancelled when it says it", async () => {
    let peer: Peer | undefined;
    await using server = await ScriptedServer.start((message, from, count) => {
      peer = from;
      if (count > 1 && message["type"] === "response.create") from.respond("r2", "Next");
    });
    await using llm = new OpenAIResponsesLLMService({ apiKey: "k", baseURL: server.url });
    const controller = new AbortController();
    const first = collect(llm.stream(contextOf("a"), { signal: controller.signal }));
    await server.until(1);
    controller.abort();
    expect(endOf(await first).interrupted).toBe(true);
    peer!.send(created("r1"));
    await server.until(2);
    expect(server.received[1]).toEqual({ type: "response.cancel", response_id: "r1" });
    peer!.send({
      type: "response.incomplete",
      response: { id: "r1", output: [], incomplete_details: { reason: "cancelled" } },
    });
    expect(textOf(await collect(llm.stream(contextOf("b"))))).toBe("Next");
    expect(new Set(server.origins)).toEqual(new Set([1]));
  });

  it("before the request was sent leaves nothing to wait for", async () => {
    await using server = await ScriptedServer.start((_message, peer, count) => peer.respond(`r${count}`, "ok"));
    await using llm = new OpenAIResponsesLLMService({
      apiKey: "k",
      baseURL: server.url,
      timeouts: { drainMs: 60_000 },
    });
    const controller = new AbortController();
    const first = collect(llm.stream(contextOf("a"), { signal: controller.signal }));
    controller.abort();
    expect(endOf(await first).interrupted).toBe(true);
    expect(textOf(await collect(llm.stream(contextOf("b"))))).toBe("ok");
    expect(server.received).toHaveLength(1);
    expect(new Set(server.origins)).toEqual(new Set([1]));
  });

  it("frees the connection at a request the server refused meanwhile", async () => {
    let peer: Peer | undefined;
    await using server = await ScriptedServer.start((_message, from, count) => {
      peer = from;
      if (count === 2) from.respond("r2", "Next");
    });
    await using llm = new OpenAIResponsesLLMService({
      apiKey: "k",
      baseURL: server.url,
      timeouts: { drainMs: 60_000 },
    });
    const controller = new AbortController();
    const first = collect(llm.stream(contextOf("a"), { signal: controller.signal }));
    await server.until(1);
    controller.abort();
    await first;
    peer!.send({ type: "error", status: 429, error: { code: "rate_limit_exceeded", message: "Slow down" } });
    expect(textOf(await collect(llm.stream(contextOf("b"))))).toBe("Next");
    expect(new Set(server.origins)).toEqual(new Set([1]));
  });
});

describe("the answer to a cancel", () => {
  const refusals: Array<[string, object]> = [
    [
      "names the event",
      { message: "Invalid value: 'response.cancel'. Supported values are: 'response.create'.", param: "type" },
    ],
    ["names the response", { code: "not_found", message: "There is no response r1." }],
    ["has a code of its own", { code: "response_cancel_not_active", message: "Nothing to stop." }],
    ["names the field alone", { code: "invalid_value", message: "No.", param: "type" }],
  ];

  it.each(refusals)("that %s is not the next turn's error, however late it comes", async (_how, error) => {
    let creates = 0;
    await using server = await ScriptedServer.start((message, peer) => {
      if (message["type"] === "response.cancel") return peer.send(completed("r1", "Long"));
      creates += 1;
      if (creates === 1) peer.send(created("r1"), ...textEvents("r1", "Long"));
      else
        peer.send(
          { type: "error", status: 400, error },
          created(`r${creates}`),
          ...textEvents("x", "Next"),
          completed(`r${creates}`, "Next"),
        );
    });
    await using llm = new OpenAIResponsesLLMService({
      apiKey: "k",
      baseURL: server.url,
      logger: new RecordingLogger(),
    });
    const context = new LLMContext();
    await interrupted(llm, context, "a");
    expect(await say(llm, context, "b")).toBe("Next");
    expect(new Set(server.origins)).toEqual(new Set([1]));
  });

  it("that refuses it ends asking on that connection", async () => {
    await using server = await ScriptedServer.start((message, peer, count) => {
      if (message["type"] === "response.cancel") {
        peer.send({ type: "error", error: { message: "unknown event response.cancel" } }, completed("r1", "Long"));
      } else
        peer.send(
          created(`r${count}`),
          ...textEvents("x", "Long"),
          ...(count === 1 ? [] : [completed(`r${count}`, "Long")]),
        );
    });
    await using llm = new OpenAIResponsesLLMService({ apiKey: "k", baseURL: server.url });
    const context = new LLMContext();
    await interrupted(llm, context, "a");
    await say(llm, context, "b");
    await interrupted(llm, context, "c");
    await say(llm, context, "d");
    expect(server.received.map(({ type }) => type)).toEqual([
      "response.create",
      "response.cancel",
      "response.create",
      "response.create",
      "response.create",
    ]);
  });

  it("that says nothing at all leads to another connection rather than to a guess", async () => {
    let creates = 0;
    await using server = await ScriptedServer.start((message, peer, _count, connection) => {
      if (message["type"] === "response.cancel") return peer.send(completed("r1", "Long"));
      creates += 1;
      if (creates === 1) peer.send(created("r1"), ...textEvents("r1", "Long"));
      else if (creates === 2) peer.send({ type: "error", error: { code: "", message: "" } });
      else peer.respond("r3", `on ${connection}`);
    });
    await using llm = new OpenAIResponsesLLMService({ apiKey: "k", baseURL: server.url });
    const context = new LLMContext();
    await interrupted(llm, context, "a");
    expect(await say(llm, context, "b")).not.toBe("on 1");
  });
});

describe("two turns at once", () => {
  it("are asked one after the other, each with its own answer", async () => {
    await using setup = await overWebsocket({ brain: endless().brain });
    const answers = await Promise.all(
      ["a", "b", "c"].map(async (text) => textOf(await collect(setup.llm.stream(contextOf(text))))),
    );
    expect(answers).toEqual(["About a. ", "About b. ", "About c. "]);
    expect(setup.server.connections).toHaveLength(1);
  });

  it("do not hold up each other when the waiting one is interrupted", async () => {
    const { brain } = endless();
    await using setup = await overWebsocket({ brain, cancel: "honour" });
    const [one, two] = [new AbortController(), new AbortController()];
    const first = collect(setup.llm.stream(contextOf("forever"), { signal: one.signal }));
    const second = collect(setup.llm.stream(contextOf("b"), { signal: two.signal }));
    const third = collect(setup.llm.stream(contextOf("c")));
    two.abort();
    expect(endOf(await second).interrupted).toBe(true);
    one.abort();
    expect(endOf(await first).interrupted).toBe(true);
    expect(textOf(await third)).toBe("About c. ");
  });
});
