import { describe, expect, test } from "vitest";
import { InvalidArgumentError } from "../../src/errors.ts";
import { ContinuousConnection } from "../../src/websocket/index.ts";
import { type WebsocketConnection, ReconnectingWebsocket } from "../../src/websocket/index.ts";
import { RecordingLogger, rejection, settle, stateOf } from "@turnwire/test-kit";
import { LoopbackServer } from "./helpers.ts";
import { continuous } from "./continuous-support.ts";

describe("start", () => {
  test("connects, configures the session and receives in the background", async () => {
    const { connection, network, told } = continuous({
      handlers: { onOpen: (opened, again) => opened.send(`hello, again: ${again}`) },
    });
    await connection.start();
    expect(connection.isConnected).toBe(true);
    expect(await network.last.next()).toBe("hello, again: false");
    network.last.send("one", "two");
    await settle();
    expect(told).toEqual(["message one", "message two"]);
    await connection.stop();
  });

  test("opens one connection for two calls", async () => {
    const { connection, network } = continuous();
    await Promise.all([connection.start(), connection.start()]);
    await connection.start();
    expect(network.sockets).toHaveLength(1);
    await connection.stop();
  });

  test("rejects if it cannot connect, and reports that once", async () => {
    const { connection, clock, told } = continuous({ onConnect: (server) => server.refuse(401) });
    expect(await rejection(connection.start())).toMatchObject({ code: "connection_refused", status: 401 });
    expect(told).toEqual(["given up: connection_refused"]);
    expect(clock.pending).toBe(0);
    expect(await rejection(connection.ready())).toMatchObject({ code: "connection_refused" });
    expect(connection.trySend("x")).toBe(false);
  });

  test("tries again after giving up", async () => {
    const { connection, told } = continuous({
      onConnect: (server, index) => (index === 0 ? server.refuse(403) : server.accept()),
    });
    await rejection(connection.start());
    await connection.start();
    expect(connection.isConnected).toBe(true);
    expect(told).toEqual(["given up: connection_refused", "opened"]);
    await connection.stop();
  });

  test("works from within the handler of a failure", async () => {
    let again: Promise<void> | undefined;
    const { connection, network } = continuous({
      onConnect: (server, index) => (index === 0 ? server.refuse(403) : server.accept()),
      handlers: { onFailed: () => void (again = connection.start()) },
    });
    await rejection(connection.start());
    await again;
    expect(connection.isConnected).toBe(true);
    expect(network.openCount).toBe(1);
    await connection.stop();
  });

  test("gives up if the session cannot be configured", async () => {
    const error = new InvalidArgumentError("model", "must be a string, not null");
    const { connection, network, told } = continuous({ handlers: { onOpen: () => Promise.reject(error) } });
    expect(await rejection(connection.start())).toBe(error);
    await settle();
    expect(told).toEqual(["given up: invalid_argument"]);
    expect(network.openCount).toBe(0);
  });
});

