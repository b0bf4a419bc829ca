import { expect, test } from "vitest";
import { Condition } from "../../src/async/index.ts";
import { settle } from "@turnwire/test-kit";

test("a wait ends at once if the condition holds, even with a fired signal", async () => {
  await new Condition().wait(() => true);
  await new Condition().wait(() => true, AbortSignal.abort(new Error("too late")));
});

test("notify ends only the waits whose condition holds", async () => {
  const condition = new Condition();
  let count = 0;
  const ended: string[] = [];
  void condition.wait(() => count >= 1).then(() => ended.push("one"));
  void condition.wait(() => count >= 2).then(() => ended.push("two"));
  void condition.wait(() => count >= 1).then(() => ended.push("one again"));
  condition.notify();
  await settle();
  expect(ended).toEqual([]);
  count = 1;
  condition.notify();
  await settle();
  expect(ended).toEqual(["one", "one again"]);
  count = 2;
  condition.notify();
  await settle();
  expect(ended).toEqual(["one", "one again", "two"]);
});

test("a condition that holds only between two notify calls ends no wait", async () => {
  const condition = new Condition();
  let holds = false;
  let ended = false;
  void condition.wait(() => holds).then(() => (ended = true));
  holds = true;
  holds = false;
  condition.notify();
  await settle();
  expect(ended).toBe(false);
});

test("a signal rejects its own wait with its reason, and the condition is not evaluated again", async () => {
  const condition = new Condition();
  const controller = new AbortController();
  let asked = 0;
  const wait = condition.wait(() => ++asked > 100, controller.signal);
  controller.abort(new Error("enough"));
  await expect(wait).rejects.toThrow("enough");
  condition.notify();
  expect(asked).toBe(1);
  await expect(condition.wait(() => false, controller.signal)).rejects.toThrow("enough");
});
