import { setImmediate as nextRound } from "node:timers/promises";
import {
  LLMContext,
  LLMTextFrame,
  OpenAIResponsesLLMService,
  ResponsesConnectionPool,
  type InferenceRecord,
} from "turnwire";
import { type Brain, ResponsesServer } from "@turnwire/server";
import { describe, expect, it } from "vitest";
import {
  collect,
  completed,
  contextOf,
  created,
  endOf,
  heldBy,
  RecordingLogger,
  say,
  ScriptedServer,
  seenBy,
  textEvents,
  user,
  VirtualClock,
} from "@turnwire/test-kit";
import { lines } from "../support/brains.ts";
import { overWebsocket, type Setup } from "../support/setup.ts";

/** Says what it was asked, and for "forever" goes on for as long as anybody listens. */
const brain: Brain = async function* ({ conversation, signal }) {
  const last = conversation.at(-1) as { content: string };
  yield { type: "text", delta: `About ${last.content}. ` };
  while (last.content === "forever" && !signal.aborted) {
    yield { type: "text", delta: "On and on. " };
    await new Promise((next) => setImmediate(next));
  }
};

async function interrupted(llm: OpenAIResponsesLLMService, context: LLMContext, text: string): Promise<void> {
  context.addMessage(user(text));
  const controller = new AbortController();
  for await (const frame of llm.respond(context, { signal: controller.signal })) {
    if (frame instanceof LLMTextFrame) controller.abort();
  }
}