describe("a lost connection", () => {
  test("is replaced automatically, after all messages received before the loss were handled", async () => {
    const { connection, network, told } = continuous();
    await connection.start();
    network.last.send("one");
    network.last.drop();
    await settle();
    expect(told).toEqual(["opened", "message one", "lost 1006", "opened again"]);
    network.last.send("two");
    await settle();
    expect(told.at(-1)).toBe("message two");
    await connection.stop();
  });

  test("is replaced with back-off", async () => {
    const { connection, clock, network, told } = continuous({
      onConnect: (server, index) => (index === 1 || index === 2 ? server.refuse(503) : server.accept()),
    });
    await connection.start();
    network.last.drop();
    await clock.advance(374);
    expect(network.sockets).toHaveLength(3);
    expect(connection.isConnected).toBe(false);
    await clock.advance(1);
    expect(connection.isConnected).toBe(true);
    expect(told).toEqual(["opened", "lost 1006", "opened again"]);
    await connection.stop();
  });

  test("is not replaced after the server accepts and closes three connections in a row", async () => {
    const { connection, clock, network, told } = continuous({ onConnect: (server) => server.accept().close(1011) });
    await connection.start().catch(() => undefined);
    await clock.advance(60_000);
    expect(network.sockets).toHaveLength(3);
    expect(told.filter((what) => what.startsWith("given up"))).toEqual(["given up: connection_unstable"]);
    expect(clock.pending).toBe(0);
  });

  test("that was marked healthy does not count towards giving up", async () => {
    const { connection, network, told } = continuous();
    await connection.start();
    for (let count = 0; count < 5; count += 1) {
      connection.markHealthy();
      network.last.drop();
      await settle();
    }
    expect(connection.isConnected).toBe(true);
    expect(told.filter((what) => what.startsWith("given up"))).toEqual([]);
    await connection.stop();
  });

  test("is not replaced after a policy close", async () => {
    const { connection, network, told } = continuous();
    await connection.start();
    network.last.close(1008, "DATA-0000");
    await settle();
    expect(told).toEqual(["opened", "lost 1008", "given up: connection_closed 1008"]);
    expect(network.sockets).toHaveLength(1);
    expect(await rejection(connection.ready())).toMatchObject({ closeCode: 1008 });
  });

  test("is not replaced if the key is no longer valid", async () => {
    const { connection, network, told } = continuous({
      onConnect: (server, index) => (index === 0 ? server.accept() : server.refuse(401)),
    });
    await connection.start();
    network.last.drop();
    await settle();
    expect(told).toEqual(["opened", "lost 1006", "given up: connection_refused"]);
    await connection.stop();
  });

  test("is replaced even if the loss comes while the session is configured", async () => {
    const { connection, network, told } = continuous({
      onConnect: (server, index) => (index === 0 ? server.accept().drop() : server.accept()),
      handlers: {
        onOpen: (_opened, again) => {
          told.push(again ? "opened again" : "opened");
          return again ? undefined : new Promise(() => undefined);
        },
      },
    });
    await connection.start();
    expect(told).toEqual(["opened", "lost 1006", "opened again"]);
    expect(network.sockets).toHaveLength(2);
    await connection.stop();
  });

  test("is detected by the heartbeat if it is half-open, within the heartbeat's limits", async () => {
    const { connection, clock, network, told } = continuous({
      websocket: { heartbeat: { intervalMs: 5000, timeoutMs: 2000 } },
      keepAliveMessage: { intervalMs: 1000, message: () => "alive" },
    });
    await connection.start();
    network.last.goSilent();
    await clock.advance(6999);
    expect(told).toEqual(["opened"]);
    await clock.advance(1);
    expect(told).toEqual(["opened", "lost 1006", "opened again"]);
    await connection.stop();
    expect(clock.pending).toBe(0);
  });
});

describe("a handler that throws", () => {
  test("is reported, and the next message is handled", async () => {
    const failure = new Error("broken");
    const { connection, network, logger, told } = continuous({
      handlers: {
        onMessage: (message) => {
          if (message === "bad") throw failure;
          told.push(String(message));
        },
      },
    });
    await connection.start();
    network.last.send("bad", "good");
    await settle();
    expect(told).toEqual(["opened", "good"]);
    expect(logger.warnings).toMatchObject([{ details: { error: { cause: failure } } }]);
    await connection.stop();
  });

  test("is reported to onError", async () => {
    const failures: unknown[] = [];
    const { connection, network, logger } = continuous({
      handlers: { onMessage: () => Promise.reject(new Error("broken")), onError: (error) => void failures.push(error) },
    });
    await connection.start();
    network.last.send("bad");
    await settle();
    expect(failures).toMatchObject([{ code: "connection_failed", cause: { message: "broken" } }]);
    expect(logger.warnings).toEqual([]);
    await connection.stop();
  });

  test("does not prevent the replacement of a lost connection", async () => {
    const { connection, network, logger } = continuous({
      handlers: {
        onLost: () => {
          throw new Error("broken");
        },
      },
    });
    await connection.start();
    network.last.drop();
    await settle();
    expect(connection.isConnected).toBe(true);
    expect(logger.warnings).toHaveLength(1);
    await connection.stop();
  });
});

