import { expect, test } from "vitest";
import { PromptCache } from "../../src/responses/core/prompt-cache.ts";
import { estimatedTokens } from "../../src/responses/core/tokens.ts";
import { type Brain, ResponsesServer } from "../../src/responses/index.ts";
import { RawClient, types } from "../responses/support/raw-client.ts";

// Events of one tick are written at once, and old beginnings of prompts are forgotten.

test("what was said in the same tick before a connection is cut off still arrives", async () => {
  let cut: (() => void) | undefined;
  const brain: Brain = function* () {
    yield { type: "text", delta: "Half of it" };
    cut?.();
    yield { type: "text", delta: " and the rest." };
  };
  await using server = await ResponsesServer.start({ brain });
  cut = () => server.connections[0]?.terminate();
  for (let round = 0; round < 20; round += 1) {
    const client = await RawClient.connect(server.wsURL);
    client.create({ input: "Hello" });
    expect(await client.closed).toMatchObject({ code: 1006 });
    const heard = client.unread;
    expect(types(heard).slice(-1)).toEqual(["response.output_text.delta"]);
    expect(heard.at(-1)?.delta).toBe("Half of it");
  }
});

test("a prompt that comes again and again is remembered, however many others come", () => {
  const cache = new PromptCache(estimatedTokens);
  const head = { owner: "", instructions: "", tools: [] };
  const read = (content: string): number => cache.read(head, [], undefined, [{ role: "user", content }]).cachedTokens;
  read("ours");
  read("once");
  for (let other = 0; other < 110_000; other += 1) {
    read(String(other));
    if (other % 20_000 === 0) expect(read("ours")).toBe(1);
  }
  expect(read("ours")).toBe(1);
  expect(read("once")).toBe(0);
});
