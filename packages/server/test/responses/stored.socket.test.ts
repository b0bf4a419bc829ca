import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import OpenAI from "openai";
import { describe, expect, test } from "vitest";
import {
  MemoryStore,
  readCompaction,
  ResponsesServer,
  type ResponseStore,
  SqliteStore,
} from "../../src/responses/index.ts";
import { echo } from "./support/brains.ts";
import { RawClient } from "./support/raw-client.ts";

const model = "gpt-4.1";

function clientOf(server: ResponsesServer, apiKey = "none"): OpenAI {
  return new OpenAI({ apiKey, baseURL: server.url, maxRetries: 0 });
}

describe.each(["memory", "sqlite"])("a store in %s", (kind) => {
  async function withStore(run: (open: () => ResponseStore) => Promise<void>): Promise<void> {
    const folder = await mkdtemp(join(tmpdir(), "turnwire-"));
    const memory = new MemoryStore();
    try {
      await run(() => (kind === "memory" ? memory : new SqliteStore(join(folder, "store.db"))));
    } finally {
      await rm(folder, { recursive: true });
    }
  }

  test("keeps responses that are to be stored, over HTTP and for every connection", async () => {
    await withStore(async (open) => {
      await using server = await ResponsesServer.start({ brain: echo, store: open() });
      const openai = clientOf(server);
      const first = await openai.responses.create({ model, input: "one", metadata: { a: "b" } });
      expect(await openai.responses.retrieve(first.id)).toMatchObject({
        id: first.id,
        metadata: { a: "b" },
        output_text: "echo: one",
      });
      const second = await openai.responses.create({ model, input: "two", previous_response_id: first.id });
      await using socket = await RawClient.connect(server.wsURL);
      const third = await socket.respond({ input: "three", previous_response_id: second.id });
      expect(third).toMatchObject({ type: "response.completed", response: { previous_response_id: second.id } });
      expect(server.requests[2]?.conversation).toHaveLength(5);
      await expect(openai.responses.retrieve(third.response.id)).rejects.toMatchObject({ status: 404 });
    });
  });

  test("forgets one that is deleted", async () => {
    await withStore(async (open) => {
      await using server = await ResponsesServer.start({ brain: echo, store: open() });
      const openai = clientOf(server);
      const { id } = await openai.responses.create({ model, input: "one" });
      await openai.responses.delete(id);
      await expect(openai.responses.retrieve(id)).rejects.toMatchObject({ status: 404 });
      await expect(openai.responses.delete(id)).rejects.toMatchObject({ status: 404 });
      await expect(openai.responses.create({ model, input: "x", previous_response_id: id })).rejects.toMatchObject({
        code: "previous_response_not_found",
      });
    });
  });
});

test("an SQLite file outlives its server", async () => {
  const folder = await mkdtemp(join(tmpdir(), "turnwire-"));
  const path = join(folder, "store.db");
  let id: string;
  {
    await using server = await ResponsesServer.start({ brain: echo, store: new SqliteStore(path) });
    id = (await clientOf(server).responses.create({ model, input: "one" })).id;
  }
  {
    await using server = await ResponsesServer.start({ brain: echo, store: new SqliteStore(path) });
    const next = await clientOf(server).responses.create({ model, input: "two", previous_response_id: id });
    expect(next.status).toBe("completed");
    expect(server.requests[0]?.conversation).toHaveLength(3);
  }
  await rm(folder, { recursive: true });
});

test("memory keeps the latest only", async () => {
  await using server = await ResponsesServer.start({ brain: echo, store: new MemoryStore(2) });
  const openai = clientOf(server);
  const ids: string[] = [];
  for (const input of ["one", "two", "three"]) ids.push((await openai.responses.create({ model, input })).id);
  await expect(openai.responses.retrieve(ids[0] ?? "")).rejects.toMatchObject({ status: 404 });
  expect((await openai.responses.retrieve(ids[2] ?? "")).id).toBe(ids[2]);
});

test("nobody sees what is stored under another key", async () => {
  await using server = await ResponsesServer.start({ brain: echo, apiKeys: ["key-a", "key-b"] });
  const { id } = await clientOf(server, "key-a").responses.create({ model, input: "one" });
  const other = clientOf(server, "key-b");
  await expect(other.responses.retrieve(id)).rejects.toMatchObject({ status: 404 });
  await expect(other.responses.delete(id)).rejects.toMatchObject({ status: 404 });
  await expect(other.responses.create({ model, input: "x", previous_response_id: id })).rejects.toMatchObject({
    status: 400,
  });
  expect((await clientOf(server, "key-a").responses.retrieve(id)).id).toBe(id);
});

