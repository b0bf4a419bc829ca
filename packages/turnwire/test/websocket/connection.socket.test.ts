import { once } from "node:events";
import { createServer } from "node:net";
import { describe, expect, test } from "vitest";
import { TimeoutError, WebsocketConnectError } from "../../src/errors.ts";
import { WebsocketConnection } from "../../src/websocket/index.ts";
import { rejection, settle } from "@turnwire/test-kit";
import { LoopbackServer, refuseWith, settingsFor } from "./helpers.ts";

describe("over real sockets", () => {
  test("text and bytes go both ways in order, and the close comes after the last message", async () => {
    await using server = await LoopbackServer.start();
    const connection = await WebsocketConnection.open(
      { ...server.target, headers: { "x-turn": "7" } },
      settingsFor({ queueCapacity: 4 }),
    );
    expect(server.requests[0]?.headers["x-turn"]).toBe("7");
    const client = await server.next();
    const echoed: string[] = [];
    client.on("message", (data: Buffer) => echoed.push(data.toString()));
    for (let count = 0; count < 1000; count += 1) client.send(`message ${count}`);
    client.send(Buffer.from([1, 2, 3]));
    client.close(4001, "done");

    for (let count = 0; count < 1000; count += 1) expect(await connection.receive()).toBe(`message ${count}`);
    expect(Buffer.from((await connection.receive()) as Uint8Array)).toEqual(Buffer.from([1, 2, 3]));
    expect(await rejection(connection.receive())).toMatchObject({ closeCode: 4001, reason: "done" });
  });

  test("messages arrive even if the close follows immediately", async () => {
    await using server = await LoopbackServer.start();
    const connection = await WebsocketConnection.open(server.target, settingsFor());
    const client = await server.next();
    const received: string[] = [];
    client.on("message", (data: Buffer, isBinary) => received.push(isBinary ? data.toString("hex") : data.toString()));
    const closed = once(client, "close");
    connection.send("one");
    connection.send(new Uint8Array([2, 255]));
    connection.send("three");
    await connection.close(1000, "bye");
    const [code, reason] = (await closed) as [number, Buffer];
    expect(received).toEqual(["one", "02ff", "three"]);
    expect([code, reason.toString()]).toEqual([1000, "bye"]);
  });

  test("a slow reader slows the sender and loses no message", async () => {
    await using server = await LoopbackServer.start();
    const settings = settingsFor({ queueCapacity: 4, heartbeat: { intervalMs: 20_000, timeoutMs: 10_000 } });
    const connection = await WebsocketConnection.open(server.target, settings);
    const client = await server.next();
    // While the client reads, loopback takes each message at once; the test needs messages that the kernel does not take.
    const messageBytes = 64 * 1024;
    const pile = 4 * 1024 * 1024;
    let sent = 0;
    for (; client.bufferedAmount < pile && sent < 4000; sent += 1) {
      client.send(String(sent).padEnd(messageBytes, "."));
      await settle();
    }
    expect(client.bufferedAmount).toBeGreaterThanOrEqual(pile);
    client.close(1001);

    for (let count = 0; count < sent; count += 1) {
      const message = String(await connection.receive());
      expect(message).toHaveLength(messageBytes);
      expect(Number.parseInt(message, 10)).toBe(count);
    }
    expect(await rejection(connection.receive())).toMatchObject({ closeCode: 1001 });
    expect(client.bufferedAmount).toBe(0);
  });

  test("a reader that keeps up never makes the sender wait", async () => {
    await using server = await LoopbackServer.start();
    const connection = await WebsocketConnection.open(server.target, settingsFor({ queueCapacity: 4 }));
    const client = await server.next();
    const reader = (async () => {
      for (let count = 0; count < 200; count += 1) await connection.receive();
    })();
    for (let count = 0; count < 200; count += 1) {
      await new Promise((resolve) => client.send(".".repeat(64 * 1024), resolve));
    }
    await reader;
    await connection.close();
  });

  test("pings are answered", async () => {
    await using server = await LoopbackServer.start();
    const connection = await WebsocketConnection.open(server.target, settingsFor());
    expect(await connection.verify(5000)).toBe(true);
    const client = await server.next();
    client.terminate();
    await connection.closed;
    expect(await connection.verify(5000)).toBe(false);
  });

  test("the heartbeat keeps a silent connection open, and detects that it is half-open when the pongs stop", async () => {
    await using server = await LoopbackServer.start();
    const connection = await WebsocketConnection.open(
      server.target,
      settingsFor({ heartbeat: { intervalMs: 10, timeoutMs: 200 } }),
    );
    const client = await server.next();
    for (let count = 0; count < 5; count += 1) await once(client, "ping");
    expect(connection.isOpen).toBe(true);
    // From here on the server's end reads nothing, so it sends no pong and no close frame.
    client.pause();
    expect(await connection.closed).toMatchObject({
      closeCode: 1006,
      reason: "no sign of the other side for 210 ms",
      retryable: true,
    });
  });

  test("a connection that is cut closes with 1006", async () => {
    await using server = await LoopbackServer.start();
    const connection = await WebsocketConnection.open(server.target, settingsFor());
    (await server.next()).terminate();
    expect(await rejection(connection.receive())).toMatchObject({ closeCode: 1006, retryable: true });
  });

  test("a server that violates the protocol ends the connection, and the error says why", async () => {
    await using server = await LoopbackServer.start();
    const connection = await WebsocketConnection.open(server.target, settingsFor());
    await server.next();
    server.write(Buffer.from([0xff, 0x00]));
    // `ws` sent the close frame with 1002 itself and received none.
    expect(await connection.closed).toMatchObject({ closeCode: 1006, cause: { code: "WS_ERR_UNEXPECTED_RSV_2_3" } });
  });

  test("a close that is not acknowledged terminates the socket after its limit", async () => {
    await using server = await LoopbackServer.start();
    const settings = settingsFor({ closeTimeoutMs: 30 });
    const connection = await WebsocketConnection.open(server.target, settings);
    (await server.next()).pause();
    await connection.close();
    expect(settings.logger.warnings).toHaveLength(1);
    expect(await connection.closed).toMatchObject({ reason: "the close was not acknowledged" });
  });
});