test("a slow consumer pauses the socket and loses no message", async () => {
  const let1 = Promise.withResolvers<void>();
  const got: string[] = [];
  const { connection, network } = continuous({
    websocket: { queueCapacity: 4, heartbeat: false },
    handlers: {
      onMessage: async (message) => {
        await let1.promise;
        got.push(String(message));
      },
    },
  });
  await connection.start();
  const sent = Array.from({ length: 20 }, (_, index) => `m${index}`);
  network.last.send(...sent);
  await settle();
  expect(network.last.paused).toBe(true);
  expect(got).toEqual([]);
  let1.resolve();
  await settle();
  expect(got).toEqual(sent);
  expect(network.last.paused).toBe(false);
  await connection.stop();
});

describe("keep-alive message", () => {
  test("is sent only while nothing else is sent", async () => {
    const { connection, clock, network } = continuous({
      keepAliveMessage: { intervalMs: 4000, message: () => "alive" },
    });
    await connection.start();
    await clock.advance(3000);
    expect(connection.trySend("audio")).toBe(true);
    await clock.advance(3999);
    expect(network.last.sent).toEqual(["audio"]);
    await clock.advance(1);
    expect(network.last.sent).toEqual(["audio", "alive"]);
    await clock.advance(8000);
    expect(network.last.sent).toEqual(["audio", "alive", "alive", "alive"]);
    await connection.stop();
    expect(clock.pending).toBe(0);
  });

  test("goes to the new connection after a loss, once per interval", async () => {
    const { connection, clock, network } = continuous({
      keepAliveMessage: { intervalMs: 4000, message: () => "alive" },
    });
    await connection.start();
    await clock.advance(6000);
    network.last.drop();
    await clock.advance(4000);
    expect(network.sockets.map(({ sent }) => sent)).toEqual([["alive"], ["alive"]]);
    await connection.stop();
  });
});

const sendWhenReady = async (connection: ContinuousConnection, message: string): Promise<void> => {
  while (!connection.trySend(message)) await connection.ready();
};

describe("ready", () => {
  test("waits for the replacement of a lost connection, and keeps the order", async () => {
    const { connection, clock, network } = continuous({
      onConnect: (server, index) => (index === 1 ? server.refuse(503) : server.accept()),
      handlers: { onOpen: (opened) => opened.send("configuration") },
    });
    await connection.start();
    network.last.drop();
    await settle();
    const sent = ["a", "b", "c"].map((message) => sendWhenReady(connection, message));
    expect(await stateOf(sent[0] as Promise<void>)).toBe("pending");
    expect(connection.trySend("not now")).toBe(false);
    await clock.advance(200);
    await Promise.all(sent);
    expect(network.last.sent).toEqual(["configuration", "a", "b", "c"]);
    await connection.stop();
  });

  test("waits for the first connection", async () => {
    const { connection, network } = continuous({ onConnect: () => undefined });
    const started = connection.start();
    const sent = sendWhenReady(connection, "a");
    await settle();
    network.last.accept();
    await Promise.all([started, sent]);
    expect(network.last.sent).toEqual(["a"]);
    await connection.stop();
  });

  test("stops waiting when its signal fires", async () => {
    const { connection, network } = continuous({ onConnect: () => undefined });
    const started = rejection(connection.start());
    const controller = new AbortController();
    const sent = rejection(connection.ready(controller.signal));
    controller.abort(new Error("not needed"));
    expect(await sent).toMatchObject({ message: "not needed" });
    await connection.stop();
    expect(await started).toMatchObject({ closeCode: 1000 });
    expect(network.openCount).toBe(0);
  });

  test("rejects if the connection was never started, or was stopped", async () => {
    const { connection } = continuous();
    expect(await rejection(connection.ready())).toMatchObject({ reason: "not started" });
    await connection.start();
    await connection.stop();
    expect(await rejection(connection.ready())).toMatchObject({ reason: "stopped on purpose" });
  });
});