test("input items come in pages", async () => {
  await using server = await ResponsesServer.start({ brain: echo });
  const openai = clientOf(server);
  const input = Array.from({ length: 45 }, (_unused, index) => ({
    role: "user" as const,
    content: `message ${index}`,
  }));
  const { id } = await openai.responses.create({ model, input });
  const texts: string[] = [];
  for await (const item of openai.responses.inputItems.list(id, { order: "asc", limit: 20 })) {
    expect(item).toMatchObject({ type: "message", role: "user", id: expect.stringMatching(/^msg_/) });
    texts.push((item as unknown as { content: Array<{ text: string }> }).content[0]?.text ?? "");
  }
  expect(texts).toEqual(input.map((message) => message.content));
  const page = await (await fetch(`${server.url}/responses/${id}/input_items`)).json();
  expect(page).toMatchObject({ object: "list", has_more: true });
  expect((page as { data: Array<{ content: unknown }> }).data[0]?.content).toEqual([
    { type: "input_text", text: "message 44" },
  ]);
  for (const query of ["limit=0", "limit=101", "order=up", "after=msg_x"]) {
    expect((await fetch(`${server.url}/responses/${id}/input_items?${query}`)).status).toBe(400);
  }
});

test("a synchronous response is not cancelled, and not streamed again", async () => {
  await using server = await ResponsesServer.start({ brain: echo });
  const { id } = await clientOf(server).responses.create({ model, input: "one" });
  await expect(clientOf(server).responses.cancel(id)).rejects.toThrow("Cannot cancel a synchronous response");
  expect((await fetch(`${server.url}/responses/${id}?stream=true`)).status).toBe(400);
});

test("a conversation is compacted to its user's words and one item, which goes on in a new chain", async () => {
  await using server = await ResponsesServer.start();
  const openai = clientOf(server);
  const first = await openai.responses.create({ model, input: "My name is Ada." });
  const compacted = await openai.responses.compact({
    model,
    previous_response_id: first.id,
    input: "I live in Paris.",
  });
  expect(compacted).toMatchObject({
    object: "response.compaction",
    output: [{ role: "user" }, { role: "user" }, { type: "compaction" }],
  });
  const item = compacted.output.at(-1) as unknown as { encrypted_content: string };
  expect(readCompaction(item.encrypted_content)).toContain("assistant: Nice to meet you, Ada.");
  await using socket = await RawClient.connect(server.wsURL);
  const answer = await socket.respond({ input: [...compacted.output, { role: "user", content: "What is my name?" }] });
  expect(answer.response.output[0]?.content[0]?.text).toContain("Ada");
  await expect(openai.responses.compact({ model })).rejects.toMatchObject({ status: 400, param: "input" });
  await expect(openai.responses.compact({ input: "x" } as never)).rejects.toMatchObject({ param: "model" });
});

test("the tokens of an input are counted without an answer", async () => {
  await using server = await ResponsesServer.start({ brain: echo });
  const openai = clientOf(server);
  const short = await openai.responses.inputTokens.count({ model, input: "Hello" });
  const long = await openai.responses.inputTokens.count({
    model,
    input: "Hello there, how are you?",
    instructions: "Be brief.",
  });
  expect(short).toEqual({ object: "response.input_tokens", input_tokens: 2 });
  expect(long.input_tokens).toBeGreaterThan(short.input_tokens);
  const { usage } = await openai.responses.create({
    model,
    input: "Hello there, how are you?",
    instructions: "Be brief.",
  });
  expect(usage?.input_tokens).toBe(long.input_tokens);
  await expect(openai.responses.inputTokens.count({ nonsense: 1 } as never)).rejects.toMatchObject({
    param: "nonsense",
  });
});

test("a stored response that was cut short goes on from as far as it came", async () => {
  await using server = await ResponsesServer.start({ brain: echo });
  const openai = clientOf(server);
  const input = "a text that is longer than sixteen tokens, if only by a little bit of it";
  const cut = await openai.responses.create({ model, input, max_output_tokens: 16 });
  expect(cut).toMatchObject({ status: "incomplete", incomplete_details: { reason: "max_output_tokens" } });
  await openai.responses.create({ model, input: "go on", previous_response_id: cut.id });
  expect(server.requests[1]?.conversation).toMatchObject([
    { content: input },
    { role: "assistant" },
    { content: "go on" },
  ]);
  const items = await openai.responses.inputItems.list(cut.id);
  expect(items.data).toHaveLength(1);
});
