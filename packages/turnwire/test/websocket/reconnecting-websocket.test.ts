import { getEventListeners } from "node:events";
import { describe, expect, test } from "vitest";
import {
  TimeoutError,
  type TurnwireError,
  WebsocketClosedError,
  WebsocketConnectError,
  WebsocketUnstableError,
} from "../../src/errors.ts";
import {
  type WebsocketConnection,
  ReconnectingWebsocket,
  type ReconnectingWebsocketOptions,
  type WebsocketTarget,
} from "../../src/websocket/index.ts";
import {
  MemoryNetwork,
  type OnConnect,
  RecordingLogger,
  rejection,
  settle,
  stateOf,
  VirtualClock,
} from "@turnwire/test-kit";
import { target } from "./helpers.ts";

interface Fixture {
  clock: VirtualClock;
  network: MemoryNetwork;
  logger: RecordingLogger;
  service: ReconnectingWebsocket;
  /** The events, in order. */
  told: string[];
}

interface FixtureOptions extends ReconnectingWebsocketOptions {
  onConnect?: OnConnect;
  target?: (signal: AbortSignal) => WebsocketTarget | Promise<WebsocketTarget>;
}

/** A service over memory sockets, without a heartbeat and with the shortest back-off: 125, 250, 500 ms. */
function fixture(options: FixtureOptions = {}): Fixture {
  const clock = new VirtualClock();
  const network = new MemoryNetwork(options.onConnect);
  const logger = new RecordingLogger();
  const service = new ReconnectingWebsocket(options.target ?? (() => target), {
    heartbeat: false,
    logger,
    ...options,
    environment: { random: () => 0, socketFactory: network.factory, clock, ...options.environment },
  });
  const told: string[] = [];
  service.on("connected", () => void told.push("connected"));
  service.on("disconnected", (error) => void told.push(`disconnected ${error.closeCode}`));
  service.on("reconnected", () => void told.push("reconnected"));
  service.on("connectionError", (error) => void told.push(`connectionError ${error.code}`));
  return { clock, network, logger, service, told };
}

/** Makes a service that has just lost its first connection. */
async function lost(
  options: FixtureOptions = {},
  closeCode = 1006,
): Promise<Fixture & { connection: WebsocketConnection; cause: WebsocketClosedError }> {
  const made = fixture(options);
  const connection = await made.service.connect();
  made.network.last.close(closeCode);
  return { ...made, connection, cause: await connection.closed };
}

/** For `onConnect`: accepts the first connections and treats the others as given. */
const acceptThen =
  (accepted: number, otherwise: OnConnect): OnConnect =>
  (server, index) => {
    if (index < accepted) server.accept();
    else otherwise(server, index);
  };
const refuseWith =
  (status: number): OnConnect =>
  (server) =>
    server.refuse(status);