describe("stop", () => {
  test("sends a goodbye, receives the answers, closes, and reports nothing afterwards", async () => {
    const { connection, clock, network, told } = continuous();
    await connection.start();
    const stopped = connection.stop(async (open) => {
      open.send("bye");
      await open.closed;
    });
    expect(await network.last.next()).toBe("bye");
    network.last.send("last words");
    network.last.close(1000);
    await stopped;
    expect(told).toEqual(["opened", "message last words"]);
    expect(network.sockets).toHaveLength(1);
    expect(network.openCount).toBe(0);
    expect(clock.pending).toBe(0);
  });

  test("waits no longer than the limit for the answers", async () => {
    const { connection, clock, network, logger, told } = continuous({ stopTimeoutMs: 1500 });
    await connection.start();
    const stopped = connection.stop(() => new Promise(() => undefined));
    await clock.advance(1499);
    expect(await stateOf(stopped)).toBe("pending");
    await clock.advance(1);
    await stopped;
    expect(told).toEqual(["opened"]);
    expect(logger.warnings).toMatchObject([{ details: { limitMs: 1500 } }]);
    expect(network.last.closeReceived?.code).toBe(1000);
    expect(clock.pending).toBe(0);
  });

  test("without a goodbye, ends a stop that still waits for answers", async () => {
    const { connection, network } = continuous();
    await connection.start();
    const stopped = connection.stop(() => new Promise(() => undefined));
    await settle();
    await Promise.all([connection.stop(), stopped]);
    expect(network.openCount).toBe(0);
  });

  test("works while connecting", async () => {
    const { connection, clock, network, told } = continuous({ onConnect: () => undefined });
    const started = rejection(connection.start());
    await connection.stop();
    expect(await started).toMatchObject({ code: "connection_closed", closeCode: 1000 });
    expect(told).toEqual([]);
    expect(network.openCount).toBe(0);
    expect(clock.pending).toBe(0);
  });

  test("works while reconnecting, leaves nothing open, and allows another start", async () => {
    const { connection, clock, network, told } = continuous({
      onConnect: (server, index) => (index === 1 ? server.refuse(503) : server.accept()),
    });
    await connection.start();
    network.last.drop();
    await settle();
    const goodbyes: string[] = [];
    await connection.stop(() => void goodbyes.push("bye"));
    expect(goodbyes).toEqual([]);
    expect(clock.pending).toBe(0);
    expect(network.openCount).toBe(0);
    await connection.start();
    expect(told).toEqual(["opened", "lost 1006", "opened"]);
    await connection.stop();
  });

  test("works while a start waits for it", async () => {
    const { connection, network } = continuous();
    await connection.start();
    const stopped = connection.stop();
    await connection.start();
    await stopped;
    expect(connection.isConnected).toBe(true);
    expect(network.openCount).toBe(1);
    await connection.stop();
  });

  test("does not wait without limit for a running handler", async () => {
    const { connection, clock, network, logger } = continuous({
      handlers: { onMessage: () => new Promise(() => undefined) },
    });
    await connection.start();
    network.last.send("stuck");
    await settle();
    const stopped = connection.stop();
    await clock.advance(3000);
    await stopped;
    expect(logger.warnings).toHaveLength(1);
    expect(network.openCount).toBe(0);
  });

  test("works from within a handler", async () => {
    const { connection, clock, network } = continuous({ handlers: { onMessage: () => connection.stop() } });
    await connection.start();
    network.last.send("stop");
    await clock.advance(3000);
    expect(connection.isConnected).toBe(false);
    expect(network.openCount).toBe(0);
  });
});

