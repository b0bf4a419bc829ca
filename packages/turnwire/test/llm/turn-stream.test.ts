import { describe, expect, it } from "vitest";
import { TurnStream } from "../../src/llm/turn-stream.ts";

describe("the end of a turn", () => {
  it.each([
    ["is over", () => Promise.resolve()],
    ["fails", () => Promise.reject(new Error("the model is away"))],
  ])("is reported once when the turn %s", async (_, produce) => {
    let ends = 0;
    const turn = new TurnStream(() => produce, undefined, { onEnd: () => void (ends += 1) });
    await turn.record.catch(() => undefined);
    expect(ends).toBe(1);
  });
});