describe("with lanes", () => {
  it.each(["honour", "refuse", "ignore"] as const)(
    "an interrupted reply holds up nothing at a server that meets cancels with %s",
    async (cancel) => {
      await using setup = await overWebsocket({ brain, cancel }, { timeouts: { drainMs: 60_000 } });
      const context = new LLMContext();
      await say(setup.llm, context, "a");
      for (const text of ["b", "c", "d"]) {
        await interrupted(setup.llm, context, "forever");
        expect(await say(setup.llm, context, text)).toBe(`About ${text}. `);
      }
      expect(setup.server.connections).toHaveLength(1);
      const after = setup.records.filter((_, index) => index > 0 && index % 2 === 0);
      expect(after.map(({ mode, itemsSent, times }) => [mode, itemsSent, times.waitingMs < 5])).toEqual(
        Array.from({ length: 3 }, () => ["incremental", 3, true]),
      );
      expect(seenBy(setup.server.requests.at(-1)!.conversation)).toEqual(heldBy(context).slice(0, -1));
      if (cancel !== "honour") expect(after[1]!.wastedCharacters).toBeGreaterThan(0);
    },
  );

  it("asks for a cancel no more once it was refused on a connection", async () => {
    await using setup = await overWebsocket({ brain, cancel: "refuse" });
    const context = new LLMContext();
    for (let round = 0; round < 3; round += 1) {
      await interrupted(setup.llm, context, "forever");
      await say(setup.llm, context, "b");
    }
    expect(setup.server.requests.map(({ cancelRequested }) => cancelRequested)).toEqual([
      true,
      false,
      false,
      false,
      false,
      false,
    ]);
  });

  it("a reply cut short after it was complete costs only what follows it", async () => {
    const answers = "abcdefgh".split("").map((letter) => `${letter.repeat(40)}.`);
    await using setup = await overWebsocket({ brain: lines(...answers) });
    const context = new LLMContext();
    for (let turn = 0; turn < 6; turn += 1) await say(setup.llm, context, `question ${turn}`);
    // The user heard less of the last reply than the model said.
    context.setMessages([...context.messages.slice(0, -1), { role: "assistant", content: "fff" }]);
    await say(setup.llm, context, "next");
    expect(setup.records.at(-1)).toMatchObject({
      mode: "incremental",
      reason: "continues-earlier",
      itemsSent: 3,
      previousResponseId: setup.records.at(-3)!.responseId,
    });
    expect(seenBy(setup.server.requests.at(-1)!.conversation)).toEqual(heldBy(context).slice(0, -1));
  });

  it("a message edited near the end costs only what follows the last true beginning", async () => {
    await using setup = await overWebsocket({ brain: lines("one", "two", "three", "four", "five") });
    const context = new LLMContext();
    for (const text of ["a", "b", "c", "d"]) await say(setup.llm, context, text);
    const edited = [...context.messages];
    edited[4] = user("c, as corrected");
    context.setMessages(edited);
    await say(setup.llm, context, "e");
    expect(setup.records.at(-1)).toMatchObject({
      mode: "incremental",
      previousResponseId: setup.records[1]!.responseId,
      itemsSent: 5,
    });
  });

  it("a response that the server has forgotten gives way to the one before, at last to everything", async () => {
    const gone = new Set<unknown>();
    await using server = await ScriptedServer.start((message, peer, count) => {
      const { stream_id: lane, previous_response_id: parent } = message as {
        stream_id: string;
        previous_response_id?: string;
      };
      const on = (event: unknown): unknown => ({ ...(event as object), stream_id: lane });
      if (gone.has(parent))
        return peer.send(
          on({ type: "error", status: 400, error: { code: "previous_response_not_found", message: "Gone." } }),
        );
      peer.send(
        ...[created(`r${count}`), ...textEvents("x", `answer ${count}`), completed(`r${count}`, `answer ${count}`)].map(
          on,
        ),
      );
    });
    await using llm = new OpenAIResponsesLLMService({ apiKey: "k", baseURL: server.url });
    const context = new LLMContext();
    for (const text of ["a", "b", "c"]) await say(llm, context, text);
    for (const id of ["r3", "r2"]) gone.add(id);
    await say(llm, context, "d");
    const parents = server.received.map(({ previous_response_id: parent }) => parent);
    expect(parents).toEqual([undefined, "r1", "r2", "r3", "r2", "r1"]);
    gone.add("r6").add("r1");
    await say(llm, context, "e");
    expect(server.received.slice(6).map(({ previous_response_id: parent }) => parent)).toEqual(["r6", "r1", undefined]);
  });

  it("names are reused: at most 32 in a connection's life, whatever is interrupted", async () => {
    await using setup = await overWebsocket({ brain, cancel: "honour" });
    const context = new LLMContext();
    for (let round = 0; round < 60; round += 1) {
      await interrupted(setup.llm, context, "forever");
      await say(setup.llm, context, "b");
    }
    expect(new Set(setup.server.requests.map(({ lane }) => lane)).size).toBeLessThanOrEqual(32);
    expect(setup.server.requests.every(({ status }) => status !== "rejected")).toBe(true);
    expect(setup.server.connections).toHaveLength(1);
  });

  it("two turns of one service run at the same time", async () => {
    const both = Promise.withResolvers<void>();
    let running = 0;
    await using setup = await overWebsocket({
      brain: async function* ({ conversation }) {
        if (conversation.length > 1) {
          if (++running === 2) both.resolve();
          await both.promise;
        }
        yield { type: "text", delta: `About ${(conversation.at(-1) as { content: string }).content}.` };
      },
    });
    const [one, two] = [new LLMContext(), new LLMContext()];
    await say(setup.llm, one, "1");
    await say(setup.llm, two, "2");
    expect(await Promise.all([say(setup.llm, one, "3"), say(setup.llm, two, "4")])).toEqual(["About 3.", "About 4."]);
    expect(setup.server.connections).toHaveLength(1);
  });

  it("are not asked for again where the server refuses the field", async () => {
    await using server = await ScriptedServer.start((message, peer, count) => {
      if ("stream_id" in message) {
        peer.send({
          type: "error",
          status: 400,
          error: { code: "unknown_parameter", message: "Unknown parameter.", param: "stream_id" },
        });
      } else peer.respond(`r${count}`, `answer ${count}`);
    });
    await using llm = new OpenAIResponsesLLMService({ apiKey: "k", baseURL: server.url });
    const context = new LLMContext();
    expect(await say(llm, context, "a")).toBe("answer 2");
    expect(await say(llm, context, "b")).toBe("answer 3");
    await llm.disconnect();
    expect(await say(llm, context, "c")).toBe("answer 4");
    expect(server.received.map((message) => "stream_id" in message)).toEqual([true, false, false, false]);
  });
});

