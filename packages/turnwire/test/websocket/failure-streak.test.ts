import { describe, expect, test } from "vitest";
import { FailureStreak } from "../../src/websocket/index.ts";

describe("FailureStreak", () => {
  test("gives up after three connections in a row that die within five seconds", () => {
    const streak = new FailureStreak();
    streak.recordEnd(0);
    streak.recordEnd(4999);
    expect(streak.hasGivenUp).toBe(false);
    streak.recordEnd(10);
    expect(streak.hasGivenUp).toBe(true);
  });

  test("a connection that lived longer resets the count", () => {
    const streak = new FailureStreak();
    streak.recordEnd(0);
    streak.recordEnd(0);
    streak.recordEnd(5000);
    streak.recordEnd(0);
    streak.recordEnd(0);
    expect(streak.hasGivenUp).toBe(false);
    streak.recordEnd(0);
    expect(streak.hasGivenUp).toBe(true);
    streak.reset();
    expect(streak.hasGivenUp).toBe(false);
  });

  test("the number and the age can be set", () => {
    const streak = new FailureStreak({ failures: 1, withinMs: 100 });
    streak.recordEnd(100);
    expect(streak.hasGivenUp).toBe(false);
    streak.recordEnd(99);
    expect(streak.hasGivenUp).toBe(true);
  });
});
