import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Backoff } from "../../src/websocket/index.ts";

const delays = (backoff: Backoff, attempts: number): number[] =>
  Array.from({ length: attempts }, (_, index) => backoff.delayMs(index + 1));

describe("Backoff", () => {
  test("does not wait before the first try, then waits twice as long each time, up to the maximum", () => {
    const almostOne = 1 - Number.EPSILON / 2;
    const longest = new Backoff({}, () => almostOne);
    expect(delays(longest, 9).map(Math.round)).toEqual([0, 250, 500, 1000, 2000, 4000, 8000, 8000, 8000]);
    const shortest = new Backoff({}, () => 0);
    expect(delays(shortest, 9)).toEqual([0, 125, 250, 500, 1000, 2000, 4000, 4000, 4000]);
  });

  test("tries four times by default", () => {
    expect(new Backoff({}, Math.random).maxAttempts).toBe(4);
    expect(new Backoff({ maxAttempts: 2 }, Math.random).maxAttempts).toBe(2);
  });

  test("every wait lies between half of the full wait and the full wait, for all options and attempts", () => {
    const parts = fc.record({
      initialDelayMs: fc.integer({ min: 1, max: 60_000 }),
      maxDelayMs: fc.integer({ min: 1, max: 600_000 }),
      attempt: fc.integer({ min: 1, max: 5000 }),
      random: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    });
    fc.assert(
      fc.property(parts, ({ initialDelayMs, maxDelayMs, attempt, random }) => {
        const delayMs = new Backoff({ initialDelayMs, maxDelayMs }, () => random).delayMs(attempt);
        const fullMs = attempt === 1 ? 0 : Math.min(maxDelayMs, initialDelayMs * 2 ** (attempt - 2));
        expect(delayMs).toBeGreaterThanOrEqual(fullMs / 2);
        expect(delayMs).toBeLessThanOrEqual(fullMs);
      }),
    );
  });
});
