import { LLMContext, LostAfterOutputError, MissingApiKeyError, ProviderError, WebsocketClosedError } from "turnwire";
import { OpenAIResponsesLLMService } from "turnwire";
import type { BrainOutput } from "@turnwire/server";
import { describe, expect, it } from "vitest";
import {
  collect,
  completed,
  contextOf,
  created,
  endOf,
  RecordingLogger,
  say,
  ScriptedServer,
  textEvents,
  textOf,
  user,
} from "@turnwire/test-kit";
import { lines } from "../support/brains.ts";
import { overHttp, overWebsocket } from "../support/setup.ts";

function serviceOn(server: ScriptedServer, options: Record<string, unknown> = {}): OpenAIResponsesLLMService {
  return new OpenAIResponsesLLMService({
    apiKey: "test-key",
    baseURL: server.url,
    logger: new RecordingLogger(),
    ...options,
  });
}

describe("error events", () => {
  it("end the turn with what they say", async () => {
    const event = {
      type: "error",
      status: 400,
      error: { type: "invalid_request_error", code: "bad", message: "No.", param: "input" },
    };
    await using server = await ScriptedServer.start((_message, peer) => peer.send(event));
    await using llm = serviceOn(server);
    const error = await collect(llm.stream(contextOf("Hi"))).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(ProviderError);
    expect(error).toMatchObject({ code: "bad", status: 400, param: "input", type: "invalid_request_error" });
  });

  it("are not errors when they are null", async () => {
    await using server = await ScriptedServer.start((_message, peer) =>
      peer.send(
        { ...(created("r1") as object), error: null },
        { error: null },
        ...textEvents("r1", "fine"),
        completed("r1", "fine"),
      ),
    );
    await using llm = serviceOn(server);
    expect(textOf(await collect(llm.stream(contextOf("Hi"))))).toBe("fine");
  });

  it.each([
    ["by its code", { code: "previous_response_not_found", message: "Gone.", param: "previous_response_id" }],
    ["by its message alone", { message: "Invalid previous_response_id." }],
  ])("a forgotten response (%s) is answered with the whole conversation, once", async (_how, error) => {
    await using server = await ScriptedServer.start((message, peer, count) => {
      if ("previous_response_id" in message) peer.send({ type: "error", status: 400, error });
      else peer.respond(`r${count}`, `answer ${count}`);
    });
    await using llm = serviceOn(server);
    const records: unknown[] = [];
    llm.on("inference", (record) => void records.push(record));
    const context = new LLMContext();
    await say(llm, context, "a");
    expect(await say(llm, context, "b")).toBe("answer 3");
    expect(server.received[1]).toMatchObject({ previous_response_id: "r1", input: [user("b")] });
    expect(server.received[2]).not.toHaveProperty("previous_response_id");
    expect(server.received[2]!["input"]).toHaveLength(3);
    expect(server.connections).toBe(1);
    expect(records[1]).toMatchObject({
      mode: "full",
      reason: "response-gone",
      retries: ["response-gone"],
    });
  });

  it("a connection at its age limit is replaced, and the request retried", async () => {
    await using server = await ScriptedServer.start((_message, peer, count, connection) => {
      if (count === 2)
        peer.send({ type: "error", error: { code: "websocket_connection_limit_reached", message: "60 minutes" } });
      else peer.respond(`r${count}`, `on ${connection}`);
    });
    await using llm = serviceOn(server);
    const context = new LLMContext();
    expect(await say(llm, context, "a")).toBe("on 1");
    expect(await say(llm, context, "b")).toBe("on 2");
    expect(server.received[2]).not.toHaveProperty("previous_response_id");
  });

  it("one on an idle connection is taken quietly: the next turn goes over another", async () => {
    await using server = await ScriptedServer.start((_message, peer, count, connection) => {
      peer.respond(`r${count}`, `on ${connection}`);
      if (count === 1)
        peer.send({ type: "error", error: { code: "websocket_connection_limit_reached", message: "old" } });
    });
    const logger = new RecordingLogger();
    await using llm = serviceOn(server, { logger });
    const context = new LLMContext();
    expect(await say(llm, context, "a")).toBe("on 1");
    // The error follows the answer on the same socket, and the answer to a ping follows the error.
    await new Promise((resolve) => setImmediate(resolve));
    expect(await say(llm, context, "b")).toBe("on 2");
    expect(logger.warnings).toEqual([]);
  });
});

