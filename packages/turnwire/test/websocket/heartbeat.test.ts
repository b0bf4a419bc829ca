import { describe, expect, test } from "vitest";
import { Heartbeat, WebsocketConnection } from "../../src/websocket/index.ts";
import { stateOf, VirtualClock } from "@turnwire/test-kit";
import { inMemory, openInMemory, target } from "./helpers.ts";

const heartbeat = { intervalMs: 20_000, timeoutMs: 10_000 };

describe("Heartbeat", () => {
  const start = (): { clock: VirtualClock; seen: string[]; beat: Heartbeat } => {
    const clock = new VirtualClock();
    const seen: string[] = [];
    const note = (what: string) => (): void => void seen.push(`${what} at ${clock.now()}`);
    return { clock, seen, beat: new Heartbeat(heartbeat, clock, note("ping"), note("dead")) };
  };

  test("pings a silent connection, and then declares it dead", async () => {
    const { clock, seen } = start();
    await clock.advance(100_000);
    expect(seen).toEqual(["ping at 20000", "dead at 30000"]);
    expect(clock.pending).toBe(0);
  });

  test("a touch postpones the ping; a touch after the ping answers it", async () => {
    const { clock, seen, beat } = start();
    await clock.advance(19_000);
    beat.touch();
    await clock.advance(19_999);
    expect(seen).toEqual([]);
    await clock.advance(1);
    expect(seen).toEqual(["ping at 39000"]);
    await clock.advance(9999);
    beat.touch();
    await clock.advance(20_000);
    expect(seen).toEqual(["ping at 39000", "ping at 68999"]);
    expect(clock.pending).toBe(1);
  });

  test("many touches use one timer", async () => {
    const { clock, beat } = start();
    for (let sign = 0; sign < 1000; sign += 1) beat.touch();
    expect(clock.pending).toBe(1);
  });

  test("stays stopped, even if the answer to its ping comes later", async () => {
    const { clock, seen, beat } = start();
    await clock.advance(20_000);
    beat.stop();
    expect(clock.pending).toBe(0);
    beat.touch();
    expect(clock.pending).toBe(0);
    await clock.advance(100_000);
    expect(seen).toEqual(["ping at 20000"]);
  });
});

describe("a connection's heartbeat", () => {
  test("ends a half-open connection after interval and time-out, not earlier", async () => {
    const { clock, connection, server } = await openInMemory({ heartbeat });
    server.goSilent();
    await clock.advance(29_999);
    expect(server.pings).toBe(1);
    expect(connection.isOpen).toBe(true);
    expect(await stateOf(connection.closed)).toBe("pending");
    await clock.advance(1);
    expect(await connection.closed).toMatchObject({
      closeCode: 1006,
      reason: "no sign of the other side for 30000 ms",
      retryable: true,
    });
    expect(server.terminated).toBe(true);
    expect(clock.pending).toBe(0);
  });

  test("a pong is a sign of life", async () => {
    const { clock, connection, server } = await openInMemory({ heartbeat });
    await clock.advance(10 * 20_000);
    expect(server.pings).toBe(10);
    expect(connection.isOpen).toBe(true);
  });

  test("a message is a sign of life, before and after a ping", async () => {
    const { clock, connection, server } = await openInMemory({ heartbeat });
    server.goSilent();
    await clock.advance(15_000);
    server.send("here");
    await clock.advance(19_999);
    expect(server.pings).toBe(0);
    await clock.advance(1);
    expect(server.pings).toBe(1);
    await clock.advance(9999);
    server.send("here again");
    await clock.advance(29_999);
    expect(connection.isOpen).toBe(true);
    await clock.advance(1);
    expect(connection.isOpen).toBe(false);
  });

  test("a paused connection is not declared dead, and is pinged again when it resumes", async () => {
    const { clock, connection, server } = await openInMemory({ heartbeat, queueCapacity: 2 });
    server.goSilent();
    server.send("one", "two", "three");
    await clock.advance(1_000_000);
    expect(server.paused).toBe(true);
    expect([server.pings, connection.isOpen, clock.pending]).toEqual([0, true, 0]);
    expect([await connection.receive(), await connection.receive(), await connection.receive()]).toEqual([
      "one",
      "two",
      "three",
    ]);
    await clock.advance(29_999);
    expect([server.pings, connection.isOpen]).toEqual([1, true]);
    await clock.advance(1);
    expect(connection.isOpen).toBe(false);
  });

  test("resuming after the connection has ended starts no timer", async () => {
    const { clock, connection, server } = await openInMemory({ heartbeat, queueCapacity: 2 });
    server.send("one", "two");
    await clock.advance(0);
    expect(server.paused).toBe(true);
    connection.terminate("enough");
    expect([await connection.receive(), await connection.receive()]).toEqual(["one", "two"]);
    expect(clock.pending).toBe(0);
    expect(server.calls).toEqual(["pause", "terminate"]);
  });

  test("does not run while the connection closes", async () => {
    const { clock, connection, server } = await openInMemory({ heartbeat });
    await clock.advance(19_000);
    server.goSilent();
    void connection.close();
    await clock.advance(1000);
    expect(server.pings).toBe(0);
    expect(clock.pendingMs).toEqual([1000]);
    server.close();
    await connection.closed;
    expect(clock.pending).toBe(0);
  });

  test("can be switched off", async () => {
    const { clock, connection, server } = await openInMemory({ heartbeat: false });
    server.goSilent();
    await clock.advance(10_000_000);
    expect([server.pings, connection.isOpen]).toEqual([0, true]);
  });

  test("does not keep the process alive", async () => {
    const { settings, clock } = inMemory({ heartbeat });
    const kept: unknown[] = [];
    const watched = {
      now: () => clock.now(),
      schedule(callback: () => void, delayMs: number, options?: { keepAlive?: boolean }) {
        kept.push([delayMs, options?.keepAlive ?? true]);
        return clock.schedule(callback, delayMs);
      },
    };
    await WebsocketConnection.open(target, { ...settings, clock: watched });
    expect(kept).toEqual([
      [5000, true],
      [20_000, false],
    ]);
  });
});