describe("connect", () => {
  test("opens a connection at once, without a wait before the first try", async () => {
    const { clock, network, service, told } = fixture();
    expect(service.connection).toBeUndefined();
    const connection = await service.connect();
    expect(clock.now()).toBe(0);
    expect(service.connection).toBe(connection);
    expect(network.last.pings).toBe(0);
    expect(told).toEqual(["connected"]);
  });

  test("concurrent callers share one connection, and later calls return the open one", async () => {
    const { network, service, told } = fixture();
    const connections = await Promise.all([service.connect(), service.connect(), service.connect()]);
    expect(new Set(connections).size).toBe(1);
    expect(await service.connect()).toBe(connections[0]);
    expect(network.sockets).toHaveLength(1);
    expect(told).toEqual(["connected"]);
  });

  test("gets the target anew for each connection", async () => {
    let asked = 0;
    const { network, service } = fixture({
      target: async (signal) => {
        expect(signal.aborted).toBe(false);
        await settle();
        asked += 1;
        return { url: target.url, headers: { authorization: `Bearer ${asked}` } };
      },
    });
    for (let count = 1; count <= 3; count += 1) {
      const connection = await service.connect();
      expect(network.last.target.headers).toEqual({ authorization: `Bearer ${count}` });
      network.last.drop();
      await connection.closed;
    }
    expect(asked).toBe(3);
  });

  test("an error while getting the target reaches the caller unchanged and is not retried", async () => {
    const error = new Error("no token");
    const { network, service, clock } = fixture({ target: () => Promise.reject(error) });
    expect(await rejection(service.connect())).toBe(error);
    expect(network.sockets).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  test("does not wait longer for the target than connecting may take", async () => {
    const options = { timeouts: { connectMs: 3000 }, backoff: { maxAttempts: 1 } };
    const { service, clock, network, told } = fixture({ ...options, target: () => new Promise(() => undefined) });
    const failed = rejection(service.connect());
    await clock.advance(3000);
    expect(await failed).toBeInstanceOf(TimeoutError);
    expect(told).toEqual(["connectionError timeout"]);
    expect([network.sockets.length, clock.pending]).toEqual([0, 0]);
  });

  test("with a fired signal it opens no socket, and does not return an open connection either", async () => {
    const { network, service } = fixture();
    const reason = new Error("enough");
    expect(await rejection(service.connect(AbortSignal.abort(reason)))).toBe(reason);
    expect(network.sockets).toEqual([]);
    await service.connect();
    expect(await rejection(service.connect(AbortSignal.abort(reason)))).toBe(reason);
  });

  test("an abort ends only the wait of its own caller", async () => {
    const { network, service, told } = fixture({ onConnect: () => undefined });
    const controller = new AbortController();
    const impatient = rejection(service.connect(controller.signal));
    const patient = service.connect();
    await settle();
    const reason = new Error("enough");
    controller.abort(reason);
    expect(await impatient).toBe(reason);
    network.last.accept();
    expect((await patient).isOpen).toBe(true);
    expect(network.sockets).toHaveLength(1);
    expect(told).toEqual(["connected"]);
    expect(getEventListeners(controller.signal, "abort")).toEqual([]);
  });

  test("if the only caller aborts, the connection is there for the next caller", async () => {
    const { network, service } = fixture({ onConnect: () => undefined });
    const controller = new AbortController();
    const impatient = rejection(service.connect(controller.signal));
    await settle();
    controller.abort(new Error("enough"));
    await impatient;
    network.last.accept();
    await settle();
    expect(await service.connect()).toBe(service.connection);
    expect(network.sockets).toHaveLength(1);
  });

  test("a failure after all callers have aborted causes no unhandled rejection", async () => {
    const { service, network, told } = fixture({ onConnect: () => undefined, backoff: { maxAttempts: 1 } });
    const controller = new AbortController();
    const impatient = rejection(service.connect(controller.signal));
    await settle();
    controller.abort(new Error("enough"));
    await impatient;
    network.last.fail();
    await settle();
    expect(told).toEqual(["connectionError connection_failed"]);
  });
});

describe("trying again", () => {
  test("waits twice as long each time, then gives up with a connectionError", async () => {
    const { clock, network, service, told, logger } = fixture({ onConnect: refuseWith(503) });
    const waits: number[][] = [];
    const failed = rejection(service.connect());
    for (let attempt = 1; attempt < 4; attempt += 1) {
      await settle();
      expect(network.sockets).toHaveLength(attempt);
      waits.push(clock.pendingMs);
      const [waitMs = 0] = clock.pendingMs;
      await clock.advance(waitMs - 1);
      expect(network.sockets).toHaveLength(attempt);
      await clock.advance(1);
    }
    expect(await failed).toMatchObject({ code: "connection_refused", status: 503 });
    expect(waits).toEqual([[125], [250], [500]]);
    expect(network.sockets).toHaveLength(4);
    expect(told).toEqual(["connectionError connection_refused"]);
    expect(logger.debugs).toHaveLength(3);
    expect(clock.pending).toBe(0);
  });

  test("takes its random numbers from the option", async () => {
    const random = [0.5, 0.25, 0.75].values();
    const { clock, service } = fixture({
      onConnect: (server) => server.fail(),
      environment: { random: () => random.next().value ?? 0 },
    });
    const failed = rejection(service.connect());
    const waits: number[] = [];
    for (let attempt = 1; attempt < 4; attempt += 1) {
      await settle();
      const [waitMs = 0] = clock.pendingMs;
      waits.push(waitMs);
      await clock.advance(waitMs);
    }
    await failed;
    expect(waits).toEqual([125 + 62.5, 250 + 62.5, 500 + 375]);
  });

  test("a refusal that may be temporary is tried again", async () => {
    const { clock, network, service, told } = fixture({
      onConnect: (server, index) => (index < 2 ? server.refuse(503) : void server.accept()),
    });
    const connecting = service.connect();
    await clock.advance(125 + 250);
    expect((await connecting).isOpen).toBe(true);
    expect(network.sockets).toHaveLength(3);
    expect(told).toEqual(["connected"]);
  });

  test("a final refusal is not tried again", async () => {
    const { clock, network, service, told } = fixture({ onConnect: refuseWith(401) });
    const error = await rejection(service.connect());
    expect(error).toBeInstanceOf(WebsocketConnectError);
    expect(error).toMatchObject({ status: 401 });
    expect(network.sockets).toHaveLength(1);
    expect(clock.pending).toBe(0);
    expect(told).toEqual(["connectionError connection_refused"]);
  });

  test("a server that does not answer is tried again after the time limit", async () => {
    const { clock, network, service } = fixture({
      timeouts: { connectMs: 3000 },
      onConnect: (server, index) => void (index === 0 ? undefined : server.accept()),
    });
    const connecting = service.connect();
    await clock.advance(3000 + 125);
    expect((await connecting).isOpen).toBe(true);
    expect(network.sockets.map((socket) => socket.state)).toEqual(["closed", "open"]);
  });

  test("after a failure the connection is verified with a ping", async () => {
    const { clock, network, service, told } = fixture({
      onConnect: (server, index) => {
        if (index === 0) server.fail();
        else if (index === 1) server.goSilent().accept();
        else server.accept();
      },
    });
    const connecting = service.connect();
    await clock.advance(125);
    expect(network.sockets.map((socket) => socket.pings)).toEqual([0, 1]);
    await clock.advance(1999);
    expect(await stateOf(connecting)).toBe("pending");
    expect(service.connection).toBeUndefined();
    await clock.advance(1 + 250);
    expect((await connecting).isOpen).toBe(true);
    expect(network.sockets.map((socket) => [socket.state, socket.pings])).toEqual([
      ["closed", 0],
      ["closed", 1],
      ["open", 1],
    ]);
    expect(told).toEqual(["connected"]);
    expect(clock.pending).toBe(0);
  });

  test("a policy close right after the upgrade is final once it has been received", async () => {
    const { clock, network, service, told } = fixture({
      onConnect: (server, index) => {
        if (index === 0) server.refuse(503);
        else server.goSilent().accept().close(1008, "no");
      },
    });
    const failed = rejection(service.connect());
    await clock.advance(125);
    expect(await failed).toMatchObject({ closeCode: 1008, retryable: false });
    expect(network.sockets).toHaveLength(2);
    expect(told).toEqual(["connectionError connection_closed"]);
    expect(clock.pending).toBe(0);
  });
});

describe("reconnect", () => {
  test("replaces a lost connection and emits the events in order", async () => {
    const { service, connection, cause, told, clock } = await lost();
    const replacement = await service.reconnect(connection, cause);
    expect(replacement).not.toBe(connection);
    expect(service.connection).toBe(replacement);
    expect(clock.now()).toBe(0);
    expect(told).toEqual(["connected", "disconnected 1006", "connected", "reconnected"]);
  });

  test("replaces a connection once: all callers that lost it get the same new one", async () => {
    const { service, connection, cause, network, told } = await lost();
    const together = await Promise.all([1, 2, 3].map(() => service.reconnect(connection, cause)));
    const later = await service.reconnect(connection, cause);
    const connected = await service.connect();
    expect(new Set([...together, later, connected]).size).toBe(1);
    expect(network.sockets).toHaveLength(2);
    expect(told).toEqual(["connected", "disconnected 1006", "connected", "reconnected"]);
  });

  test("replaces a connection that is open but no longer usable", async () => {
    const { service, network, told } = fixture();
    const connection = await service.connect();
    const cause = new WebsocketClosedError(1006, "dirty", { retryable: true });
    const replacement = await service.reconnect(connection, cause);
    expect(network.sockets[0]?.terminated).toBe(true);
    expect(await connection.closed).toMatchObject({ reason: "replaced" });
    expect(service.connection).toBe(replacement);
    expect(told).toEqual(["connected", "disconnected 1006", "connected", "reconnected"]);
  });

  test("backs off, and throws the error that ended the connection if reconnecting fails", async () => {
    const { service, connection, cause, network, told, clock } = await lost({
      onConnect: acceptThen(1, refuseWith(503)),
    });
    const failed = rejection(service.reconnect(connection, cause));
    await clock.advance(125 + 250 + 500);
    expect(await failed).toBe(cause);
    expect(network.sockets).toHaveLength(5);
    expect(told).toEqual(["connected", "disconnected 1006", "connectionError connection_refused"]);
    expect(clock.pending).toBe(0);
  });

  test("does not try after a final close", async () => {
    const { service, connection, cause, network, told, clock } = await lost({}, 1008);
    expect(await rejection(service.reconnect(connection, cause))).toBe(cause);
    expect(network.sockets).toHaveLength(1);
    expect(told).toEqual(["connected", "disconnected 1008", "connectionError connection_closed"]);
    expect(clock.pending).toBe(0);
  });

  test("tries after any other close", async () => {
    const { service, connection, cause } = await lost({}, 4000);
    expect((await service.reconnect(connection, cause)).isOpen).toBe(true);
  });

  test("stops at a final refusal", async () => {
    const { service, connection, cause, network, told } = await lost({ onConnect: acceptThen(1, refuseWith(401)) });
    expect(await rejection(service.reconnect(connection, cause))).toBe(cause);
    expect(network.sockets).toHaveLength(2);
    expect(told.at(-1)).toBe("connectionError connection_refused");
  });

  test("an abort ends only the wait of its own caller", async () => {
    const { service, connection, cause, network } = await lost({ onConnect: acceptThen(1, () => undefined) });
    const controller = new AbortController();
    const reason = new Error("enough");
    const impatient = rejection(service.reconnect(connection, cause, controller.signal));
    const patient = service.reconnect(connection, cause);
    await settle();
    controller.abort(reason);
    expect(await impatient).toBe(reason);
    network.last.accept();
    expect((await patient).isOpen).toBe(true);
    expect(await rejection(service.reconnect(connection, cause, controller.signal))).toBe(reason);
    expect(network.sockets).toHaveLength(2);
  });

  test("connect after a loss replaces the connection as well", async () => {
    const { service, told } = await lost();
    await service.connect();
    expect(told).toEqual(["connected", "disconnected 1006", "connected", "reconnected"]);
  });

  test("after a deliberate disconnect, the next connection does not count as a replacement", async () => {
    const { service, told } = await lost();
    await service.disconnect();
    await service.connect();
    expect(told).toEqual(["connected", "disconnected 1006", "connected"]);
  });

  test("does not reconnect by itself: a lost connection stays lost until a caller needs one", async () => {
    const { network, service, clock, told } = await lost();
    await clock.advance(1_000_000);
    expect(network.sockets).toHaveLength(1);
    expect(service.connection).toBeUndefined();
    expect(told).toEqual(["connected", "disconnected 1006"]);
    expect((await service.connect()).isOpen).toBe(true);
  });
});

describe("connections that die young", () => {
  /** Ends the connection when it has lived for `livedMs`, and asks for another. */
  async function die(made: Fixture, livedMs: number): Promise<unknown> {
    const connection = made.service.connection as WebsocketConnection;
    await made.clock.advance(livedMs);
    made.network.last.drop();
    const cause = await connection.closed;
    const outcome = await made.service.reconnect(connection, cause).catch((error: unknown) => error);
    return outcome === cause ? "given up" : "replaced";
  }

  test("gives up after three in a row; an explicit connect starts again", async () => {
    const made = fixture();
    const errors: TurnwireError[] = [];
    made.service.on("connectionError", (error) => void errors.push(error));
    await made.service.connect();
    expect([await die(made, 4999), await die(made, 0), await die(made, 0)]).toEqual([
      "replaced",
      "replaced",
      "given up",
    ]);
    expect(made.network.sockets).toHaveLength(3);
    expect(errors).toHaveLength(1);
    expect(errors[0]).toBeInstanceOf(WebsocketUnstableError);
    expect(errors[0]).toMatchObject({ code: "connection_unstable", retryable: false });
    expect(errors[0]?.message).toContain("3 connections in a row ended within 5000 ms");

    await made.service.connect();
    expect([await die(made, 0), await die(made, 0), await die(made, 0)]).toEqual(["replaced", "replaced", "given up"]);
    expect(made.clock.pending).toBe(0);
  });

  test("refuses at once to replace the last one a second time", async () => {
    const made = fixture();
    const first = await made.service.connect();
    await die(made, 0);
    await die(made, 0);
    await die(made, 0);
    const cause = await first.closed;
    expect(await rejection(made.service.reconnect(first, cause))).toBe(cause);
    expect(made.network.sockets).toHaveLength(3);
  });

  test("a connection that lived for five seconds resets the count", async () => {
    const made = fixture();
    await made.service.connect();
    for (const livedMs of [0, 0, 5000, 0, 0]) expect(await die(made, livedMs)).toBe("replaced");
    expect(await die(made, 0)).toBe("given up");
  });

  test("a connection that was marked healthy resets the count, however short its life", async () => {
    const made = fixture();
    await made.service.connect();
    for (let count = 0; count < 10; count += 1) {
      made.service.markHealthy();
      expect(await die(made, 0)).toBe("replaced");
    }
    expect([await die(made, 0), await die(made, 0)]).toEqual(["replaced", "given up"]);
  });

  test.each([
    [1, 0],
    [2, 60_000],
  ])("a deliberate disconnect resets the count as well (after %i, at the age of %i ms)", async (died, livedMs) => {
    const made = fixture();
    await made.service.connect();
    for (let count = 0; count < died; count += 1) expect(await die(made, 0)).toBe("replaced");
    await made.clock.advance(livedMs);
    await made.service.disconnect();
    await made.service.connect();
    expect([await die(made, 0), await die(made, 0)]).toEqual(["replaced", "replaced"]);
    expect(await die(made, 0)).toBe("given up");
  });

  test("connections that die during verification count", async () => {
    const { service, clock, network, told } = fixture({
      backoff: { maxAttempts: 9 },
      onConnect: (server, index) => {
        if (index === 0) server.refuse(503);
        else server.goSilent().accept().drop();
      },
    });
    const failed = rejection(service.connect());
    await clock.advance(60_000);
    expect(await failed).toBeInstanceOf(WebsocketUnstableError);
    expect(network.sockets).toHaveLength(4);
    expect(told).toEqual(["connectionError connection_unstable"]);
  });

  test("the number and the age can be set", async () => {
    const made = fixture({ giveUpAfter: { failures: 1, withinMs: 100 } });
    await made.service.connect();
    expect([await die(made, 100), await die(made, 99)]).toEqual(["replaced", "given up"]);
  });
});

describe("disconnect", () => {
  test("closes with a handshake, emits the event, and leaves nothing open", async () => {
    const { service, network, told, clock } = fixture({ heartbeat: { intervalMs: 20_000, timeoutMs: 10_000 } });
    const connection = await service.connect();
    expect(clock.pending).toBe(1);
    await service.disconnect();
    expect(service.connection).toBeUndefined();
    expect(network.last.closeReceived).toEqual({ code: 1000, reason: "" });
    expect(await connection.closed).toMatchObject({ closeCode: 1000 });
    expect(told).toEqual(["connected", "disconnected 1000"]);
    expect([clock.pending, network.openCount]).toEqual([0, 0]);
  });

  test("has no effect without a connection or the second time", async () => {
    const { service, told } = fixture();
    await service.disconnect();
    await service.connect();
    await Promise.all([service.disconnect(), service.disconnect()]);
    await service.disconnect();
    expect(told).toEqual(["connected", "disconnected 1000"]);
  });

  test("connect works again afterwards", async () => {
    const { service, network, told } = fixture();
    for (let count = 0; count < 3; count += 1) {
      expect((await service.connect()).isOpen).toBe(true);
      await service.disconnect();
    }
    expect(network.openCount).toBe(0);
    expect(told).toEqual(Array.from({ length: 3 }, () => ["connected", "disconnected 1000"]).flat());
  });

  test("a connect during a disconnect waits for its end, and opens a new connection", async () => {
    const { service, network, told } = fixture();
    const old = await service.connect();
    const disconnecting = service.disconnect();
    const connection = await service.connect();
    await disconnecting;
    expect(connection).not.toBe(old);
    expect(connection.isOpen).toBe(true);
    expect(service.connection).toBe(connection);
    expect(network.sockets.map((socket) => socket.state)).toEqual(["closed", "open"]);
    expect(told).toEqual(["connected", "disconnected 1000", "connected"]);
  });

  test("so does a connect while a disconnect ends an earlier attempt", async () => {
    const { service, network, told } = fixture({
      onConnect: (server, index) => void (index === 0 ? undefined : server.accept()),
    });
    const ended = rejection(service.connect());
    await settle();
    const disconnecting = service.disconnect();
    const connection = await service.connect();
    await disconnecting;
    expect(await ended).toMatchObject({ closeCode: 1000, reason: "disconnected on purpose" });
    expect(connection.isOpen).toBe(true);
    expect(network.sockets.map((socket) => socket.state)).toEqual(["closed", "open"]);
    expect(told).toEqual(["connected"]);
  });

  test("the last call decides: a disconnect ends a connect that waits for an earlier disconnect", async () => {
    const { service, network, clock, told } = fixture();
    await service.connect();
    network.last.goSilent();
    const first = service.disconnect();
    const waiting = rejection(service.connect());
    const second = service.disconnect();
    await clock.advance(2000);
    await Promise.all([first, second]);
    expect(await waiting).toMatchObject({ closeCode: 1000, reason: "disconnected on purpose" });
    expect([clock.pending, network.sockets.length]).toEqual([0, 1]);
    expect(told).toEqual(["connected", "disconnected 1006"]);
  });

  test("a connect that waits for the end of a disconnect can be aborted", async () => {
    const { service, network, clock } = fixture();
    await service.connect();
    network.last.goSilent();
    const disconnecting = service.disconnect();
    const controller = new AbortController();
    const waiting = rejection(service.connect(controller.signal));
    await settle();
    const reason = new Error("enough");
    controller.abort(reason);
    expect(await waiting).toBe(reason);
    await clock.advance(2000);
    await disconnecting;
    expect(network.sockets).toHaveLength(1);
  });

  test("ends the connecting: its callers get the error, and no connectionError is emitted", async () => {
    const { service, network, told, clock } = fixture({ onConnect: () => undefined });
    const first = rejection(service.connect());
    const second = rejection(service.connect());
    await settle();
    await service.disconnect();
    for (const failed of [first, second]) {
      const error = await failed;
      expect(error).toBeInstanceOf(WebsocketClosedError);
      expect(error).toMatchObject({ closeCode: 1000, reason: "disconnected on purpose" });
    }
    expect(network.last.terminated).toBe(true);
    await settle();
    expect([clock.pending, network.openCount]).toEqual([0, 0]);
    expect(told).toEqual([]);
  });

  test("leaves nothing open and emits no event twice, at whatever moment of connecting it comes", async () => {
    for (let jobs = 0; jobs < 20; jobs += 1) {
      const { service, network, told, clock } = fixture();
      const connecting = service.connect().catch(() => undefined);
      for (let job = 0; job < jobs; job += 1) await Promise.resolve();
      await service.disconnect();
      expect(service.connection).toBeUndefined();
      await connecting;
      await settle();
      expect([clock.pending, network.openCount]).toEqual([0, 0]);
      expect(["", "connected disconnected 1000"]).toContain(told.join(" "));
    }
  });

  test("ends a wait before the next try", async () => {
    const { service, network, told, clock } = fixture({ onConnect: refuseWith(503) });
    const failed = rejection(service.connect());
    await clock.advance(125 + 100);
    expect(clock.pending).toBe(1);
    await service.disconnect();
    expect(await failed).toMatchObject({ closeCode: 1000 });
    expect(clock.pending).toBe(0);
    await clock.advance(10_000);
    expect(network.sockets).toHaveLength(2);
    expect(told).toEqual([]);
  });

  test("ends the verification of a connection", async () => {
    const { service, network, told, clock } = fixture({
      onConnect: (server, index) => (index === 0 ? server.fail() : void server.goSilent().accept()),
    });
    const failed = rejection(service.connect());
    await clock.advance(125);
    expect(network.last.pings).toBe(1);
    await service.disconnect();
    expect(await failed).toMatchObject({ closeCode: 1000, reason: "disconnected on purpose" });
    await settle();
    expect([clock.pending, network.openCount]).toEqual([0, 0]);
    expect(told).toEqual([]);
  });

  test("ends the wait for the target: the target's signal fires, and disconnect does not wait for it", async () => {
    const asked = Promise.withResolvers<AbortSignal>();
    const { service, network, clock } = fixture({
      target: (signal) => {
        asked.resolve(signal);
        return new Promise(() => undefined);
      },
    });
    const failed = rejection(service.connect());
    const signal = await asked.promise;
    await service.disconnect();
    expect(signal.aborted).toBe(true);
    expect(await failed).toMatchObject({ closeCode: 1000 });
    expect([clock.pending, network.sockets.length]).toEqual([0, 0]);
  });

  test("reconnect does not open a connection during a disconnect", async () => {
    const { service, network, clock, told } = fixture();
    const connection = await service.connect();
    network.last.goSilent();
    const disconnecting = service.disconnect();
    const cause = new WebsocketClosedError(1006, "", { retryable: true });
    expect(await rejection(service.reconnect(connection, cause))).toBe(cause);
    await clock.advance(2000);
    await disconnecting;
    expect(network.sockets).toHaveLength(1);
    expect(told).toEqual(["connected", "disconnected 1006"]);
  });

  test("nor does it after the disconnect, for a caller that learns only then that its connection is gone", async () => {
    const { service, network } = fixture();
    const connection = await service.connect();
    await service.disconnect();
    const cause = (await rejection(connection.receive())) as WebsocketClosedError;
    expect(await rejection(service.reconnect(connection, cause))).toBe(cause);
    expect(network.sockets).toHaveLength(1);
    const next = await service.connect();
    expect(await service.reconnect(connection, cause)).toBe(next);
  });

  test("nor does it for a connection that was lost before the disconnect", async () => {
    const { service, network, connection, cause } = await lost();
    await service.disconnect();
    expect(await rejection(service.reconnect(connection, cause))).toBe(cause);
    expect(network.sockets).toHaveLength(1);
  });

  test("ends a reconnect, whose callers get the error that ended the connection", async () => {
    const { service, network, connection, cause, told, clock } = await lost({
      onConnect: acceptThen(1, refuseWith(503)),
    });
    const failed = rejection(service.reconnect(connection, cause));
    await clock.advance(100);
    await service.disconnect();
    expect(await failed).toBe(cause);
    expect([clock.pending, network.sockets.length]).toEqual([0, 2]);
    expect(told).toEqual(["connected", "disconnected 1006"]);
  });

  test("takes limited time if the other side does not acknowledge the close", async () => {
    const { service, network, clock, logger } = fixture({ timeouts: { closeMs: 700 } });
    await service.connect();
    network.last.goSilent();
    const disconnecting = service.disconnect();
    await clock.advance(699);
    expect(await stateOf(disconnecting)).toBe("pending");
    await clock.advance(1);
    await disconnecting;
    expect(logger.warnings).toEqual([{ message: "a close was not acknowledged in time", details: { limitMs: 700 } }]);
    await settle();
    expect([clock.pending, network.openCount]).toEqual([0, 0]);
  });
});

describe("the rest", () => {
  test("verify pings the open connection", async () => {
    const { service, network, clock } = fixture();
    expect(await service.verify()).toBe(false);
    await service.connect();
    expect(await service.verify()).toBe(true);
    network.last.goSilent();
    const verifying = service.verify();
    await clock.advance(2000);
    expect(await verifying).toBe(false);
    const short = service.verify(10);
    await clock.advance(10);
    expect(await short).toBe(false);
  });

  test("by default, the heartbeat pings a silent connection after 20 s and gives it up 10 s later", async () => {
    const clock = new VirtualClock();
    const network = new MemoryNetwork();
    const service = new ReconnectingWebsocket(() => target, { environment: { clock, socketFactory: network.factory } });
    const connection = await service.connect();
    network.last.goSilent();
    await clock.advance(29_999);
    expect([network.last.pings, connection.isOpen]).toEqual([1, true]);
    await clock.advance(1);
    expect(connection.isOpen).toBe(false);
  });

  test("logs a listener that fails, and continues", async () => {
    const { service, logger, told } = fixture();
    service.on("connected", () => {
      throw new Error("listener");
    });
    service.on("disconnected", () => Promise.reject(new Error("async listener")));
    await service.connect();
    await service.disconnect();
    await settle();
    expect(told).toEqual(["connected", "disconnected 1000"]);
    expect(logger.warned).toEqual(['a listener of "connected" failed', 'a listener of "disconnected" failed']);
  });

  test("a thousand connections that are lost, replaced and closed leave no timer, socket or listener", async () => {
    const { service, network, clock } = fixture({ heartbeat: { intervalMs: 20_000, timeoutMs: 10_000 } });
    const { signal } = new AbortController();
    for (let count = 0; count < 500; count += 1) {
      const connection = await service.connect(signal);
      await clock.advance(5000);
      network.last.drop();
      const cause = (await rejection(connection.receive(signal))) as WebsocketClosedError;
      await service.reconnect(connection, cause, signal);
      await service.disconnect();
    }
    await settle();
    expect(network.sockets).toHaveLength(1000);
    expect([clock.pending, network.openCount, getEventListeners(signal, "abort").length]).toEqual([0, 0, 0]);
  });
});
