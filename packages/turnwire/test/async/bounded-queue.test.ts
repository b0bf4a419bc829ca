import { getEventListeners } from "node:events";
import { setImmediate as nextRound } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, test } from "vitest";
import { BoundedQueue } from "../../src/async/index.ts";
import { settle } from "@turnwire/test-kit";

function queueOf<T>(values: T[], capacity = 4): BoundedQueue<T> {
  const queue = new BoundedQueue<T>({ capacity });
  for (const value of values) queue.push(value);
  return queue;
}

describe("order", () => {
  test("returns values in the order of the pushes, by pull or by poll", async () => {
    const queue = queueOf([1, 2, 3]);
    expect(await queue.pull()).toBe(1);
    expect(queue.poll()).toBe(2);
    expect(await queue.pull()).toBe(3);
    expect(queue.poll()).toBeUndefined();
    expect(queue.size).toBe(0);
  });

  test("a waiting pull receives the next value", async () => {
    const queue = queueOf<number>([]);
    const pulled = queue.pull();
    expect(queue.push(1)).toBe(true);
    expect(queue.size).toBe(0);
    expect(await pulled).toBe(1);
  });

  test("accepts undefined and falsy values", async () => {
    const queue = queueOf<unknown>([undefined, 0, ""]);
    expect(queue.size).toBe(3);
    expect([await queue.pull(), await queue.pull(), await queue.pull()]).toEqual([undefined, 0, ""]);
  });

  test("handles thousands of values without ever becoming empty", async () => {
    const queue = queueOf([0], 10_000);
    for (let value = 1; value <= 5000; value += 1) {
      queue.push(value);
      expect(await queue.pull()).toBe(value - 1);
      expect(queue.size).toBe(1);
    }
  });

  test("releases the memory of values that were taken", async () => {
    const queue = queueOf<object>([]);
    const pushed = (): WeakRef<object> => {
      const value = { text: "taken" };
      queue.push(value);
      return new WeakRef(value);
    };
    const polled = pushed();
    const pulled = pushed();
    const queued = pushed();
    queue.poll();
    await queue.pull();
    await nextRound();
    setFlagsFromString("--expose-gc");
    (runInNewContext("gc") as () => void)();
    expect([polled.deref(), pulled.deref(), queued.deref()]).toEqual([undefined, undefined, { text: "taken" }]);
  });

  test("refuses a second pull at the same time", async () => {
    const queue = queueOf<number>([]);
    const first = queue.pull();
    expect(() => queue.pull()).toThrow("one puller at a time");
    queue.push(1);
    expect(await first).toBe(1);
  });
});

describe("the end", () => {
  test("after the last value every pull rejects with the reason", async () => {
    const queue = queueOf([1, 2]);
    const reason = new Error("over");
    queue.close(reason);
    expect(queue.closed).toBe(true);
    expect(queue.push(3)).toBe(false);
    expect([await queue.pull(), await queue.pull()]).toEqual([1, 2]);
    await expect(queue.pull()).rejects.toBe(reason);
    await expect(queue.pull()).rejects.toBe(reason);
  });

  test("rejects a waiting pull", async () => {
    const queue = queueOf<number>([]);
    const pulled = queue.pull();
    const reason = new Error("over");
    queue.close(reason);
    await expect(pulled).rejects.toBe(reason);
  });

  test("keeps the first reason, even undefined", async () => {
    const queue = queueOf<number>([]);
    queue.close(undefined);
    queue.close(new Error("later"));
    await expect(queue.pull()).rejects.toBeUndefined();
  });
});

describe("an interruption", () => {
  test("rejects the waiting pull and loses no value", async () => {
    const queue = queueOf<number>([]);
    const pulled = queue.pull();
    const reason = new Error("not now");
    queue.interrupt(reason);
    await expect(pulled).rejects.toBe(reason);
    queue.push(1);
    expect(await queue.pull()).toBe(1);
  });

  test("has no effect if no pull is waiting", async () => {
    const queue = queueOf([1]);
    queue.interrupt(new Error("not now"));
    expect(await queue.pull()).toBe(1);
  });
});

describe("full and drained", () => {
  test("reports full at the capacity and drained at half of it, once each time the queue fills", () => {
    const told: string[] = [];
    const queue = new BoundedQueue<number>({
      capacity: 4,
      onFull: () => told.push(`full at ${queue.size}`),
      onDrained: () => told.push(`drained at ${queue.size}`),
    });
    for (let value = 0; value < 6; value += 1) expect(queue.push(value)).toBe(true);
    expect(told).toEqual(["full at 4"]);
    expect(queue.isFull).toBe(true);
    expect([queue.poll(), queue.poll(), queue.poll()]).toEqual([0, 1, 2]);
    expect(told).toEqual(["full at 4"]);
    queue.poll();
    expect(told).toEqual(["full at 4", "drained at 2"]);
    queue.push(6);
    queue.push(7);
    expect(told).toEqual(["full at 4", "drained at 2", "full at 4"]);
    queue.purge();
    expect(told).toEqual(["full at 4", "drained at 2", "full at 4", "drained at 0"]);
  });

  test("with a capacity of one, one value is full and none is drained", () => {
    const told: string[] = [];
    const queue = new BoundedQueue<number>({
      capacity: 1,
      onFull: () => told.push("full"),
      onDrained: () => told.push("drained"),
    });
    queue.push(1);
    queue.poll();
    queue.push(2);
    queue.poll();
    expect(told).toEqual(["full", "drained", "full", "drained"]);
  });
});