describe("restart", () => {
  test("uses the new connection before it closes the old one, and loses no message", async () => {
    let url = "ws://memory.test/one";
    const { connection, network, told } = continuous({ target: () => ({ url }) });
    await connection.start();
    const [old] = network.sockets;
    old?.send("of the old one");
    url = "ws://memory.test/two";
    await connection.restart();
    expect(network.last.target.url).toBe("ws://memory.test/two");
    connection.trySend("x");
    network.last.send("of the new one");
    await settle();
    expect(network.last.sent).toEqual(["x"]);
    expect(told).toEqual(["opened", "message of the old one", "opened again", "message of the new one"]);
    expect(old?.closeReceived?.code).toBe(1000);
    expect(network.openCount).toBe(1);
    await connection.stop();
  });

  test("keeps the old connection if it fails", async () => {
    const { connection, network, told } = continuous({
      onConnect: (server, index) => (index === 0 ? server.accept() : server.refuse(400)),
    });
    await connection.start();
    expect(await rejection(connection.restart())).toMatchObject({ status: 400 });
    expect(connection.isConnected).toBe(true);
    network.sockets[0]?.send("still here");
    await settle();
    expect(told).toEqual(["opened", "message still here"]);
    await connection.stop();
  });

  test("opens only one connection if the old one is lost meanwhile", async () => {
    const { connection, network } = continuous({
      onConnect: (server, index) => (index === 1 ? undefined : server.accept()),
    });
    await connection.start();
    const restarted = connection.restart();
    await settle();
    network.sockets[0]?.drop();
    await settle();
    network.sockets[1]?.accept();
    await restarted;
    expect(connection.isConnected).toBe(true);
    expect(network.openCount).toBe(1);
    await connection.stop();
  });

  test("replaces the new connection if it is lost at once", async () => {
    const { connection, network } = continuous({
      onConnect: (server, index) => (index === 1 ? server.accept().drop() : server.accept()),
    });
    await connection.start();
    await connection.restart();
    expect(connection.isConnected).toBe(true);
    expect(network.sockets).toHaveLength(3);
    expect(network.openCount).toBe(1);
    await connection.stop();
  });

  test("may be called twice at once, and while stopping", async () => {
    const { connection, clock, network, told } = continuous();
    await connection.start();
    await Promise.all([connection.restart(), connection.restart()]);
    expect(network.openCount).toBe(1);
    expect(told).toEqual(["opened", "opened again", "opened again"]);
    const restarted = rejection(connection.restart());
    await connection.stop();
    expect(await restarted).toMatchObject({ code: "connection_closed" });
    expect(network.openCount).toBe(0);
    expect(clock.pending).toBe(0);
  });

  test("has no effect if the connection is not running", async () => {
    const { connection, network } = continuous();
    await connection.restart();
    expect(network.sockets).toEqual([]);
  });
});

test("over real sockets, a cut connection is replaced and messages arrive", async () => {
  await using server = await LoopbackServer.start();
  const reopened = Promise.withResolvers<WebsocketConnection>();
  const logger = new RecordingLogger();
  const websocket = new ReconnectingWebsocket(() => server.target, { logger });
  const messages: string[] = [];
  const connection = new ContinuousConnection(
    websocket,
    {
      onOpen: (opened, again) => {
        if (again) reopened.resolve(opened);
      },
      onMessage: (message) => void messages.push(String(message)),
      onFailed: (error) => reopened.reject(error),
    },
    { logger },
  );
  await connection.start();
  (await server.next()).terminate();
  await reopened.promise;
  const peer = await server.next();
  const echoed = new Promise((resolve) => peer.once("message", (data: Buffer) => resolve(data.toString())));
  await sendWhenReady(connection, "here again");
  expect(await echoed).toBe("here again");
  peer.send("welcome");
  await connection.stop(async () => {
    while (messages.length === 0) await settle();
  });
  expect(messages).toEqual(["welcome"]);
  expect(server.openCount).toBe(0);
  expect(logger.warnings).toEqual([]);
});
