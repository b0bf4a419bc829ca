import { getEventListeners } from "node:events";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { BoundedQueue } from "../../src/async/index.ts";
import { settle } from "@turnwire/test-kit";

type Step =
  | {
      do: "push" | "poll" | "pull" | "abort pull" | "pull aborted" | "space" | "abort space" | "let jobs run" | "close";
    }
  | { do: "purge"; keepEvery: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.constant<Step>({ do: "push" }) },
  { weight: 4, arbitrary: fc.constant<Step>({ do: "pull" }) },
  {
    weight: 6,
    arbitrary: fc.constantFrom<Step>(
      { do: "poll" },
      { do: "abort pull" },
      { do: "pull aborted" },
      { do: "space" },
      { do: "abort space" },
      { do: "let jobs run" },
    ),
  },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 3 }).map((keepEvery): Step => ({ do: "purge", keepEvery })) },
  { weight: 1, arbitrary: fc.constant<Step>({ do: "close" }) },
);

/** The simplest queue with the required behaviour. */
class Model {
  readonly values: number[] = [];
  readonly taken: Array<number | string> = [];
  readonly told: string[] = [];
  readonly spaces: string[] = [];
  closed = false;
  full = false;
  pulling = false;
  waitingForSpace = 0;
  readonly #capacity: number;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  push(value: number): boolean {
    if (this.closed) return false;
    if (this.pulling) {
      this.pulling = false;
      this.taken.push(value);
      return true;
    }
    this.values.push(value);
    if (!this.full && this.values.length >= this.#capacity) {
      this.full = true;
      this.told.push("full");
    }
    return true;
  }

  take(): number | undefined {
    const value = this.values.shift();
    this.madeRoom();
    return value;
  }

  pull(): void {
    if (this.values.length > 0) this.taken.push(this.take() as number);
    else if (this.closed) this.taken.push("closed");
    else this.pulling = true;
  }

  abortPull(): void {
    if (this.pulling) this.taken.push("aborted");
    this.pulling = false;
  }

  space(): void {
    this.waitingForSpace += 1;
    this.#giveSpace();
  }

  abortSpace(): void {
    for (; this.waitingForSpace > 0; this.waitingForSpace -= 1) this.spaces.push("aborted");
  }

  purge(keepEvery: number): number {
    const before = this.values.length;
    this.values.splice(0, Infinity, ...this.values.filter((value) => value % keepEvery === 0));
    this.madeRoom();
    return before - this.values.length;
  }

  close(): void {
    if (this.pulling) this.taken.push("closed");
    this.pulling = false;
    this.closed = true;
    this.#giveSpace();
  }

  madeRoom(): void {
    if (this.full && this.values.length * 2 <= this.#capacity) {
      this.full = false;
      this.told.push("drained");
    }
    this.#giveSpace();
  }

  #giveSpace(): void {
    if (!this.closed && this.values.length >= this.#capacity) return;
    for (; this.waitingForSpace > 0; this.waitingForSpace -= 1) this.spaces.push("space");
  }
}

const run = async (capacity: number, steps: Step[]): Promise<void> => {
  const model = new Model(capacity);
  const told: string[] = [];
  const taken: Array<number | string> = [];
  const spaces: string[] = [];
  const queue = new BoundedQueue<number>({
    capacity,
    onFull: () => told.push("full"),
    onDrained: () => told.push("drained"),
  });
  const closeReason = new Error("closed");
  let pushed = 0;
  let pulls = new AbortController();
  let waits = new AbortController();
  const signals = [pulls.signal, waits.signal];
  const renewed = (): AbortController => {
    const controller = new AbortController();
    signals.push(controller.signal);
    return controller;
  };
  const steppers: { [K in Step["do"]]: (step: Step) => unknown } = {
    push: () => {
      expect(queue.push(pushed)).toBe(model.push(pushed));
      pushed += 1;
    },
    poll: () => expect(queue.poll()).toBe(model.take()),
    pull: () => {
      if (model.pulling) return;
      model.pull();
      queue.pull(pulls.signal).then(
        (value) => taken.push(value),
        (error: unknown) => taken.push(error === closeReason ? "closed" : String(error)),
      );
    },
    "abort pull": () => {
      model.abortPull();
      pulls.abort("aborted");
      pulls = renewed();
    },
    "pull aborted": async () => {
      if (!model.pulling) await expect(queue.pull(AbortSignal.abort("aborted"))).rejects.toBe("aborted");
    },
    space: () => {
      model.space();
      queue.space(waits.signal).then(
        () => spaces.push("space"),
        (error: unknown) => spaces.push(String(error)),
      );
    },
    "abort space": () => {
      model.abortSpace();
      waits.abort("aborted");
      waits = renewed();
    },
    purge: (step) => {
      const { keepEvery } = step as Extract<Step, { do: "purge" }>;
      expect(queue.purge((value) => value % keepEvery === 0)).toBe(model.purge(keepEvery));
    },
    "let jobs run": () => settle(),
    close: () => {
      model.close();
      queue.close(closeReason);
    },
  };
  for (const step of steps) {
    await steppers[step.do](step);
    expect(queue.size).toBe(model.values.length);
    expect(queue.isFull).toBe(model.values.length >= capacity);
    expect(queue.closed).toBe(model.closed);
  }
  await settle();
  expect(taken).toEqual(model.taken);
  expect(told).toEqual(model.told);
  expect(spaces).toEqual(model.spaces);
  const listeners = signals.flatMap((signal) => getEventListeners(signal, "abort")).length;
  expect(listeners).toBe((model.pulling ? 1 : 0) + model.waitingForSpace);
};

test("behaves like the simplest possible queue under any sequence of operations", async () => {
  await fc.assert(fc.asyncProperty(fc.integer({ min: 1, max: 5 }), fc.array(step, { maxLength: 60 }), run), {
    numRuns: 1000,
  });
});

test("an abort loses no value: after pulls aborted at any moment, all values are there, in order", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.constantFrom("value", "jobs", "abort"), { maxLength: 80 }), async (moments) => {
      const queue = new BoundedQueue<number>({ capacity: 3 });
      const received: number[] = [];
      let controller = new AbortController();
      let sent = 0;
      const puller = (async () => {
        for (;;) {
          try {
            received.push(await queue.pull(controller.signal));
          } catch (error) {
            if (error === "over") return;
          }
        }
      })();
      for (const moment of moments) {
        if (moment === "value") queue.push(sent++);
        else if (moment === "jobs") await settle();
        else {
          const aborted = controller;
          controller = new AbortController();
          aborted.abort("enough");
        }
      }
      queue.close("over");
      await puller;
      expect(received).toEqual(Array.from({ length: sent }, (_, index) => index));
    }),
    { numRuns: 300 },
  );
});
