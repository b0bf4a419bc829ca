import { getEventListeners } from "node:events";
import { describe, expect, test } from "vitest";
import { Deadline, delay, LinkedSignal, onAbort, throwIfAborted, untilAborted } from "../../src/async/index.ts";
import { TimeoutError } from "../../src/errors.ts";
import { settle, VirtualClock } from "@turnwire/test-kit";

const listenersOf = (signal: AbortSignal): number => getEventListeners(signal, "abort").length;
const reason = new Error("enough");

describe("delay", () => {
  test("resolves after the delay, not earlier", async () => {
    const clock = new VirtualClock();
    let over = false;
    const waiting = delay(100, { clock }).then(() => (over = true));
    await clock.advance(99);
    expect(over).toBe(false);
    await clock.advance(1);
    await waiting;
    expect(clock.pending).toBe(0);
  });

  test("rejects with the reason of an abort and cancels its timer", async () => {
    const clock = new VirtualClock();
    const controller = new AbortController();
    const waiting = delay(100, { clock, signal: controller.signal });
    expect(clock.pending).toBe(1);
    controller.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    expect(clock.pending).toBe(0);
  });

  test("sets no timer if the signal has fired", async () => {
    const clock = new VirtualClock();
    await expect(delay(100, { clock, signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(clock.pending).toBe(0);
  });

  test("removes its listener", async () => {
    const clock = new VirtualClock();
    const { signal } = new AbortController();
    const waiting = Array.from({ length: 50 }, (_, ms) => delay(ms, { clock, signal }));
    expect(listenersOf(signal)).toBe(50);
    await clock.advance(50);
    await Promise.all(waiting);
    expect(listenersOf(signal)).toBe(0);
  });

  test("uses the real clock by default", async () => {
    const startedMs = performance.now();
    await delay(5);
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(4);
  });
});

describe("untilAborted", () => {
  test("settles like the promise", async () => {
    const { signal } = new AbortController();
    expect(await untilAborted(Promise.resolve(1), signal)).toBe(1);
    expect(await untilAborted(Promise.resolve(2), undefined)).toBe(2);
    await expect(untilAborted(Promise.reject(new Error("failed")), signal)).rejects.toThrow("failed");
    await settle();
    expect(listenersOf(signal)).toBe(0);
  });

  test("rejects with the signal's reason if the signal fires first, and handles a later rejection of the promise", async () => {
    const controller = new AbortController();
    const { promise, reject } = Promise.withResolvers<void>();
    const waiting = untilAborted(promise, controller.signal);
    expect(listenersOf(controller.signal)).toBe(1);
    controller.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    expect(listenersOf(controller.signal)).toBe(0);
    reject(new Error("an unhandled rejection would fail this test"));
    await settle();
  });

  test("rejects with the reason of a fired signal even if the promise is settled", async () => {
    await expect(untilAborted(Promise.resolve(1), AbortSignal.abort(reason))).rejects.toBe(reason);
    await expect(untilAborted(Promise.reject(new Error("failed")), AbortSignal.abort(reason))).rejects.toBe(reason);
  });

  test("a thousand waits on one signal leave no listener", async () => {
    const { signal } = new AbortController();
    for (let wait = 0; wait < 1000; wait += 1) await untilAborted(Promise.resolve(), signal);
    await settle();
    expect(listenersOf(signal)).toBe(0);
  });
});

describe("onAbort and throwIfAborted", () => {
  test("onAbort calls back once with the reason, at once if the signal has fired", () => {
    const controller = new AbortController();
    const called: unknown[] = [];
    onAbort(controller.signal, (given) => called.push(given));
    expect(called).toEqual([]);
    controller.abort(reason);
    onAbort(controller.signal, (given) => called.push(given));
    expect(called).toEqual([reason, reason]);
  });

  test("the function that onAbort returns removes the listener; without a signal there is none", () => {
    const controller = new AbortController();
    const called: unknown[] = [];
    onAbort(controller.signal, (given) => called.push(given))();
    onAbort(undefined, (given) => called.push(given))();
    expect(listenersOf(controller.signal)).toBe(0);
    controller.abort(reason);
    expect(called).toEqual([]);
  });

  test("throwIfAborted throws the unchanged reason", () => {
    throwIfAborted(undefined);
    throwIfAborted(new AbortController().signal);
    expect(() => throwIfAborted(AbortSignal.abort(reason))).toThrow(reason);
  });
});

describe("Deadline", () => {
  test("fires with an error that names the step that took too long", async () => {
    const clock = new VirtualClock();
    using limit = new Deadline("connect", 100, { clock });
    await clock.advance(99);
    expect(limit.signal.aborted).toBe(false);
    expect(limit.expired).toBe(false);
    await clock.advance(1);
    expect(limit.expired).toBe(true);
    expect(limit.signal.reason).toBeInstanceOf(TimeoutError);
    expect(limit.signal.reason).toMatchObject({
      what: "connect",
      limitMs: 100,
      code: "timeout",
      retryable: true,
      message: "connect took longer than 100 ms",
    });
  });

  test("fires with the parent's reason if the parent fires first, and does not count as expired", async () => {
    const clock = new VirtualClock();
    const parent = new AbortController();
    using limit = new Deadline("connect", 100, { clock, signal: parent.signal });
    parent.abort(reason);
    expect(limit.signal.reason).toBe(reason);
    await clock.advance(100);
    expect(limit.signal.reason).toBe(reason);
    expect(limit.expired).toBe(false);
  });

  test("has fired from the start if its parent has", () => {
    using limit = new Deadline("connect", 100, { clock: new VirtualClock(), signal: AbortSignal.abort(reason) });
    expect(limit.signal.reason).toBe(reason);
  });

  test("an expired outer deadline does not make the inner one expired", async () => {
    const clock = new VirtualClock();
    using outer = new Deadline("turn", 50, { clock });
    using inner = new Deadline("connect", 100, { clock, signal: outer.signal });
    await clock.advance(100);
    expect([outer.expired, inner.expired]).toEqual([true, false]);
    expect(inner.signal.reason).toBe(outer.signal.reason);
  });

  test("after disposal it has no timer and no listener, and never fires", async () => {
    const clock = new VirtualClock();
    const parent = new AbortController();
    let signal: AbortSignal;
    {
      using limit = new Deadline("connect", 100, { clock, signal: parent.signal });
      signal = limit.signal;
      expect([clock.pending, listenersOf(parent.signal)]).toEqual([1, 1]);
    }
    expect([clock.pending, listenersOf(parent.signal)]).toEqual([0, 0]);
    await clock.advance(1000);
    parent.abort(reason);
    expect(signal.aborted).toBe(false);
  });
});

describe("LinkedSignal", () => {
  test("fires once, with the first signal that fires", () => {
    const [one, other] = [new AbortController(), new AbortController()];
    using linked = new LinkedSignal(one.signal, undefined, other.signal);
    expect(linked.signal.aborted).toBe(false);
    other.abort(reason);
    one.abort(new Error("later"));
    expect(linked.signal.reason).toBe(reason);
  });

  test("has fired from the start if one of the signals has", () => {
    using linked = new LinkedSignal(new AbortController().signal, AbortSignal.abort(reason));
    expect(linked.signal.reason).toBe(reason);
  });

  test("after disposal it has no listener, and never fires", () => {
    const [one, other] = [new AbortController(), new AbortController()];
    const linked = new LinkedSignal(one.signal, other.signal);
    expect([listenersOf(one.signal), listenersOf(other.signal)]).toEqual([1, 1]);
    linked[Symbol.dispose]();
    expect([listenersOf(one.signal), listenersOf(other.signal)]).toEqual([0, 0]);
    one.abort(reason);
    expect(linked.signal.aborted).toBe(false);
  });
});