describe("events", () => {
  it("that are unknown, garbage or of another lane are skipped", async () => {
    await using server = await ScriptedServer.start((_message, peer) =>
      peer.send(
        { type: "response.rate_limits.updated" },
        "not json",
        "[1, 2]",
        created("r1"),
        { ...(textEvents("r1", "other lane")[0] as object), stream_id: "b" },
        ...textEvents("r1", "mine"),
        { type: "response.completed", stream_id: "b", response: { id: "rb", output: [] } },
        { type: "constructor" },
        completed("r1", "mine"),
      ),
    );
    await using llm = serviceOn(server);
    expect(textOf(await collect(llm.stream(contextOf("Hi"))))).toBe("mine");
  });

  it("of a terminal kind for an earlier response end nothing", async () => {
    await using server = await ScriptedServer.start((_message, peer, count) => {
      if (count === 1) peer.respond("r1", "one");
      else
        peer.send(
          completed("r1", "one"),
          created("r2"),
          ...textEvents("r2", "two"),
          completed("r1", "one"),
          completed("r2", "two"),
        );
    });
    await using llm = serviceOn(server);
    const context = new LLMContext();
    await say(llm, context, "a");
    expect(await say(llm, context, "b")).toBe("two");
  });
});

describe("a lost connection", () => {
  it("between turns costs the next turn a new one and the whole conversation", async () => {
    await using setup = await overWebsocket({ brain: lines("one", "two") });
    const context = new LLMContext();
    await say(setup.llm, context, "a");
    const gone = new Promise((resolve) => setup.llm.on("disconnected", resolve));
    setup.server.connections[0]!.terminate();
    await gone;
    expect(await say(setup.llm, context, "b")).toBe("two");
    expect(setup.records[1]).toMatchObject({
      mode: "full",
      reason: "first-request",
      retries: [],
    });
    expect(setup.server.requests[1]!.conversation).toHaveLength(3);
  });

  it("before any output is replaced, and the request retried, unseen", async () => {
    await using server = await ScriptedServer.start((_message, peer, count, connection) => {
      if (count === 1) {
        peer.send(created("r1"));
        peer.socket.terminate();
      } else peer.respond("r2", `on ${connection}`);
    });
    await using llm = serviceOn(server);
    const events: string[] = [];
    for (const event of ["connected", "disconnected", "reconnected", "connectionError"] as const) {
      llm.on(event, () => void events.push(event));
    }
    const frames = await collect(llm.stream(contextOf("Hi")));
    expect(textOf(frames)).toBe("on 2");
    expect(endOf(frames)).toMatchObject({ interrupted: false });
    expect(events).toEqual(["connected", "disconnected", "connected", "reconnected"]);
  });

  it("after output ends the turn: nothing is asked twice, what was said is kept", async () => {
    await using server = await ScriptedServer.start((_message, peer, count) => {
      if (count > 1) return peer.respond("r2", "anew");
      peer.send(created("r1"), ...textEvents("r1", "Half a "));
      peer.socket.terminate();
    });
    await using llm = serviceOn(server);
    const context = contextOf("Hi");
    const error = await collect(llm.respond(context)).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(LostAfterOutputError);
    expect(error).toMatchObject({ code: "lost_after_output", deliveredCharacters: 7 });
    expect(server.received).toHaveLength(1);
    expect(context.messages.at(-1)).toEqual({ role: "assistant", content: "Half a " });
    expect(await say(llm, context, "Go on")).toBe("anew");
  });

  it("that is lost again and again goes up as it closed", async () => {
    await using server = await ScriptedServer.start((_message, peer) => peer.socket.close(1011, "broken"));
    await using llm = serviceOn(server);
    const error = await collect(llm.stream(contextOf("Hi"))).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(WebsocketClosedError);
    expect(error).toMatchObject({ closeCode: 1011, reason: "broken" });
    expect(server.received).toHaveLength(3);
  });

  it("is not replaced within the exchange when reconnectOnError is off", async () => {
    await using server = await ScriptedServer.start((_message, peer) => peer.socket.terminate());
    await using llm = serviceOn(server, { reconnectOnError: false });
    await expect(collect(llm.stream(contextOf("Hi")))).rejects.toMatchObject({ code: "connection_closed" });
    expect(server.connections).toBe(1);
  });
});

