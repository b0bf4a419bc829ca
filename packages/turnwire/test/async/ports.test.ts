import { afterEach, expect, test, vi } from "vitest";
import { defaultLogger, systemClock } from "../../src/async/index.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

const heldTimers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;

test("the real clock advances and calls back after the delay", async () => {
  const startedMs = systemClock.now();
  await new Promise<void>((resolve) => systemClock.schedule(resolve, 5));
  // Node's timers count whole milliseconds, so they may fire a fraction of one early.
  expect(systemClock.now() - startedMs).toBeGreaterThanOrEqual(4);
});

test("a timer of the real clock can be cancelled, even after it has fired", async () => {
  const called: string[] = [];
  const cancel = systemClock.schedule(() => called.push("cancelled"), 1);
  cancel();
  const cancelFired = await new Promise<() => void>((resolve) => {
    const cancelTimer = systemClock.schedule(() => resolve(cancelTimer), 5);
  });
  cancelFired();
  expect(called).toEqual([]);
});

test("a timer keeps the process alive unless keepAlive is false", () => {
  const before = heldTimers();
  const cancelHolding = systemClock.schedule(() => undefined, 10_000);
  expect(heldTimers()).toBe(before + 1);
  const cancelLetting = systemClock.schedule(() => undefined, 10_000, { keepAlive: false });
  expect(heldTimers()).toBe(before + 1);
  cancelHolding();
  cancelLetting();
  expect(heldTimers()).toBe(before);
});

test("the default logger prints warnings only", () => {
  const printed: unknown[][] = [];
  for (const name of ["log", "debug", "info", "warn", "error"] as const) {
    vi.spyOn(console, name).mockImplementation((...args: unknown[]) => void printed.push([name, ...args]));
  }
  defaultLogger.debug("a detail", { attempt: 1 });
  defaultLogger.warn("a close was not acknowledged in time", { limitMs: 2000 });
  defaultLogger.warn("something else");
  expect(printed).toEqual([
    ["warn", "turnwire: a close was not acknowledged in time", { limitMs: 2000 }],
    ["warn", "turnwire: something else"],
  ]);
});
