import { getEventListeners } from "node:events";
import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { TimeoutError, WebsocketClosedError, WebsocketConnectError } from "../../src/errors.ts";
import { type SocketFactory, WebsocketConnection, wsSocketFactory } from "../../src/websocket/index.ts";
import { rejection, settle, stateOf } from "@turnwire/test-kit";
import { inMemory, openInMemory, target } from "./helpers.ts";

describe("connecting", () => {
  test("passes the target to the socket and reports when the connection opened", async () => {
    const { clock, network, settings } = inMemory({}, () => undefined);
    await clock.advance(100);
    const opening = WebsocketConnection.open({ ...target, headers: { authorization: "Bearer k" } }, settings);
    expect(network.last.target).toEqual({ url: target.url, headers: { authorization: "Bearer k" } });
    await clock.advance(50);
    network.last.accept();
    const connection = await opening;
    expect(connection.isOpen).toBe(true);
    expect(connection.openedAtMs).toBe(150);
    await clock.advance(25);
    expect(connection.ageMs).toBe(25);
    expect(clock.pending).toBe(0);
  });

  test("a signal that has fired opens no socket", async () => {
    const { clock, network, settings } = inMemory();
    const reason = new Error("enough");
    const opening = WebsocketConnection.open(target, settings, AbortSignal.abort(reason));
    expect(await rejection(opening)).toBe(reason);
    expect(network.sockets).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  test("an abort while connecting terminates the socket at once", async () => {
    const { clock, network, settings } = inMemory({}, () => undefined);
    const controller = new AbortController();
    const opening = WebsocketConnection.open(target, settings, controller.signal);
    expect(getEventListeners(controller.signal, "abort")).toHaveLength(1);
    const reason = new Error("enough");
    controller.abort(reason);
    expect(await rejection(opening)).toBe(reason);
    await settle();
    expect(network.openCount).toBe(0);
    expect(network.last.calls).toEqual(["terminate"]);
    expect(clock.pending).toBe(0);
    expect(getEventListeners(controller.signal, "abort")).toEqual([]);
  });

  test("an abort after connecting has no effect and leaves no listener", async () => {
    const { settings } = inMemory();
    const controller = new AbortController();
    const connection = await WebsocketConnection.open(target, settings, controller.signal);
    expect(getEventListeners(controller.signal, "abort")).toEqual([]);
    controller.abort(new Error("enough"));
    expect(connection.isOpen).toBe(true);
  });

  test("takes no longer than its limit", async () => {
    const { clock, network, settings } = inMemory({ connectTimeoutMs: 3000 }, () => undefined);
    const opening = WebsocketConnection.open(target, settings);
    await clock.advance(2999);
    expect(await stateOf(opening)).toBe("pending");
    const failed = rejection(opening);
    await clock.advance(1);
    const error = await failed;
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error).toMatchObject({ what: "connect", limitMs: 3000, retryable: true });
    expect(network.last.terminated).toBe(true);
    expect(clock.pending).toBe(0);
  });

  test("a refusal has the status, the headers and the body, with keys removed", async () => {
    const body = '{"error":{"message":"Incorrect API key provided: sk-proj-abc12345."}}';
    const { clock, settings } = inMemory({}, (server) => server.refuse(401, { "x-request-id": "req_1" }, body));
    const error = await rejection(WebsocketConnection.open(target, settings));
    expect(error).toBeInstanceOf(WebsocketConnectError);
    expect(error).toMatchObject({
      code: "connection_refused",
      message: "memory.test refused the WebSocket upgrade with status 401",
      status: 401,
      headers: { "x-request-id": "req_1" },
      body: '{"error":{"message":"Incorrect API key provided: [key]"}}',
      retryable: false,
    });
    expect(clock.pending).toBe(0);
  });

  test("a refusal may be retryable", async () => {
    const { settings } = inMemory({}, (server) => server.refuse(503));
    expect(await rejection(WebsocketConnection.open(target, settings))).toMatchObject({ status: 503, retryable: true });
  });

  test("an unreachable server is named together with the reason", async () => {
    const cause = new Error("connect ECONNREFUSED 127.0.0.1:1");
    const { clock, settings } = inMemory({}, (server) => server.fail(cause));
    const error = await rejection(WebsocketConnection.open({ url: "ws://user:secret@memory.test/v1?key=k" }, settings));
    expect(error).toBeInstanceOf(WebsocketConnectError);
    expect(error).toMatchObject({
      code: "connection_failed",
      message: "cannot connect to memory.test: connect ECONNREFUSED 127.0.0.1:1",
      retryable: true,
      cause,
    });
    expect((error as WebsocketConnectError).status).toBeUndefined();
    expect(inspect(error)).not.toContain("secret");
    expect(clock.pending).toBe(0);
  });

  test.each([
    [new AggregateError([new Error("connect ECONNREFUSED ::1:1"), new Error("other")]), "connect ECONNREFUSED ::1:1"],
    [Object.assign(new Error(""), { code: "ECONNRESET" }), "ECONNRESET"],
    [new TypeError(""), "TypeError"],
  ])("describes an error without a message (%#)", async (cause, described) => {
    const { settings } = inMemory({}, (server) => server.fail(cause));
    const error = await rejection(WebsocketConnection.open(target, settings));
    expect(error).toMatchObject({ message: `cannot connect to memory.test: ${described}` });
  });

  test("a close before the connection opens is a failure to connect", async () => {
    const { settings } = inMemory({}, (server) => server.drop());
    const error = await rejection(WebsocketConnection.open(target, settings));
    expect(error).toMatchObject({ message: "cannot connect to memory.test: closed with code 1006", retryable: true });
  });

  test("a socket that cannot be created is a final failure to connect, and leaves no timer", async () => {
    const cause = new TypeError('Invalid character in header content ["Authorization"]');
    const socketFactory: SocketFactory = () => {
      throw cause;
    };
    const { clock, settings } = inMemory({ socketFactory });
    const controller = new AbortController();
    const opening = WebsocketConnection.open(target, settings, controller.signal);
    const error = await rejection(opening);
    expect(error).toBeInstanceOf(WebsocketConnectError);
    expect(error).toMatchObject({
      code: "connection_failed",
      message: 'cannot connect to memory.test: Invalid character in header content ["Authorization"]',
      retryable: false,
      cause,
    });
    expect(clock.pending).toBe(0);
    expect(getEventListeners(controller.signal, "abort")).toEqual([]);
  });

  test.each([
    ["api.openai.com?key=secret", "cannot connect: the address is not a URL"],
    ["", "cannot connect: the address is not a URL"],
    ["ftp://api.test/?key=secret", "cannot connect to api.test: The URL's protocol must be one of"],
  ])("an invalid address is a final failure to connect (%j)", async (url, message) => {
    const { clock, settings } = inMemory({ socketFactory: wsSocketFactory });
    const error = await rejection(WebsocketConnection.open({ url }, settings));
    expect(error).toBeInstanceOf(WebsocketConnectError);
    expect(error).toMatchObject({ code: "connection_failed", retryable: false });
    expect(String(error)).toContain(message);
    expect(inspect(error)).not.toContain("secret");
    expect(clock.pending).toBe(0);
  });
});

describe("receiving", () => {
  test("messages arrive in order, text as text and bytes as bytes, and the close comes after the last", async () => {
    const { connection, server } = await openInMemory();
    server.send("one", new Uint8Array([2]), { three: 3 });
    server.close(1001, "going away");
    expect(await connection.receive()).toBe("one");
    expect(await connection.receive()).toEqual(new Uint8Array([2]));
    await connection.closed;
    expect(connection.isOpen).toBe(false);
    expect(await connection.receive()).toBe('{"three":3}');
    const error = await rejection(connection.receive());
    expect(error).toBeInstanceOf(WebsocketClosedError);
    expect(error).toMatchObject({ closeCode: 1001, reason: "going away", retryable: true });
    expect(error).toBe(await connection.closed);
    expect(await rejection(connection.receive())).toBe(error);
  });

  test("a waiting receive gets the next message or the close", async () => {
    const { connection, server } = await openInMemory();
    const receiving = connection.receive();
    expect(await stateOf(receiving)).toBe("pending");
    server.send("one");
    expect(await receiving).toBe("one");
    const last = rejection(connection.receive());
    server.drop();
    expect(await last).toMatchObject({ closeCode: 1006 });
  });

  test("poll returns messages that have already arrived", async () => {
    const { connection, server } = await openInMemory();
    expect(connection.poll()).toBeUndefined();
    server.send("one");
    expect(connection.poll()).toBeUndefined();
    await settle();
    expect(connection.poll()).toBe("one");
    expect(connection.poll()).toBeUndefined();
  });

  test("an abort loses no message", async () => {
    const { connection, server } = await openInMemory();
    const controller = new AbortController();
    const reason = new Error("enough");
    const receiving = connection.receive(controller.signal);
    controller.abort(reason);
    server.send("one", "two");
    expect(await rejection(receiving)).toBe(reason);
    expect(await rejection(connection.receive(controller.signal))).toBe(reason);
    expect([await connection.receive(), await connection.receive()]).toEqual(["one", "two"]);
    expect(getEventListeners(controller.signal, "abort")).toEqual([]);
  });

  test("a full queue pauses the socket, which resumes when half of the queue has been received", async () => {
    const { connection, server } = await openInMemory({ queueCapacity: 4 });
    server.send(...["a", "b", "c", "d", "e", "f", "g", "h"]);
    server.close(1000);
    await settle();
    expect(server.calls).toEqual(["pause"]);
    expect(await stateOf(connection.closed)).toBe("pending");
    await connection.receive();
    expect(server.calls).toEqual(["pause"]);
    await connection.receive();
    expect(server.calls).toEqual(["pause", "resume"]);
    const rest: unknown[] = [];
    for (let count = 0; count < 6; count += 1) rest.push(await connection.receive());
    expect(rest.join("")).toBe("cdefgh");
    expect(await rejection(connection.receive())).toMatchObject({ closeCode: 1000 });
  });

  test("the close error's cause says why the connection was lost", async () => {
    const { connection, server } = await openInMemory();
    const cause = new Error("read ECONNRESET");
    server.fail(cause);
    expect(await connection.closed).toMatchObject({ closeCode: 1006, reason: "", cause });
  });

  test("removes a key that the server quotes in its reason", async () => {
    const { connection, server } = await openInMemory();
    server.close(1008, "Incorrect API key provided: sk-proj-abc12345");
    const error = await connection.closed;
    expect(error.reason).toBe("Incorrect API key provided: [key]");
    expect(error.message).toBe("the connection closed with code 1008 (Incorrect API key provided: [key])");
  });
});

describe("sending", () => {
  test("passes text and bytes on in order", async () => {
    const { connection, server } = await openInMemory();
    connection.send("one");
    connection.send(new Uint8Array([2]));
    expect(server.sent).toEqual(["one", new Uint8Array([2])]);
  });

  test("throws after the end, however the connection ended", async () => {
    for (const end of [
      async (pair: Awaited<ReturnType<typeof openInMemory>>) => pair.connection.close(),
      async (pair: Awaited<ReturnType<typeof openInMemory>>) => pair.connection.terminate(),
      async (pair: Awaited<ReturnType<typeof openInMemory>>) => {
        pair.server.close(1001);
        await pair.connection.closed;
      },
    ]) {
      const pair = await openInMemory();
      await end(pair);
      expect(pair.connection.isOpen).toBe(false);
      expect(() => pair.connection.send("late")).toThrow(WebsocketClosedError);
      expect(pair.server.sent).toEqual([]);
    }
  });

  test("throws while the connection is closing", async () => {
    const { connection, server } = await openInMemory();
    const closing = connection.close();
    expect(() => connection.send("late")).toThrow(WebsocketClosedError);
    await closing;
    expect(server.sent).toEqual([]);
  });

  test("a message sent before the end of the other side becomes known is lost with the close", async () => {
    const { connection, server } = await openInMemory();
    server.state = "closing";
    connection.send("lost");
    server.drop();
    const error = await rejection(connection.receive());
    expect(error).toMatchObject({ closeCode: 1006, cause: { message: "WebSocket is not open: closing" } });
  });
});

describe("closing", () => {
  test("is a handshake; messages that have arrived can still be received before the close", async () => {
    const { clock, connection, server, settings } = await openInMemory();
    server.send("one");
    await settle();
    await connection.close(4000, "done");
    expect(server.closeReceived).toEqual({ code: 4000, reason: "done" });
    expect(server.calls).toEqual(["close"]);
    expect(await connection.receive()).toBe("one");
    expect(await rejection(connection.receive())).toMatchObject({ closeCode: 4000, reason: "done" });
    expect(clock.pending).toBe(0);
    expect(settings.logger.warnings).toEqual([]);
  });

  test("a second close has no effect, and both calls wait for the end", async () => {
    const { connection, server } = await openInMemory();
    server.goSilent();
    const closes = [connection.close(), connection.close(1001)];
    expect(await stateOf(closes[1] as Promise<void>)).toBe("pending");
    server.close();
    await Promise.all(closes);
    await connection.close();
    expect(server.calls).toEqual(["close"]);
    expect(server.closeReceived).toMatchObject({ code: 1000 });
  });

  test("takes no longer than its limit, and logs that the close was not acknowledged", async () => {
    const { clock, connection, server, settings } = await openInMemory({ closeTimeoutMs: 2000 });
    server.goSilent();
    const closing = connection.close();
    await clock.advance(1999);
    expect(await stateOf(closing)).toBe("pending");
    expect(settings.logger.warnings).toEqual([]);
    await clock.advance(1);
    await closing;
    expect(settings.logger.warnings).toEqual([
      { message: "a close was not acknowledged in time", details: { limitMs: 2000 } },
    ]);
    expect(server.calls).toEqual(["close", "terminate"]);
    expect(await connection.closed).toMatchObject({ closeCode: 1006, reason: "the close was not acknowledged" });
    expect(clock.pending).toBe(0);
  });

  test("reads the other side's close frame although the queue is full, and drops messages before it", async () => {
    const { connection, server } = await openInMemory({ queueCapacity: 2 });
    server.send("one", "two", "three", "four", "five");
    await settle();
    expect(server.paused).toBe(true);
    await connection.close();
    expect(server.calls.toSorted()).toEqual(["close", "pause", "resume"]);
    expect([await connection.receive(), await connection.receive()]).toEqual(["one", "two"]);
    expect(await rejection(connection.receive())).toMatchObject({ closeCode: 1000 });
  });

  test("terminate ends the connection at once; messages that have arrived can still be received", async () => {
    const { clock, connection, server } = await openInMemory();
    server.send("one");
    await settle();
    connection.terminate("replaced");
    expect(connection.isOpen).toBe(false);
    expect(await connection.closed).toMatchObject({ closeCode: 1006, reason: "replaced", retryable: true });
    expect(await connection.receive()).toBe("one");
    expect(await rejection(connection.receive())).toBe(await connection.closed);
    await settle();
    expect(server.state).toBe("closed");
    connection.terminate("again");
    await connection.close();
    expect(await connection.closed).toMatchObject({ reason: "replaced" });
    expect(clock.pending).toBe(0);
  });
});

describe("verify", () => {
  test("is true if a pong answers the ping", async () => {
    const { clock, connection, server } = await openInMemory();
    expect(await Promise.all([connection.verify(100), connection.verify(100)])).toEqual([true, true]);
    expect(server.pings).toBe(2);
    expect(clock.pending).toBe(0);
  });

  test("is false if no pong comes in time", async () => {
    const { clock, connection, server } = await openInMemory();
    server.goSilent();
    const verifying = connection.verify(100);
    await clock.advance(99);
    expect(await stateOf(verifying)).toBe("pending");
    await clock.advance(1);
    expect(await verifying).toBe(false);
    expect(connection.isOpen).toBe(true);
    expect(clock.pending).toBe(0);
  });

  test("is false if the connection ends meanwhile or has ended", async () => {
    const { clock, connection, server } = await openInMemory();
    server.goSilent();
    const verifying = connection.verify(100);
    server.drop();
    expect(await verifying).toBe(false);
    expect(await connection.verify(100)).toBe(false);
    expect(server.pings).toBe(1);
    expect(clock.pending).toBe(0);
  });
});

test("a thousand connections leave no timer, listener or open socket", async () => {
  const { clock, network, settings } = inMemory({ heartbeat: { intervalMs: 20_000, timeoutMs: 10_000 } });
  const { signal } = new AbortController();
  for (let count = 0; count < 1000; count += 1) {
    const connection = await WebsocketConnection.open(target, settings, signal);
    connection.send("request");
    network.last.send("answer");
    await connection.receive(signal);
    if (count % 2 === 0) await connection.close();
    else connection.terminate();
  }
  await settle();
  expect([clock.pending, network.openCount, getEventListeners(signal, "abort").length]).toEqual([0, 0, 0]);
});

describe("pushing messages", () => {
  test("the handler gets messages in order: those received before, then each within the socket's event", async () => {
    const { connection, server } = await openInMemory();
    server.send("one", "two");
    await settle();
    const handled: unknown[] = [];
    connection.onMessage((message) => void handled.push(message));
    expect(handled).toEqual(["one", "two"]);
    server.send("three");
    void connection.closed.then(({ closeCode }) => handled.push(closeCode));
    server.close(1001);
    await settle();
    expect(handled).toEqual(["one", "two", "three", 1001]);
    expect(await rejection(connection.receive())).toMatchObject({ closeCode: 1001 });
  });

  test("the handler gets no messages while it has paused the connection, even if it was paused before", async () => {
    const { connection, server } = await openInMemory({ queueCapacity: 2 });
    server.send("one", "two", "three");
    await settle();
    expect(server.paused).toBe(true);
    const handled: unknown[] = [];
    connection.onMessage((message) => {
      handled.push(message);
      connection.pause();
    });
    await settle();
    expect([handled, server.paused]).toEqual([["one", "two"], true]);
    connection.resume();
    await settle();
    expect(handled).toEqual(["one", "two", "three"]);
  });

  test("logs a handler that throws, and continues", async () => {
    const { connection, server, settings } = await openInMemory();
    const handled: unknown[] = [];
    connection.onMessage((message) => {
      handled.push(message);
      throw new Error("handler");
    });
    server.send("one", "two");
    await settle();
    expect(handled).toEqual(["one", "two"]);
    expect(settings.logger.warnings).toHaveLength(2);
    expect(connection.isOpen).toBe(true);
  });

  test("the handler gets no message once the connection is closing, and a pause does not keep it open", async () => {
    const { connection, server } = await openInMemory();
    const handled: unknown[] = [];
    connection.onMessage((message) => void handled.push(message));
    connection.pause();
    const closed = connection.close();
    server.send("late");
    await closed;
    expect(handled).toEqual([]);
  });
});
