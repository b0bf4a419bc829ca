import { once } from "node:events";
import {
  type InferenceRecord,
  LLMContext,
  LLMFullResponseEndFrame,
  LLMTextFrame,
  LostAfterOutputError,
  WebsocketClosedError,
} from "turnwire";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type WebSocket, WebSocketServer } from "ws";
import { OwnLLMService } from "../../examples/own-websocket-llm.ts";
import { startOwnServer } from "../../examples/own-websocket-server.ts";

type Message = Record<string, unknown>;

/** A server of the example's protocol whose every message the test decides on. */
let server: WebSocketServer;
let url: string;
let received: Message[];
let sockets: WebSocket[];
let onMessage: (message: Message, socket: WebSocket, count: number) => void;

function send(socket: WebSocket, ...messages: Message[]): void {
  for (const message of messages) socket.send(JSON.stringify(message));
}

async function listen(port = 0): Promise<number> {
  server = new WebSocketServer({ port, host: "127.0.0.1" });
  await once(server, "listening");
  server.on("connection", (socket) => {
    sockets.push(socket);
    socket.on("message", (data: Buffer) => {
      const message = JSON.parse(data.toString()) as Message;
      received.push(message);
      onMessage(message, socket, received.length);
    });
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  url = `ws://127.0.0.1:${address.port}`;
  return address.port;
}

async function closeServer(): Promise<void> {
  for (const client of server.clients) client.terminate();
  await new Promise((resolve) => server.close(resolve));
}

beforeEach(async () => {
  [received, sockets] = [[], []];
  await listen();
});

afterEach(closeServer);

const backoff = { initialDelayMs: 1, maxDelayMs: 5 };
const asked = (text: string): LLMContext => new LLMContext({ messages: [{ role: "user", content: text }] });

async function textOf(llm: OwnLLMService, text: string, signal?: AbortSignal): Promise<string> {
  let reply = "";
  const options = signal === undefined ? {} : { signal };
  for await (const frame of llm.stream(asked(text), options)) if (frame instanceof LLMTextFrame) reply += frame.text;
  return reply;
}

describe("a service on the WebSocket base", () => {
  it("asks and is answered, turn after turn on one connection", async () => {
    onMessage = (_, socket, count) => send(socket, { say: "Hello " }, { say: `${count}` }, { done: true });
    await using llm = new OwnLLMService(url);
    const records: InferenceRecord[] = [];
    llm.on("inference", (record) => void records.push(record));
    expect(await textOf(llm, "a")).toBe("Hello 1");
    expect(await llm.runInference(asked("b"))).toBe("Hello 2");
    expect(sockets).toHaveLength(1);
    expect(received[0]).toEqual({ ask: [{ role: "user", content: "a" }], model: "parrot" });
    const { mode, reason, itemsSent, bytesSent } = records[0]!;
    expect({ mode, reason, itemsSent }).toEqual({ mode: "full", reason: "nothing-kept", itemsSent: 1 });
    expect(bytesSent).toBe(JSON.stringify(received[0]).length);
  });

  it("connects on start and disconnects on stop", async () => {
    const llm = new OwnLLMService(url);
    llm.start();
    await once(server, "connection");
    await llm.stop();
    expect(llm.isConnected).toBe(false);
    expect(received).toEqual([]);
  });

  it("runs one exchange at a time", async () => {
    onMessage = (_, socket, count) => setImmediate(() => send(socket, { say: `${count}` }, { done: true }));
    await using llm = new OwnLLMService(url);
    expect(await Promise.all(["a", "b", "c"].map((text) => textOf(llm, text)))).toEqual(["1", "2", "3"]);
    expect(sockets).toHaveLength(1);
  });

  it("asks again when the connection was lost before output", async () => {
    onMessage = (_, socket, count) =>
      count === 1 ? socket.terminate() : send(socket, { say: "Again." }, { done: true });
    await using llm = new OwnLLMService(url, { backoff });
    const records: unknown[] = [];
    llm.on("inference", ({ retries }) => void records.push(retries));
    expect(await textOf(llm, "a")).toBe("Again.");
    expect(records).toEqual([["connection-lost"]]);
    expect(received).toHaveLength(2);
  });

  it("says what was delivered when the connection was lost in the middle; the next turn has another connection", async () => {
    onMessage = (_, socket, count) => {
      send(socket, { say: "Half" });
      if (count === 1) socket.close(1011);
      else send(socket, { done: true });
    };
    await using llm = new OwnLLMService(url, { backoff });
    const error = await textOf(llm, "a").catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(LostAfterOutputError);
    expect(error).toMatchObject({ deliveredCharacters: 4, cause: { closeCode: 1011 } });
    expect(await textOf(llm, "b")).toBe("Half");
    expect(sockets).toHaveLength(2);
  });

  it("gives up when the connection is lost again and again, with the close as the error", async () => {
    onMessage = (_, socket) => socket.close(1012, "busy");
    await using llm = new OwnLLMService(url, { backoff });
    const error = await textOf(llm, "a").catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(WebsocketClosedError);
    expect(error).toMatchObject({ closeCode: 1012 });
    expect(received).toHaveLength(3);
  });

  it("replaces no connection with reconnectOnError off", async () => {
    onMessage = (_, socket) => socket.terminate();
    await using llm = new OwnLLMService(url, { reconnectOnError: false });
    await expect(textOf(llm, "a")).rejects.toMatchObject({ code: "connection_closed" });
    expect(sockets).toHaveLength(1);
  });

  it("goes on when the server was away and is back", async () => {
    onMessage = (_, socket) => send(socket, { say: "Here." }, { done: true });
    await using llm = new OwnLLMService(url, { backoff: { ...backoff, maxAttempts: 2 } });
    expect(await textOf(llm, "a")).toBe("Here.");
    const port = Number(new URL(url).port);
    await closeServer();
    await expect(textOf(llm, "b")).rejects.toMatchObject({ code: expect.stringMatching(/^connection_/) as unknown });
    await listen(port);
    expect(await textOf(llm, "c")).toBe("Here.");
  });

  it("cancels an interrupted exchange, and uses its connection for the next turn, without the rest", async () => {
    const interruption = new AbortController();
    onMessage = (message, socket) => {
      if ("stop" in message) send(socket, { say: "stale" }, { done: true });
      else if (received.length === 1) send(socket, { say: "I begin" });
      else send(socket, { say: "New." }, { done: true });
    };
    await using llm = new OwnLLMService(url);
    for await (const frame of llm.stream(asked("a"), { signal: interruption.signal })) {
      if (frame instanceof LLMTextFrame) interruption.abort();
      if (frame instanceof LLMFullResponseEndFrame) expect(frame.interrupted).toBe(true);
    }
    expect(await textOf(llm, "b")).toBe("New.");
    expect(received.map((message) => Object.keys(message)[0])).toEqual(["ask", "stop", "ask"]);
    expect(sockets).toHaveLength(1);
  });

  it("replaces the connection when the server does not stop in time", async () => {
    const interruption = new AbortController();
    onMessage = (message, socket, count) => {
      if ("ask" in message) send(socket, { say: "I begin" }, ...(count > 1 ? [{ done: true }] : []));
    };
    await using llm = new OwnLLMService(url, { timeouts: { drainMs: 5 } });
    for await (const frame of llm.stream(asked("a"), { signal: interruption.signal })) {
      if (frame instanceof LLMTextFrame) interruption.abort();
    }
    expect(await textOf(llm, "b")).toBe("I begin");
    expect(sockets).toHaveLength(2);
  });

  it("keeps the connection after an error of the server's", async () => {
    onMessage = (_, socket, count) =>
      send(socket, ...(count === 1 ? [{ error: "no" }] : [{ say: "Yes." }, { done: true }]));
    await using llm = new OwnLLMService(url);
    await expect(textOf(llm, "a")).rejects.toMatchObject({ code: "refused" });
    expect(await textOf(llm, "b")).toBe("Yes.");
    expect(sockets).toHaveLength(1);
  });
});

it("the example's server repeats what it is told, and stops when it is told to", async () => {
  const own = await startOwnServer(1);
  await using llm = new OwnLLMService(own.url);
  expect(await textOf(llm, "One two three.")).toBe("One two three.");
  const interruption = new AbortController();
  let frames = 0;
  for await (const frame of llm.stream(asked("a b c d e f g h i j k l"), { signal: interruption.signal })) {
    if (frame instanceof LLMTextFrame && ++frames === 2) interruption.abort();
  }
  expect(await textOf(llm, "Four.")).toBe("Four.");
  await llm.stop();
  own.server.close();
});
