import { describe, expect, test } from "vitest";
import { Alarm, InactivityTimer } from "../../src/async/index.ts";
import { VirtualClock } from "@turnwire/test-kit";

describe("Alarm", () => {
  const start = (): { clock: VirtualClock; rung: number[]; alarm: Alarm } => {
    const clock = new VirtualClock();
    const rung: number[] = [];
    return { clock, rung, alarm: new Alarm(clock, () => void rung.push(clock.now())) };
  };

  test("rings once, at the time set last", async () => {
    const { clock, rung, alarm } = start();
    alarm.set(100);
    alarm.set(300);
    expect([alarm.isSet, clock.pendingMs]).toEqual([true, [300]]);
    await clock.advance(1000);
    expect([alarm.isSet, rung]).toEqual([false, [300]]);
  });

  test("does not ring after clear, and can be set again", async () => {
    const { clock, rung, alarm } = start();
    alarm.set(100);
    alarm.clear();
    expect([alarm.isSet, clock.pending]).toEqual([false, 0]);
    alarm.set(50);
    await clock.advance(1000);
    expect(rung).toEqual([50]);
  });

  test.each([
    ["a later time keeps the earlier one", [100, 300], 100],
    ["an earlier time replaces the later one", [300, 100], 100],
    ["an infinite time changes nothing", [100, Infinity], 100],
    ["a time in the past means now", [100, -50], 1],
  ])("setAtLatest: %s", async (_, times, atMs) => {
    const { clock, rung, alarm } = start();
    for (const ms of times) alarm.setAtLatest(ms);
    expect(clock.pending).toBe(1);
    await clock.advance(1000);
    expect(rung).toEqual([atMs]);
  });

  test("an infinite time sets no timer", () => {
    const { clock, alarm } = start();
    alarm.setAtLatest(Infinity);
    expect([alarm.isSet, clock.pending]).toEqual([false, 0]);
  });

  test("can be set again from its callback", async () => {
    const clock = new VirtualClock();
    const rung: number[] = [];
    const alarm = new Alarm(clock, () => {
      rung.push(clock.now());
      if (rung.length < 3) alarm.set(100);
    });
    alarm.set(100);
    await clock.advance(1000);
    expect(rung).toEqual([100, 200, 300]);
  });
});

describe("InactivityTimer", () => {
  const start = (): { clock: VirtualClock; fired: number[]; timer: InactivityTimer } => {
    const clock = new VirtualClock();
    const fired: number[] = [];
    return { clock, fired, timer: new InactivityTimer(clock, 1000, () => void fired.push(clock.now())) };
  };

  test("calls back once after the limit without a touch", async () => {
    const { clock, fired, timer } = start();
    await clock.advance(900);
    timer.touch();
    await clock.advance(999);
    expect(fired).toEqual([]);
    await clock.advance(1);
    expect(fired).toEqual([1900]);
    await clock.advance(10_000);
    expect([fired, clock.pending]).toEqual([[1900], 0]);
  });

  test("sets one timer, however often it is touched", async () => {
    const clock = new VirtualClock();
    let scheduled = 0;
    const counting = {
      now: () => clock.now(),
      schedule(callback: () => void, delayMs: number) {
        scheduled += 1;
        return clock.schedule(callback, delayMs);
      },
    };
    const timer = new InactivityTimer(counting, 1000, () => undefined);
    for (let touch = 0; touch < 100; touch += 1) {
      await clock.advance(9);
      timer.touch();
    }
    expect(scheduled).toBe(1);
    await clock.advance(999);
    expect(scheduled).toBe(2);
  });

  test("a touch after the callback, or from within it, starts a new wait", async () => {
    const { clock, fired, timer } = start();
    await clock.advance(1500);
    timer.touch();
    await clock.advance(1000);
    expect(fired).toEqual([1000, 2500]);
    const again: number[] = [];
    const repeating = new InactivityTimer(clock, 100, () => {
      again.push(clock.now());
      repeating.touch();
    });
    await clock.advance(300);
    expect(again).toEqual([2600, 2700, 2800]);
  });

  test("stays stopped until it is started", async () => {
    const { clock, fired, timer } = start();
    timer.stop();
    timer.touch();
    expect(clock.pending).toBe(0);
    await clock.advance(5000);
    timer.start(clock.now() - 600);
    await clock.advance(399);
    expect(fired).toEqual([]);
    await clock.advance(1);
    expect(fired).toEqual([5400]);
  });

  test("counts from the time given to touch or start", async () => {
    const { clock, fired, timer } = start();
    await clock.advance(900);
    timer.touch(500);
    await clock.advance(600);
    expect(fired).toEqual([1500]);
    timer.start(1400);
    timer.start(1600);
    await clock.advance(5000);
    expect(fired).toEqual([1500, 2600]);
  });

  test.each([
    [{}, false],
    [{ keepAlive: true }, true],
  ])("with the options %j, its timer keeps the process alive: %j", (options, expected) => {
    const kept: unknown[] = [];
    const clock = {
      now: () => 0,
      schedule(_: () => void, __: number, given?: { keepAlive?: boolean }) {
        kept.push(given?.keepAlive);
        return () => undefined;
      },
    };
    new InactivityTimer(clock, 1000, () => undefined, options);
    expect(kept).toEqual([expected]);
  });
});
