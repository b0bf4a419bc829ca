import { beforeEach, expect, test } from "vitest";
import { Emitter } from "../../src/async/index.ts";
import { settle } from "@turnwire/test-kit";

interface Events {
  said: [text: string, times: number];
  left: [];
}

const failures: Array<{ event: string; error: unknown }> = [];
const emitter = (): Emitter<Events> => new Emitter<Events>((event, error) => failures.push({ event, error }));

beforeEach(() => {
  failures.length = 0;
});

test("calls the listeners of an event in order, with its arguments", () => {
  const events = emitter();
  const called: unknown[] = [];
  events.on("said", (text, times) => void called.push(["first", text, times]));
  events.on("said", (text, times) => void called.push(["second", text, times]));
  events.on("left", () => void called.push("left"));
  events.emit("said", "hello", 2);
  expect(called).toEqual([
    ["first", "hello", 2],
    ["second", "hello", 2],
  ]);
});

test("ignores an event without listeners", () => {
  emitter().emit("left");
});

test("the function that on returns removes the listener, and so does off", () => {
  const events = emitter();
  const called: string[] = [];
  const second = (): void => void called.push("second");
  const removeFirst = events.on("left", () => void called.push("first"));
  events.on("left", second);
  removeFirst();
  events.emit("left");
  events.off("left", second);
  events.off("said", () => undefined);
  events.emit("left");
  expect(called).toEqual(["second"]);
});

test("a listener that throws stops neither the other listeners nor the emitter", () => {
  const events = emitter();
  const called: string[] = [];
  const error = new Error("listener");
  events.on("left", () => {
    throw error;
  });
  events.on("left", () => void called.push("second"));
  events.emit("left");
  events.emit("left");
  expect(called).toEqual(["second", "second"]);
  expect(failures).toEqual([
    { event: "left", error },
    { event: "left", error },
  ]);
});

test("reports a listener whose promise rejects, so that the rejection is handled", async () => {
  const events = emitter();
  const error = new Error("listener");
  events.on("said", async () => {
    await settle();
    throw error;
  });
  events.on("said", () => Promise.resolve());
  events.emit("said", "hello", 1);
  expect(failures).toEqual([]);
  await settle();
  await settle();
  expect(failures).toEqual([{ event: "said", error }]);
});

test("does not call a listener that was removed during the event", () => {
  const events = emitter();
  const called: string[] = [];
  const removeFirst = events.on("left", () => {
    called.push("first");
    removeFirst();
    removeSecond();
  });
  const removeSecond = events.on("left", () => void called.push("second"));
  events.on("left", () => void called.push("third"));
  events.emit("left");
  events.emit("left");
  expect(called).toEqual(["first", "third", "third"]);
});

test("calls a listener that was added during the event for the next event only", () => {
  const events = emitter();
  const called: string[] = [];
  let left = 10;
  // Code that waits for the next event again and again removes its listener and adds it again.
  const again = (): void => {
    called.push("again");
    events.off("left", again);
    if ((left -= 1) > 0) events.on("left", again);
  };
  events.on("left", again);
  events.emit("left");
  expect(called).toEqual(["again"]);
  events.emit("left");
  expect(called).toEqual(["again", "again"]);
});

test("forwards another source's events with their arguments until forwarding is ended", () => {
  const source = emitter();
  const events = new Emitter<Events & { more: [] }>(() => undefined);
  const called: unknown[] = [];
  events.on("said", (...args) => void called.push(args));
  events.on("left", () => void called.push("left"));
  const stop = events.forward(source, ["said"]);
  source.emit("said", "hello", 2);
  source.emit("left");
  stop();
  source.emit("said", "again", 1);
  expect(called).toEqual([["hello", 2]]);
});

test("refuses a listener that is not a function", () => {
  const listener = JSON.parse("null") as () => void;
  expect(() => emitter().on("left", listener)).toThrow("listener: expected a function, got null");
});
