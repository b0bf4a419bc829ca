import { countTokens } from "gpt-tokenizer/encoding/o200k_base";
import { beforeAll, describe, expect, test } from "vitest";
import { exactTokens, type TokenCounter } from "../../src/responses/core/tokens.ts";
import { type Brain, ResponsesServer } from "../../src/responses/index.ts";
import { echo } from "./support/brains.ts";
import { VirtualClock } from "@turnwire/test-kit";
import { last, RawClient, type WireEvent } from "./support/raw-client.ts";

const cached = (event: WireEvent): number => event.response.usage.input_tokens_details.cached_tokens;

describe("cached tokens", () => {
  test("are those of a prompt that begins as an earlier one, however it comes", async () => {
    await using server = await ResponsesServer.start({ brain: echo });
    await using client = await RawClient.connect(server.wsURL);
    const fields = {
      instructions: "Be brief.",
      tools: [{ type: "function", name: "look", parameters: {}, strict: false }],
    };
    const first = await client.respond({ ...fields, input: "one" });
    expect(cached(first)).toBe(0);
    const { input_tokens: input, output_tokens: output } = first.response.usage;
    const chained = await client.respond({ ...fields, input: "two", previous_response_id: first.response.id });
    expect(cached(chained)).toBe(input + output);
    // The same conversation sent in full is the same prompt, whatever ids and parts the client leaves out.
    const whole = await client.respond({
      ...fields,
      input: [
        { role: "user", content: [{ type: "input_text", text: "one" }] },
        { role: "assistant", content: "echo: one" },
        { role: "user", content: "three" },
      ],
    });
    expect(cached(whole)).toBe(input + output);
    const other = await client.respond({ ...fields, instructions: "Be long.", input: "one" });
    expect(cached(other)).toBe(0);
    const changed = await client.respond({ ...fields, input: [{ role: "user", content: "uno" }] });
    expect(cached(changed)).toBeLessThan(input);
  });

  test("are not shared between keys", async () => {
    await using server = await ResponsesServer.start({ brain: echo, apiKeys: ["a", "b"] });
    for (const key of ["a", "b"]) {
      await using client = await RawClient.connect(server.wsURL, { headers: { authorization: `Bearer ${key}` } });
      expect(cached(await client.respond({ input: "one", instructions: "Be brief." }))).toBe(0);
    }
  });
});

describe("the tokenizer", () => {
  let tokens: TokenCounter;
  beforeAll(async () => {
    tokens = (await exactTokens()) as TokenCounter;
  });

  test.each(["", "Hello, world!", "Ünïcödé 日本語 👩‍👩‍👧", "  leading\n\nlines  ", "<|endoftext|>", "a".repeat(300)])(
    "counts %j, and cuts it into what joins again",
    (text) => {
      expect(tokens.split(text).join("")).toBe(text);
      const expected = countTokens(text, { disallowedSpecial: new Set() });
      expect(Math.abs(tokens.count(text) - expected)).toBeLessThanOrEqual(1);
    },
  );

  test("is not kept busy by one long word", () => {
    const started = performance.now();
    expect(tokens.count("a".repeat(100_000))).toBeGreaterThan(10_000);
    expect(performance.now() - started).toBeLessThan(1_000);
  });

  test("counts what a server reports when that is asked for", async () => {
    await using server = await ResponsesServer.start({ brain: echo, tokenizer: "exact" });
    await using client = await RawClient.connect(server.wsURL);
    const { usage } = (await client.respond({ input: "Antidisestablishmentarianism, isn't it?" })).response;
    expect(usage.input_tokens).toBe(countTokens("Antidisestablishmentarianism, isn't it?"));
  });
});

describe("the timing model", () => {
  const pieces: Brain = function* () {
    yield { type: "text", delta: "word" };
    yield { type: "text", delta: " word" };
  };

  test("waits for what is not cached, and for each token", async () => {
    const clock = new VirtualClock();
    const timing = { firstTokenMs: 100, perInputTokenMs: 10, perTokenMs: 5 };
    await using server = await ResponsesServer.start({ brain: pieces, environment: { clock }, timing });
    await using client = await RawClient.connect(server.wsURL);
    const waits = async (fields: object): Promise<{ ms: number; event: WireEvent }> => {
      const before = clock.now();
      client.create(fields);
      let event: WireEvent | undefined;
      void client.answer().then((events) => (event = last(events)));
      for (;;) {
        await expect.poll(() => clock.pending > 1 || event !== undefined, { interval: 1 }).toBe(true);
        if (event !== undefined) return { ms: clock.now() - before, event };
        await clock.advance(1);
      }
    };
    // One token of input, two of output.
    const first = await waits({ input: "word" });
    expect(first.ms).toBe(100 + 10 + 5 + 5);
    const second = await waits({ input: "word", previous_response_id: first.event.response.id });
    expect(second.ms).toBe(first.ms);
  });

  test("wavers in the same way at every start", async () => {
    const run = async (seed: number): Promise<number[]> => {
      const delays: number[] = [];
      const clock = {
        now: () => 0,
        schedule: (callback: () => void, ms: number): (() => void) => {
          if (ms < 1_000) {
            delays.push(ms);
            setImmediate(callback);
          }
          return () => undefined;
        },
      };
      const timing = { firstTokenMs: 100, perTokenMs: 10, jitter: 0.5, seed };
      await using server = await ResponsesServer.start({ brain: pieces, environment: { clock }, timing });
      await using client = await RawClient.connect(server.wsURL);
      await client.respond({ input: "x" });
      return delays;
    };
    const [one, again, other] = [await run(1), await run(1), await run(2)];
    expect(again).toEqual(one);
    expect(other).not.toEqual(one);
    expect(one[0]).toBeGreaterThanOrEqual(50);
    expect(one[0]).toBeLessThanOrEqual(150);
  });
});
