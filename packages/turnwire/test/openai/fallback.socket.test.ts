import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import {
  LLMContext,
  OpenAIResponsesLLMService,
  RequestTooLargeError,
  SteeringError,
  type InferenceRecord,
} from "turnwire";
import { ResponsesApiError } from "@turnwire/server";
import { describe, expect, it } from "vitest";
import {
  collect,
  completed,
  contextOf,
  created,
  endOf,
  message,
  RecordingLogger,
  say,
  ScriptedServer,
  textEvents,
  textOf,
  user,
  VirtualClock,
} from "@turnwire/test-kit";
import { overWebsocket } from "../support/setup.ts";

/** An HTTP server that refuses WebSockets with a status and answers requests with a text. */
async function httpOnly(
  status: number,
): Promise<AsyncDisposable & { url: string; upgrades: number; requests: number; delaysMs: number[] }> {
  const server = createServer((_request: IncomingMessage, response: ServerResponse) => {
    state.requests += 1;
    state.delaysMs.push(performance.now() - refusedAt);
    response.writeHead(200, { "content-type": "text/event-stream" });
    for (const event of [created("r1"), ...textEvents("r1", "over HTTP"), completed("r1", "over HTTP")]) {
      response.write(`data: ${JSON.stringify(event)}\n\n`);
    }
    response.end();
  });
  let refusedAt = 0;
  server.on("upgrade", (_request, socket) => {
    state.upgrades += 1;
    refusedAt = performance.now();
    socket.end(`HTTP/1.1 ${status} No\r\ncontent-length: 0\r\n\r\n`);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const state = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    upgrades: 0,
    requests: 0,
    delaysMs: [] as number[],
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return state;
}

describe("a refused upgrade", () => {
  it("sends this very turn over HTTP, and the next ones", async () => {
    await using server = await httpOnly(426);
    const clock = new VirtualClock();
    await using llm = new OpenAIResponsesLLMService({ apiKey: "k", baseURL: server.url, environment: { clock } });
    const records: InferenceRecord[] = [];
    llm.on("inference", (record) => void records.push(record));
    const context = new LLMContext();
    expect(await say(llm, context, "a")).toBe("over HTTP");
    expect(await say(llm, context, "b")).toBe("over HTTP");
    expect(records.map(({ transport, retries }) => [transport, retries])).toEqual([
      ["http", ["websocket-refused"]],
      ["http", []],
    ]);
    expect(server.upgrades).toBe(1);
    // Tried again after a while, and after a longer one.
    await clock.advance(61_000);
    await say(llm, context, "c");
    await clock.advance(61_000);
    await say(llm, context, "d");
    expect(server.upgrades).toBe(2);
  });

  it("with 401 is final: HTTP would be refused, too", async () => {
    await using server = await httpOnly(401);
    await using llm = new OpenAIResponsesLLMService({ apiKey: "k", baseURL: server.url });
    await expect(collect(llm.stream(contextOf("Hi")))).rejects.toMatchObject({
      code: "connection_refused",
      status: 401,
    });
    expect(server.requests).toBe(0);
  });

  it("is an error without the fallback", async () => {
    await using server = await httpOnly(426);
    await using llm = new OpenAIResponsesLLMService({ apiKey: "k", baseURL: server.url, httpFallback: false });
    await expect(collect(llm.stream(contextOf("Hi")))).rejects.toMatchObject({ status: 426 });
  });
});

describe("a request of more than 15 MiB", () => {
  const large = "x".repeat(15 * 1024 * 1024);

  it("goes over HTTP; the connection stays, and the next turn is on it", async () => {
    await using setup = await overWebsocket({
      brain: function* () {
        yield { type: "text", delta: "ok" };
      },
    });
    await collect(setup.llm.stream(contextOf(large)));
    await collect(setup.llm.stream(contextOf("small")));
    expect(setup.records.map(({ transport }) => transport)).toEqual(["http", "websocket"]);
    expect(setup.records[0]!.retries).toEqual(["request-too-large"]);
  });

  it("is refused with its size where HTTP is not to be used", async () => {
    await using setup = await overWebsocket({}, { httpFallback: false });
    const error = await collect(setup.llm.stream(contextOf(large))).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(RequestTooLargeError);
    expect((error as RequestTooLargeError).bytes).toBeGreaterThan(large.length);
    expect(setup.server.requests).toEqual([]);
  });
});

describe("a busy server", () => {
  it.each([
    ["rate_limit_exceeded", 429, "rate-limited", { "retry-after": "0.02" }],
    ["server_error", 500, "server-failed", undefined],
  ])("(%s) is asked again after a wait", async (code, status, reason, headers) => {
    let asked = 0;
    await using setup = await overWebsocket({
      brain: function* () {
        if (++asked === 1)
          throw new ResponsesApiError({
            status,
            code,
            message: "Busy.",
            ...(headers === undefined ? {} : { headers }),
          });
        yield { type: "text", delta: "Now." };
      },
    });
    expect(textOf(await collect(setup.llm.stream(contextOf("Hi"))))).toBe("Now.");
    expect(setup.records[0]).toMatchObject({ retries: [reason] });
  });

  it("but not if waiting cannot help", async () => {
    const code = "insufficient_quota";
    let asked = 0;
    await using setup = await overWebsocket({
      // eslint-disable-next-line require-yield -- it fails before it says anything.
      brain: function* () {
        asked += 1;
        throw new ResponsesApiError({ status: 429, code, message: "No." });
      },
    });
    await expect(collect(setup.llm.stream(contextOf("Hi")))).rejects.toMatchObject({ code });
    expect(asked).toBe(1);
  });

  it("is not waited for beyond the budget", async () => {
    await using setup = await overWebsocket({
      // eslint-disable-next-line require-yield -- it fails before it says anything.
      brain: function* () {
        throw new ResponsesApiError({
          status: 429,
          code: "rate_limit_exceeded",
          message: "Later.",
          headers: { "retry-after": "60" },
        });
      },
    });
    await expect(collect(setup.llm.stream(contextOf("Hi")))).rejects.toMatchObject({ retryAfterMs: 60_000 });
  });
});

describe("an answer that breaks off", () => {
  it("is gone on with where it stopped, with onLost: continue", async () => {
    await using server = await ScriptedServer.start((_message, peer, count) => {
      if (count === 1) {
        peer.send(created("r1"), ...textEvents("r1", "Once upon "));
        setTimeout(() => peer.socket.terminate(), 5);
      } else peer.respond("r2", "a time.");
    });
    await using llm = new OpenAIResponsesLLMService({ apiKey: "k", baseURL: server.url, onConnectionLost: "resume" });
    const context = contextOf("Tell me");
    const frames = await collect(llm.respond(context));
    expect(textOf(frames)).toBe("Once upon a time.");
    expect(endOf(frames)).toMatchObject({ interrupted: false, incompleteReason: undefined });
    expect(server.received[1]!["input"]).toMatchObject([
      { role: "user", content: "Tell me" },
      { role: "assistant", content: "Once upon " },
      { role: "developer" },
    ]);
    expect(context.messages).toEqual([user("Tell me"), { role: "assistant", content: "Once upon a time." }]);
  });

  it("by silence ends the turn after idleEventTimeoutMs", async () => {
    await using server = await ScriptedServer.start((_message, peer) =>
      peer.send(created("r1"), ...textEvents("r1", "Once")),
    );
    await using llm = new OpenAIResponsesLLMService({ apiKey: "k", baseURL: server.url, timeouts: { idleMs: 30 } });
    const context = contextOf("Tell me");
    await expect(collect(llm.respond(context))).rejects.toMatchObject({
      code: "lost_after_output",
      deliveredCharacters: 4,
    });
    expect(context.messages.at(-1)).toEqual({ role: "assistant", content: "Once" });
  });
});

describe("a connection's age", () => {
  it("is not let to its limit: the connection is replaced while idle", async () => {
    const clock = new VirtualClock();
    await using setup = await overWebsocket(
      {},
      { environment: { clock }, heartbeat: false, maxConnectionAgeMs: 60_000 },
    );
    const context = new LLMContext();
    await say(setup.llm, context, "a");
    const first = setup.server.connections[0]!.id;
    const reconnected = new Promise<void>((resolve) => setup.llm.on("connected", resolve));
    await clock.advance(60_001);
    await reconnected;
    await say(setup.llm, context, "b");
    expect(setup.server.requests.map(({ connection }) => connection === first)).toEqual([true, false]);
    expect(setup.records[1]!.retries).toEqual([]);
  });
});

describe("steering", () => {
  const steerEvent = (type: string, id: string): object => ({
    type: `response.steer.${type}`,
    sequence_number: 1,
    steer: { id, previous_response_id: "r1" },
  });

  async function steerable(
    onSteer: (peer: { send(...events: unknown[]): void }, steer: Record<string, unknown>) => void,
  ): Promise<{ server: ScriptedServer; llm: OpenAIResponsesLLMService }> {
    const server = await ScriptedServer.start((event, peer, count) => {
      if (event["type"] === "response.steer") onSteer(peer, event);
      else if (count === 1) peer.send(created("r1"), ...textEvents("r1", "I begin. "));
      else peer.respond(`r${count}`, "Next.");
    });
    return {
      server,
      llm: new OpenAIResponsesLLMService({ apiKey: "k", baseURL: server.url, logger: new RecordingLogger() }),
    };
  }

  it("changes the running answer: one continuous turn, and the next is incremental", async () => {
    const { server, llm } = await steerable((peer) => {
      peer.send(
        steerEvent("accepted", "s1"),
        {
          type: "response.incomplete",
          response: { id: "r1", output: [message("r1", "I begin. ")], incomplete_details: { reason: "steered" } },
        },
        created("r2"),
        ...textEvents("r2", "In French: bonjour."),
        completed("r2", "In French: bonjour."),
      );
    });
    await using _server = server;
    await using _llm = llm;
    const context = contextOf("Talk");
    const frames = [];
    let outcome: Promise<unknown> | undefined;
    for await (const frame of llm.respond(context)) {
      frames.push(frame);
      if (textOf([frame]) === "I begin. ") outcome = llm.steer("In French, please");
    }
    expect(await outcome).toBe("applied");
    expect(textOf(frames)).toBe("I begin. In French: bonjour.");
    expect(endOf(frames)).toMatchObject({ incompleteReason: undefined });
    expect(server.received[1]).toEqual({
      type: "response.steer",
      previous_response_id: "r1",
      input: [{ type: "message", role: "user", content: "In French, please" }],
    });
    expect(context.messages).toEqual([
      user("Talk"),
      { role: "assistant", content: "I begin. " },
      user("In French, please"),
      { role: "assistant", content: "In French: bonjour." },
    ]);
    await say(llm, context, "Go on");
    expect(server.received[2]).toMatchObject({ previous_response_id: "r2", input: [user("Go on")] });
  });

  it("is said again when the connection was lost before the reply had begun", async () => {
    await using server = await ScriptedServer.start((event, peer, count) => {
      if (count === 1) peer.send(created("r1"));
      else if (event["type"] === "response.create") peer.send(created("r2"));
      else if (event["previous_response_id"] === "r1") peer.socket.terminate();
      else {
        peer.send(
          steerEvent("accepted", "s1"),
          {
            type: "response.incomplete",
            response: { id: "r2", output: [], incomplete_details: { reason: "steered" } },
          },
          created("r3"),
          ...textEvents("r3", "Bonjour."),
          completed("r3", "Bonjour."),
        );
      }
    });
    await using llm = new OpenAIResponsesLLMService({ apiKey: "k", baseURL: server.url });
    const context = contextOf("Talk");
    const turn = collect(llm.respond(context));
    await server.until(1);
    expect(await llm.steer("In French, please")).toBe("applied");
    expect(textOf(await turn)).toBe("Bonjour.");
    expect(server.received.map(({ type }) => type)).toEqual([
      "response.create",
      "response.steer",
      "response.create",
      "response.steer",
    ]);
    expect(context.messages.slice(1)).toEqual([user("In French, please"), { role: "assistant", content: "Bonjour." }]);
  });

  it("that waits for function outputs goes to the model after them", async () => {
    const call = {
      type: "function_call",
      id: "fc",
      call_id: "call_1",
      name: "look",
      arguments: "{}",
      status: "completed",
    };
    const { server, llm } = await steerable((peer) => {
      peer.send(
        steerEvent("accepted", "s1"),
        {
          type: "response.completed",
          response: { id: "r1", status: "completed", output: [message("r1", "I begin. "), call] },
        },
        { ...steerEvent("pending", "s1"), required_input: [{ type: "function_call_output", call_id: "call_1" }] },
      );
    });
    await using _server = server;
    await using _llm = llm;
    llm.registerFunction("look", () => "seen");
    const context = contextOf("Talk");
    let outcome: Promise<unknown> | undefined;
    for await (const frame of llm.respond(context)) {
      if (textOf([frame]) === "I begin. ") outcome = llm.steer("Quickly");
    }
    expect(await outcome).toBe("pending");
    expect(context.messages.map((held) => ("role" in held ? held.role : ""))).toEqual([
      "user",
      "assistant",
      "tool",
      "user",
      "assistant",
    ]);
    // The input that is queued at the server belongs to the continuation of that response, which is not continued.
    expect(server.received[2]).not.toHaveProperty("previous_response_id");
  });

  it.each([
    [
      "steering_not_supported",
      {
        type: "response.steer.failed",
        error: { code: "steering_not_supported", message: "No." },
        input: "x",
        steer: {},
      },
    ],
    [
      "invalid_value",
      {
        type: "error",
        status: 400,
        error: { code: "invalid_value", param: "type", message: "Invalid value: 'response.steer'." },
      },
    ],
  ])(
    "that the server does not know (%s) is a typed error, with the input; the answer goes on",
    async (code, answer) => {
      const { server, llm } = await steerable((peer) =>
        peer.send(answer, ...textEvents("r1", "I end."), completed("r1", "I begin. I end.")),
      );
      await using _server = server;
      await using _llm = llm;
      const context = contextOf("Talk");
      let outcome: Promise<unknown> | undefined;
      for await (const frame of llm.respond(context)) {
        if (textOf([frame]) === "I begin. ") outcome = llm.steer("Faster").catch((error: unknown) => error);
      }
      const error = await outcome;
      expect(error).toBeInstanceOf(SteeringError);
      expect(error).toMatchObject({
        code: code === "invalid_value" ? "steering_not_supported" : code,
        input: "Faster",
      });
      expect(context.messages.at(-1)).toEqual({ role: "assistant", content: "I begin. I end." });
    },
  );

  it("without a running turn is a typed error at once", async () => {
    await using setup = await overWebsocket();
    await expect(setup.llm.steer("Now")).rejects.toMatchObject({ code: "no_running_turn", input: "Now" });
  });
});
