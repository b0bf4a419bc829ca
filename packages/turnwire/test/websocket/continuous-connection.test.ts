import { describe, expect, test } from "vitest";
import { InvalidArgumentError } from "../../src/errors.ts";
import { ContinuousConnection } from "../../src/websocket/index.ts";
import { type WebsocketConnection, ReconnectingWebsocket } from "../../src/websocket/index.ts";
import { RecordingLogger, rejection, settle, stateOf } from "@turnwire/test-kit";
import { LoopbackServer } from "./helpers.ts";
import { continuous } from "./continuous-support.ts";

describe("start", () => {
  test("connects, configures, receives in the background", async () => {
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

  test("asked for twice makes one connection", async () => {
    const { connection, network } = continuous();
    await Promise.all([connection.start(), connection.start()]);
    await connection.start();
    expect(network.sockets).toHaveLength(1);
    await connection.stop();
  });

  test("that cannot connect rejects, and says so once", async () => {
    const { connection, clock, told } = continuous({ onConnect: (server) => server.refuse(401) });
    expect(await rejection(connection.start())).toMatchObject({ code: "connection_refused", status: 401 });
    expect(told).toEqual(["given up: connection_refused"]);
    expect(clock.pending).toBe(0);
    expect(await rejection(connection.sendWithRetry("x"))).toMatchObject({ code: "connection_refused" });
    expect(connection.trySend("x")).toBe(false);
  });

  test("after having given up tries again", async () => {
    const { connection, told } = continuous({
      onConnect: (server, index) => (index === 0 ? server.refuse(403) : server.accept()),
    });
    await rejection(connection.start());
    await connection.start();
    expect(connection.isConnected).toBe(true);
    expect(told).toEqual(["given up: connection_refused", "opened"]);
    await connection.stop();
  });

  test("from within the handler that is told of the giving up", async () => {
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

  test("gives up when the connection cannot be configured", async () => {
    const error = new InvalidArgumentError("model", "must be a string, not null");
    const { connection, network, told } = continuous({ handlers: { onOpen: () => Promise.reject(error) } });
    expect(await rejection(connection.start())).toBe(error);
    await settle();
    expect(told).toEqual(["given up: invalid_argument"]);
    expect(network.openCount).toBe(0);
  });
});

describe("a lost connection", () => {
  test("is made again by itself; what was received before comes first", async () => {
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

  test("is made again with back-off", async () => {
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

  test("is given up on when it is accepted and closed three times in a row", async () => {
    const { connection, clock, network, told } = continuous({ onConnect: (server) => server.accept().close(1011) });
    await connection.start().catch(() => undefined);
    await clock.advance(60_000);
    expect(network.sockets).toHaveLength(3);
    expect(told.filter((what) => what.startsWith("given up"))).toEqual(["given up: connection_unstable"]);
    expect(clock.pending).toBe(0);
  });

  test("that served its purpose is no sign that the next will die young", async () => {
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

  test("is not made again after a policy close", async () => {
    const { connection, network, told } = continuous();
    await connection.start();
    network.last.close(1008, "DATA-0000");
    await settle();
    expect(told).toEqual(["opened", "lost 1008", "given up: connection_closed 1008"]);
    expect(network.sockets).toHaveLength(1);
    expect(await rejection(connection.sendWithRetry("x"))).toMatchObject({ closeCode: 1008 });
  });

  test("is given up on when the key is not valid any more", async () => {
    const { connection, network, told } = continuous({
      onConnect: (server, index) => (index === 0 ? server.accept() : server.refuse(401)),
    });
    await connection.start();
    network.last.drop();
    await settle();
    expect(told).toEqual(["opened", "lost 1006", "given up: connection_refused"]);
    await connection.stop();
  });

  test("while it is configured is made again, too", async () => {
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

  test("is found by the heartbeat when it is half-open, within the heartbeat's limits", async () => {
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
  test("is reported, and the next message comes", async () => {
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

  test("is told to the one who wants to know", async () => {
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

  test("when the connection is lost does not keep it from being made again", async () => {
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

test("a slow consumer pauses the socket, and loses nothing", async () => {
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
  test("is sent while nothing else is, and only then", async () => {
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

describe("sendWithRetry", () => {
  test("waits for the connection that takes a lost one's place, in order", async () => {
    const { connection, clock, network } = continuous({
      onConnect: (server, index) => (index === 1 ? server.refuse(503) : server.accept()),
      handlers: { onOpen: (opened) => opened.send("configuration") },
    });
    await connection.start();
    network.last.drop();
    await settle();
    const sent = ["a", "b", "c"].map((message) => connection.sendWithRetry(message));
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
    const sent = connection.sendWithRetry("a");
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
    const sent = rejection(connection.sendWithRetry("a", controller.signal));
    controller.abort(new Error("not needed"));
    expect(await sent).toMatchObject({ message: "not needed" });
    await connection.stop();
    expect(await started).toMatchObject({ closeCode: 1000 });
    expect(network.openCount).toBe(0);
  });

  test("says that nothing was started, or that it was stopped", async () => {
    const { connection } = continuous();
    expect(await rejection(connection.sendWithRetry("a"))).toMatchObject({ reason: "not started" });
    await connection.start();
    await connection.stop();
    expect(await rejection(connection.sendWithRetry("a"))).toMatchObject({ reason: "stopped on purpose" });
  });
});

describe("stop", () => {
  test("says goodbye, hears the answers, closes, and is quiet", async () => {
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

  test("waits for the answers no longer than the limit", async () => {
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

  test("at once ends one that still waits for answers", async () => {
    const { connection, network } = continuous();
    await connection.start();
    const stopped = connection.stop(() => new Promise(() => undefined));
    await settle();
    await Promise.all([connection.stop(), stopped]);
    expect(network.openCount).toBe(0);
  });

  test("while connecting", async () => {
    const { connection, clock, network, told } = continuous({ onConnect: () => undefined });
    const started = rejection(connection.start());
    await connection.stop();
    expect(await started).toMatchObject({ code: "connection_closed", closeCode: 1000 });
    expect(told).toEqual([]);
    expect(network.openCount).toBe(0);
    expect(clock.pending).toBe(0);
  });

  test("while reconnecting; nothing is left, and it can be started again", async () => {
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

  test("while a start waits behind it", async () => {
    const { connection, network } = continuous();
    await connection.start();
    const stopped = connection.stop();
    await connection.start();
    await stopped;
    expect(connection.isConnected).toBe(true);
    expect(network.openCount).toBe(1);
    await connection.stop();
  });

  test("does not wait for ever for a handler in work", async () => {
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

  test("from within a handler", async () => {
    const { connection, clock, network } = continuous({ handlers: { onMessage: () => connection.stop() } });
    await connection.start();
    network.last.send("stop");
    await clock.advance(3000);
    expect(connection.isConnected).toBe(false);
    expect(network.openCount).toBe(0);
  });
});

describe("restart", () => {
  test("takes a new connection into use before the old one is closed; no message is lost", async () => {
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

  test("that fails leaves the old connection in use", async () => {
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

  test("when the old connection is lost meanwhile makes one connection", async () => {
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

  test("to a connection that is lost at once is made up for by another", async () => {
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

  test("twice at once, and while stopping", async () => {
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

  test("of what does not run does nothing", async () => {
    const { connection, network } = continuous();
    await connection.restart();
    expect(network.sockets).toEqual([]);
  });
});

test("over real sockets: a cut connection is made again, and what is sent arrives", async () => {
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
  await connection.sendWithRetry("here again");
  expect(await echoed).toBe("here again");
  peer.send("welcome");
  await connection.stop(async () => {
    while (messages.length === 0) await settle();
  });
  expect(messages).toEqual(["welcome"]);
  expect(server.openCount).toBe(0);
  expect(logger.warnings).toEqual([]);
});