describe("without lanes", () => {
  it("the next turn goes over a second connection when the abandoned reply does not end", async () => {
    await using setup = await overWebsocket(
      { brain, cancel: "ignore", lanes: false },
      { timeouts: { drainMs: 60_000 } },
    );
    const context = new LLMContext();
    await say(setup.llm, context, "a");
    await interrupted(setup.llm, context, "forever");
    expect(await say(setup.llm, context, "b")).toBe("About b. ");
    expect(setup.records.at(-1)).toMatchObject({ mode: "full", retries: [] });
    expect(setup.server.requests.at(-1)!.connection).not.toBe(setup.server.requests[0]!.connection);
    expect(setup.server.connections).toHaveLength(1);
  });

  it("a spare connection is there at once with standby", async () => {
    await using setup = await overWebsocket({ brain, cancel: "ignore", lanes: false }, { standby: true });
    const context = new LLMContext();
    await say(setup.llm, context, "a");
    while (setup.server.connections.length < 2) await new Promise((resolve) => setImmediate(resolve));
    const [, spare] = setup.server.connections;
    await interrupted(setup.llm, context, "forever");
    await say(setup.llm, context, "b");
    expect(setup.server.requests.at(-1)!.connection).toBe(spare!.id);
  });

  it("two turns at once wait for each other", async () => {
    await using setup = await overWebsocket({ brain, lanes: false });
    const [one, two] = [new LLMContext(), new LLMContext()];
    expect(await Promise.all([say(setup.llm, one, "1"), say(setup.llm, two, "2")])).toEqual(["About 1. ", "About 2. "]);
  });
});

describe("a standby connection", () => {
  async function untilOpen({ server }: Pick<Setup, "server">, count: number): Promise<ResponsesServer["connections"]> {
    while (server.connections.length !== count) await nextRound();
    return server.connections;
  }

  it("takes the place of one that is lost between turns, and another is made", async () => {
    await using setup = await overWebsocket({ brain }, { standby: true });
    const context = new LLMContext();
    await say(setup.llm, context, "a");
    const [current, spare] = await untilOpen(setup, 2);
    const lost = new Promise((resolve) => setup.llm.on("disconnected", resolve));
    current!.terminate();
    await lost;
    expect(await say(setup.llm, context, "b")).toBe("About b. ");
    expect(setup.server.requests.at(-1)!.connection).toBe(spare!.id);
    expect(setup.records.at(-1)).toMatchObject({ mode: "full", retries: [] });
    expect(await untilOpen(setup, 2)).toContain(spare);
  });

  it("takes the place of one that is lost within a turn, which is retried there at once", async () => {
    const { promise: isAsked, resolve: sayAsked } = Promise.withResolvers<void>();
    let asked = 0;
    await using setup = await overWebsocket(
      {
        async *brain(request) {
          asked += 1;
          if (asked === 2) {
            sayAsked();
            await new Promise(() => undefined);
          }
          yield* brain(request);
        },
      },
      { standby: true },
    );
    const context = new LLMContext();
    await say(setup.llm, context, "a");
    const [current, spare] = await untilOpen(setup, 2);
    const answer = say(setup.llm, context, "b");
    await isAsked;
    current!.terminate();
    expect(await answer).toBe("About b. ");
    expect(setup.server.requests.at(-1)!.connection).toBe(spare!.id);
    expect(setup.records.at(-1)!.retries).toHaveLength(1);
  });

  it("is made again when it has ended, unless the server ends it at once", async () => {
    const clock = new VirtualClock();
    await using setup = await overWebsocket({ brain }, { standby: true, environment: { clock } });
    await say(setup.llm, new LLMContext(), "a");
    const [, spare] = await untilOpen(setup, 2);
    await clock.advance(10_000);
    spare!.terminate();
    await untilOpen(setup, 1);
    const [, next] = await untilOpen(setup, 2);
    next!.terminate();
    await untilOpen(setup, 1);
    await setup.llm.runInference(contextOf("meanwhile"));
    expect(setup.server.connections).toHaveLength(1);
  });
});