describe("an event stream over HTTP that breaks off", () => {
  function* brain(): Generator<BrainOutput> {
    for (const delta of ["Hello ", "to ", "all ", "of ", "you."]) yield { type: "text", delta };
  }
  const server = { brain, timing: { firstTokenMs: 40, perTokenMs: 20 } };

  it("before any output is asked for again, unseen", async () => {
    const fault = { fault: "reset", transport: "http", event: "response.output_text.delta" } as const;
    await using setup = await overHttp({ ...server, faults: [fault] });
    expect(await say(setup.llm, new LLMContext(), "Hi")).toBe("Hello to all of you.");
    expect(setup.records).toMatchObject([{ transport: "http", retries: ["no-answer"] }]);
  });

  it("after output ends the turn: nothing is asked twice", async () => {
    const fault = { fault: "reset", transport: "http", event: "response.output_text.done" } as const;
    await using setup = await overHttp({ ...server, faults: [fault] });
    await expect(say(setup.llm, new LLMContext(), "Hi")).rejects.toMatchObject({ code: "lost_after_output" });
    expect(setup.server.requests).toHaveLength(1);
  });
});

describe("time limits", () => {
  it("ask a silent server once more over another connection, when retryOnTimeout is on", async () => {
    await using server = await ScriptedServer.start((_message, peer, count, connection) => {
      if (count === 1) peer.send(created("r1"));
      else peer.respond("r2", `on ${connection}`);
    });
    await using llm = serviceOn(server, { retryOnTimeout: true, timeouts: { outputMs: 30 } });
    let timeouts = 0;
    llm.on("completionTimeout", () => void (timeouts += 1));
    expect(textOf(await collect(llm.stream(contextOf("Hi"))))).toBe("on 2");
    expect(timeouts).toBe(1);
  });

  it("do not cut off a slow answer that has begun", async () => {
    await using server = await ScriptedServer.start((_message, peer) => {
      peer.send(created("r1"), ...textEvents("r1", "slow"));
      setTimeout(() => peer.send(completed("r1", "slow")), 60);
    });
    await using llm = serviceOn(server, { retryOnTimeout: true, timeouts: { outputMs: 30, firstEventMs: 30 } });
    expect(textOf(await collect(llm.stream(contextOf("Hi"))))).toBe("slow");
  });

  it("end a turn that never hears anything", async () => {
    await using server = await ScriptedServer.start(() => undefined);
    await using llm = serviceOn(server, { timeouts: { firstEventMs: 30, drainMs: 10 } });
    const frames: unknown[] = [];
    const run = async (): Promise<void> => {
      for await (const frame of llm.stream(contextOf("Hi"))) frames.push(frame);
    };
    await expect(run()).rejects.toMatchObject({ code: "timeout", what: "first event", limitMs: 30 });
    expect(frames).toHaveLength(2);
  });
});

describe("connecting", () => {
  it("without a key says what to do", async () => {
    const before = process.env["OPENAI_API_KEY"];
    delete process.env["OPENAI_API_KEY"];
    try {
      const llm = new OpenAIResponsesLLMService();
      await expect(collect(llm.stream(contextOf("Hi")))).rejects.toBeInstanceOf(MissingApiKeyError);
      await expect(llm.runInference(contextOf("Hi"))).rejects.toThrow("OPENAI_API_KEY");
    } finally {
      if (before !== undefined) process.env["OPENAI_API_KEY"] = before;
    }
  });

  it("asks for the key each time, and sends organisation, project and headers", async () => {
    const seen: Array<Record<string, unknown>> = [];
    await using server = await ScriptedServer.start(
      (_message, peer, count) => peer.respond(`r${count}`, "ok"),
      (headers) => void seen.push(headers),
    );
    let fetched = 0;
    await using llm = serviceOn(server, {
      apiKey: async () => `key-${++fetched}`,
      organization: "org",
      project: "proj",
      defaultHeaders: new Headers({ "X-Extra": "1", "OpenAI-Project": "another" }),
    });
    const context = new LLMContext();
    await say(llm, context, "a");
    await llm.disconnect();
    await say(llm, context, "b");
    const expected = { "openai-organization": "org", "openai-project": "another", "x-extra": "1" };
    expect(seen).toMatchObject([
      { authorization: "Bearer key-1", ...expected },
      { authorization: "Bearer key-2", ...expected },
    ]);
  });

  it("without a server fails with the address, after its tries", async () => {
    const llm = new OpenAIResponsesLLMService({
      apiKey: "k",
      baseURL: "http://127.0.0.1:9/v1",
      backoff: { maxAttempts: 2, initialDelayMs: 1 },
    });
    const run = collect(llm.stream(contextOf("Hi")));
    await expect(run).rejects.toMatchObject({ code: "connection_failed" });
    await expect(run).rejects.toThrow("127.0.0.1:9");
  });
});
