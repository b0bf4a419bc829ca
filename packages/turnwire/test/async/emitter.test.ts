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

test("listeners of the event are called in order, with its arguments", () => {
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

test("an event that nobody listens to is nothing", () => {
  emitter().emit("left");
});

test("a listener is taken away by on's answer or by off", () => {
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

test("a listener that throws stops neither the others nor the emitter", () => {
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

test("a listener whose promise rejects is reported, not left unhandled", async () => {
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

test("a listener that goes away while the event is told is not called any more", () => {
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

test("a listener that comes while the event is told hears the next one, not this one", () => {
  const events = emitter();
  const called: string[] = [];
  let left = 10;
  // What waits for "the next one" again and again takes itself away and comes back.
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

test("events of another source are forwarded with their arguments, until that is ended", () => {
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

test("a listener that is no function is refused", () => {
  const listener = JSON.parse("null") as () => void;
  expect(() => emitter().on("left", listener)).toThrow("listener: expected a function, got null");
});