describe("an abandoned reply that is cut", () => {
  it("is left with its connection in the background; the next turn is incremental on the other", async () => {
    await using setup = await overWebsocket({ brain, cancel: "refuse" }, { onInterrupt: "disconnect" });
    const context = new LLMContext();
    await say(setup.llm, context, "a");
    const before = setup.server.connections[0]!.id;
    await interrupted(setup.llm, context, "forever");
    const hopped = async (): Promise<boolean> =>
      setup.server.connections.length === 1 && setup.server.connections[0]!.id !== before;
    while (!(await hopped())) await new Promise((resolve) => setImmediate(resolve));
    expect(await say(setup.llm, context, "b")).toBe("About b. ");
    expect(setup.records.at(-1)).toMatchObject({ mode: "incremental", itemsSent: 1, retries: [] });
  });

  it("stays where the server cancels it", async () => {
    await using setup = await overWebsocket({ brain, cancel: "honour" }, { onInterrupt: "disconnect" });
    const context = new LLMContext();
    await interrupted(setup.llm, context, "forever");
    const before = setup.server.connections[0]!.id;
    await say(setup.llm, context, "b");
    expect(setup.server.requests.at(-1)!.connection).toBe(before);
  });
});

describe("a pool", () => {
  it("holds many conversations on few connections, and one's interruption or error touches no other", async () => {
    await using server = await ResponsesServer.start({ brain, cancel: "refuse" });
    await using pool = new ResponsesConnectionPool();
    const services = Array.from(
      { length: 39 },
      () => new OpenAIResponsesLLMService({ apiKey: "k", baseURL: server.url, pool, logger: new RecordingLogger() }),
    );
    const records: InferenceRecord[] = [];
    for (const llm of services) llm.on("inference", (record) => void records.push(record));
    const contexts = services.map(() => new LLMContext());
    const round = (): Promise<string[]> =>
      Promise.all(
        services.map(async (llm, index) => {
          if (index % 5 === 1) await interrupted(llm, contexts[index]!, "forever");
          return say(llm, contexts[index]!, `${index}`);
        }),
      );
    for (let turn = 0; turn < 3; turn += 1)
      expect(await round()).toEqual(services.map((_, index) => `About ${index}. `));
    expect(server.connections).toHaveLength(3);
    expect(pool.connections).toBe(3);
    expect(records.every(({ retries, error }) => retries.length === 0 && error === undefined)).toBe(true);
    for (const [index, context] of contexts.entries()) {
      const last = server.requests.findLast(({ conversation }) =>
        JSON.stringify(conversation.at(-1)).includes(`"${index}"`),
      )!;
      expect(seenBy(last.conversation)).toEqual(heldBy(context).slice(0, -1));
    }
    await Promise.all(services.map((llm) => llm.stop()));
    while (server.connections.length > 0) await new Promise((resolve) => setImmediate(resolve));
    expect(pool.connections).toBe(0);
  });

  it("lets an abandoned reply run, even if it is to be cut, on a connection that others use", async () => {
    await using server = await ResponsesServer.start({ brain, cancel: "refuse" });
    await using pool = new ResponsesConnectionPool();
    const options = { apiKey: "k", baseURL: server.url, pool, logger: new RecordingLogger() };
    await using loud = new OpenAIResponsesLLMService({ ...options, onInterrupt: "disconnect" });
    await using calm = new OpenAIResponsesLLMService(options);
    const records: InferenceRecord[] = [];
    calm.on("inference", (record) => void records.push(record));
    const [one, two] = [new LLMContext(), new LLMContext()];
    await say(loud, one, "a");
    await say(calm, two, "a");
    await interrupted(loud, one, "forever");
    expect(await say(loud, one, "b")).toBe("About b. ");
    for (let turn = 0; turn < 20; turn += 1) await say(calm, two, `${turn}`);
    expect(records.slice(1).filter(({ mode, itemsSent }) => mode !== "incremental" || itemsSent !== 1)).toEqual([]);
    expect(new Set(server.requests.map(({ connection }) => connection)).size).toBe(1);
  });

  it.each([true, false])(
    "serves no turn after its end, of services that are connected neither (lanes: %s)",
    async (lanes) => {
      await using server = await ResponsesServer.start({ brain, lanes });
      const pool = new ResponsesConnectionPool();
      await using llm = new OpenAIResponsesLLMService({ apiKey: "k", baseURL: server.url, pool });
      const context = new LLMContext();
      await say(llm, context, "a");
      await pool.close();
      const closed = { code: "invalid_argument", field: "pool" };
      await expect(say(llm, context, "b")).rejects.toMatchObject(closed);
      await expect(llm.connect()).rejects.toMatchObject(closed);
      await expect(llm.warmUp()).rejects.toMatchObject(closed);
      expect([server.requests.length, pool.connections]).toEqual([1, 0]);
    },
  );

  it("gives each service a connection of its own where there are no lanes", async () => {
    await using server = await ResponsesServer.start({ brain, lanes: false });
    await using pool = new ResponsesConnectionPool();
    const services = Array.from(
      { length: 3 },
      () => new OpenAIResponsesLLMService({ apiKey: "k", baseURL: server.url, pool }),
    );
    const contexts = services.map(() => new LLMContext());
    await say(services[0]!, contexts[0]!, "first");
    await Promise.all(services.map((llm, index) => say(llm, contexts[index]!, "a")));
    await Promise.all(services.map((llm, index) => say(llm, contexts[index]!, "b")));
    expect(new Set(server.requests.slice(-3).map(({ connection }) => connection)).size).toBe(3);
  });
});