describe("space", () => {
  test("resolves at once if there is room or the queue is closed", async () => {
    await queueOf([1], 2).space();
    const closed = queueOf([1, 2], 2);
    closed.close(new Error("over"));
    await closed.space();
  });

  test("resolves when a value is taken, values are purged or the queue is closed", async () => {
    for (const makeRoom of [
      (queue: BoundedQueue<number>) => queue.poll(),
      (queue: BoundedQueue<number>) => queue.purge((value) => value === 1),
      (queue: BoundedQueue<number>) => queue.close(new Error("over")),
    ]) {
      const queue = queueOf([1, 2], 2);
      let there = false;
      const waiting = queue.space().then(() => (there = true));
      await settle();
      expect(there).toBe(false);
      makeRoom(queue);
      await waiting;
    }
  });

  test("does not resolve while the queue is over its capacity", async () => {
    const queue = queueOf([1, 2, 3], 2);
    let there = false;
    const waiting = queue.space().then(() => (there = true));
    queue.poll();
    await settle();
    expect(there).toBe(false);
    queue.poll();
    await waiting;
  });

  test("rejects with the signal's reason, and removes its listener in any case", async () => {
    const { signal, abort } = controller();
    const queue = queueOf([1], 1);
    const given = queue.space(signal);
    queue.poll();
    await given;
    expect(getEventListeners(signal, "abort")).toEqual([]);

    queue.push(2);
    const givenUp = queue.space(signal);
    expect(getEventListeners(signal, "abort")).toHaveLength(1);
    const reason = new Error("enough");
    abort(reason);
    await expect(givenUp).rejects.toBe(reason);
    expect(getEventListeners(signal, "abort")).toEqual([]);
    await expect(queue.space(signal)).rejects.toBe(reason);
    queue.poll();
  });
});

describe("purge", () => {
  test("keeps the matching values in order and returns the number of the others", async () => {
    const queue = queueOf([1, 2, 3, 4, 5], 9);
    queue.poll();
    expect(queue.purge((value) => value % 2 === 0)).toBe(2);
    expect([await queue.pull(), await queue.pull()]).toEqual([2, 4]);
    expect(queue.purge()).toBe(0);
  });

  test("removes all values by default, and keeps the end", async () => {
    const queue = queueOf([1, 2, 3]);
    queue.close(new Error("over"));
    expect(queue.purge()).toBe(3);
    await expect(queue.pull()).rejects.toThrow("over");
  });
});

describe("pulling with a signal", () => {
  test("an abort takes no value: the next pull receives it", async () => {
    const { signal, abort } = controller();
    const queue = queueOf<number>([]);
    const pulled = queue.pull(signal);
    const reason = new Error("enough");
    abort(reason);
    queue.push(1);
    await expect(pulled).rejects.toBe(reason);
    expect(await queue.pull()).toBe(1);
  });

  test("a pull with a fired signal takes no queued value", async () => {
    const queue = queueOf([1]);
    const reason = new Error("enough");
    await expect(queue.pull(AbortSignal.abort(reason))).rejects.toBe(reason);
    expect(queue.poll()).toBe(1);
  });

  test("an abort right after the push is too late: the pull delivers the value", async () => {
    const { signal, abort } = controller();
    const queue = queueOf<number>([]);
    const pulled = queue.pull(signal);
    queue.push(1);
    abort(new Error("enough"));
    expect(await pulled).toBe(1);
  });

  test("removes its listener, however the pull ended", async () => {
    const { signal, abort } = controller();
    const queue = queueOf<number>([]);
    for (let value = 0; value < 100; value += 1) {
      const pulled = queue.pull(signal);
      expect(getEventListeners(signal, "abort")).toHaveLength(1);
      queue.push(value);
      await pulled;
      queue.push(value);
      await queue.pull(signal);
    }
    expect(getEventListeners(signal, "abort")).toEqual([]);
    const aborted = queue.pull(signal);
    abort(new Error("enough"));
    await expect(aborted).rejects.toThrow("enough");
    expect(getEventListeners(signal, "abort")).toEqual([]);

    const other = controller();
    const closed = queue.pull(other.signal);
    queue.close(new Error("over"));
    await expect(closed).rejects.toThrow("over");
    expect(getEventListeners(other.signal, "abort")).toEqual([]);
  });
});

function controller(): { signal: AbortSignal; abort: (reason: unknown) => void } {
  const controller = new AbortController();
  return { signal: controller.signal, abort: (reason) => controller.abort(reason) };
}
