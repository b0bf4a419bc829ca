import { expect, test } from "vitest";
import { Condition } from "../../src/async/index.ts";
import { settle } from "@turnwire/test-kit";

test("a wait ends at once when the condition holds, also with a signal that has fired", async () => {
  await new Condition().wait(() => true);
  await new Condition().wait(() => true, AbortSignal.abort(new Error("too late")));
});

test("a notify ends the waits whose condition holds, and no others", async () => {
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

test("what holds only between two notifies ends no wait", async () => {
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

test("a signal ends its own wait with its reason, and its condition is not asked any more", async () => {
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