describe("warm-up", () => {
  it("makes the first turn incremental", async () => {
    const context = contextOf("Hi", { messages: [{ role: "system", content: "A long system message." }] });
    await using setup = await overWebsocket({ brain }, { warmUp: false });
    expect(await setup.llm.warmUp(new LLMContext({ messages: context.messages.slice(0, 1) }))).toBe(true);
    await collect(setup.llm.stream(context));
    expect(setup.records[0]).toMatchObject({ mode: "incremental", itemsSent: 1, itemsTotal: 2 });
    expect(setup.server.requests[0]).toMatchObject({ output: [], body: { generate: false } });
  });

  it("happens at the start and after a reconnect while idle, with the conversation so far", async () => {
    await using setup = await overWebsocket({ brain }, { warmUp: true });
    setup.llm.start();
    while (setup.server.requests.at(-1)?.status !== "completed") await new Promise((resolve) => setImmediate(resolve));
    const context = new LLMContext();
    await say(setup.llm, context, "a");
    const lost = new Promise((resolve) => setup.llm.on("disconnected", resolve));
    setup.server.connections[0]!.terminate();
    await lost;
    await setup.llm.connect();
    while (setup.server.requests.length < 3 || setup.server.requests.at(-1)!.status !== "completed") {
      await new Promise((resolve) => setImmediate(resolve));
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
    await say(setup.llm, context, "b");
    expect(setup.server.requests.map(({ body }) => (body as { generate?: boolean }).generate)).toEqual([
      false,
      undefined,
      false,
      undefined,
    ]);
    expect(setup.records.at(-1)).toMatchObject({ mode: "incremental" });
  });

  it("is given up silently where the server does not know it", async () => {
    const logger = new RecordingLogger();
    await using server = await ScriptedServer.start((message, peer, count) => {
      if ("generate" in message)
        peer.send({
          type: "error",
          status: 400,
          error: { code: "unknown_parameter", param: "generate", message: "Unknown." },
        });
      else peer.respond(`r${count}`, "ok");
    });
    await using llm = new OpenAIResponsesLLMService({ apiKey: "k", baseURL: server.url, logger });
    expect(await llm.warmUp(contextOf("Hi"))).toBe(false);
    expect(await llm.warmUp(contextOf("Hi"))).toBe(false);
    expect(await say(llm, new LLMContext(), "a")).toBe("ok");
    expect(server.received.map((message) => "generate" in message)).toEqual([true, false]);
    expect(logger.warnings).toEqual([]);
  });
});

it("an end frame comes once, also for a turn that waits for a place", async () => {
  await using setup = await overWebsocket({ brain, cancel: "ignore", lanes: false });
  const [one, two] = [new AbortController(), new AbortController()];
  let second: ReturnType<typeof collect> | undefined;
  for await (const frame of setup.llm.stream(contextOf("forever"), { signal: one.signal })) {
    if (!(frame instanceof LLMTextFrame) || second !== undefined) continue;
    second = collect(setup.llm.stream(contextOf("b"), { signal: two.signal }));
    two.abort();
    expect(endOf(await second).interrupted).toBe(true);
    one.abort();
  }
  expect(second).toBeDefined();
});