describe("failures to connect", () => {
  test("a refused upgrade reports status, headers and body, without the key", async () => {
    await using server = await LoopbackServer.start(
      refuseWith(
        "401 Unauthorized",
        ["Content-Type: application/json", "X-Request-Id: req_1", "Set-Cookie: a=1", "Set-Cookie: b=2"],
        '{"error":{"message":"Incorrect API key provided: sk-proj-abc12345"}}',
      ),
    );
    const error = await rejection(WebsocketConnection.open(server.target, settingsFor()));
    expect(error).toBeInstanceOf(WebsocketConnectError);
    expect(error).toMatchObject({
      message: `127.0.0.1:${server.port} refused the WebSocket upgrade with status 401`,
      status: 401,
      headers: { "content-type": "application/json", "x-request-id": "req_1", "set-cookie": "a=1, b=2" },
      body: '{"error":{"message":"Incorrect API key provided: [key]"}}',
      retryable: false,
    });
  });

  test("a refusal reports only the beginning of a long body", async () => {
    await using server = await LoopbackServer.start(refuseWith("503 Service Unavailable", [], "x".repeat(3_000_000)));
    const error = (await rejection(WebsocketConnection.open(server.target, settingsFor()))) as WebsocketConnectError;
    expect(error).toMatchObject({ status: 503, retryable: true });
    expect(error.body?.length).toBeGreaterThanOrEqual(16 * 1024);
    expect(error.body?.length).toBeLessThan(200_000);
  });

  test("a refusal whose body is cut off is still a refusal", async () => {
    await using server = await LoopbackServer.start((_request, socket) => {
      socket.write("HTTP/1.1 403 Forbidden\r\nContent-Length: 100\r\n\r\nnot for", () => socket.destroy());
      return true;
    });
    const error = await rejection(WebsocketConnection.open(server.target, settingsFor()));
    expect(error).toMatchObject({ status: 403, body: "not for", retryable: false });
  });

  test("a server that answers the upgrade with 200 or a redirect is refused", async () => {
    for (const status of ["200 OK", "302 Found"]) {
      await using server = await LoopbackServer.start(refuseWith(status, ["Location: http://127.0.0.1:1/"], "hello"));
      const error = await rejection(WebsocketConnection.open(server.target, settingsFor()));
      expect(error).toMatchObject({ code: "connection_refused", status: Number.parseInt(status, 10), body: "hello" });
    }
  });

  test("reports a port on which no server listens, by address and by name", async () => {
    const nobody = createServer().listen(0, "127.0.0.1");
    await once(nobody, "listening");
    const address = nobody.address();
    const port = typeof address === "object" ? address?.port : undefined;
    await new Promise((resolve) => nobody.close(resolve));
    for (const host of ["127.0.0.1", "localhost"]) {
      const error = await rejection(WebsocketConnection.open({ url: `ws://${host}:${port}/v1` }, settingsFor()));
      expect(error).toBeInstanceOf(WebsocketConnectError);
      expect(error).toMatchObject({ code: "connection_failed", retryable: true });
      expect((error as Error).message).toMatch(new RegExp(`^cannot connect to ${host}:${port}: .*ECONNREFUSED`));
    }
  });

  test("gives up on a server that never answers the upgrade", async () => {
    await using server = await LoopbackServer.start(() => true);
    const opening = WebsocketConnection.open(server.target, settingsFor({ connectTimeoutMs: 50 }));
    const error = await rejection(opening);
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error).toMatchObject({ what: "connect", limitMs: 50 });
  });

  test("an abort before the server answers closes the socket", async () => {
    const arrived = Promise.withResolvers<{ ended: Promise<unknown> }>();
    await using server = await LoopbackServer.start((_request, socket) => {
      arrived.resolve({ ended: Promise.race([once(socket, "end"), once(socket, "error")]) });
      socket.resume();
      return true;
    });
    const controller = new AbortController();
    const failed = rejection(WebsocketConnection.open(server.target, settingsFor(), controller.signal));
    const { ended } = await arrived.promise;
    const reason = new Error("enough");
    controller.abort(reason);
    expect(await failed).toBe(reason);
    await ended;
  });

  test("the error for an invalid header does not contain its value", async () => {
    await using server = await LoopbackServer.start();
    const headers = { authorization: "Bearer sk-secret123\n" };
    const error = await rejection(WebsocketConnection.open({ ...server.target, headers }, settingsFor()));
    expect(error).toBeInstanceOf(WebsocketConnectError);
    expect(error).toMatchObject({ retryable: false });
    expect((error as Error).message).toContain("Invalid character in header content");
    expect(JSON.stringify([(error as Error).message, String((error as Error).cause)])).not.toContain("secret");
  });
});
