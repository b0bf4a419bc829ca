import { PassThrough, Writable } from "node:stream";
import { describe, expect, it } from "vitest";
import { Output } from "../../src/cli/shared/output.ts";
import { lineWriter } from "../../src/cli/shared/line-writer.ts";
import { entryOf, type RequestEntry } from "../../src/cli/server/request-entry.ts";
import { serverText } from "../../src/cli/server/server-text.ts";
import { colourStyle, plainStyle } from "../../src/cli/shared/style.ts";
import type { ReceivedRequest } from "../../src/responses/index.ts";

const received: ReceivedRequest = {
  transport: "websocket",
  connection: 3,
  lane: "left",
  body: {
    model: "gpt-4.1",
    previous_response_id: "resp_1",
    input: [{ role: "user", content: "Nobody may read this." }],
  },
  bytes: 210,
  conversation: Array.from({ length: 7 }, () => ({ role: "user" as const, content: "Nobody may read this." })),
  tools: [],
  responseId: "resp_2",
  status: "completed",
  output: [],
  usage: {
    input_tokens: 1234,
    input_tokens_details: { cached_tokens: 1200, cache_write_tokens: 0 },
    output_tokens: 5,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: 1239,
  },
  receivedAtMs: 1000,
  firstOutputMs: 12.34567,
  durationMs: 1500,
  cancelRequested: false,
};
const now = Date.parse("2026-03-04T05:06:07.500Z");
const entry = (changes: Partial<ReceivedRequest> = {}): RequestEntry => entryOf({ ...received, ...changes }, now);

function shown(entries: readonly RequestEntry[], style = plainStyle): string[] {
  return entries.map(serverText(style)).flatMap((text) => text.split("\n"));
}

describe("a request that has ended", () => {
  it("becomes an entry without anything of what was said", () => {
    expect(entry()).toEqual({
      type: "request",
      receivedAt: "2026-03-04T05:06:06.000Z",
      transport: "websocket",
      connection: 3,
      lane: "left",
      model: "gpt-4.1",
      mode: "incremental",
      responseId: "resp_2",
      itemsSent: 1,
      itemsTotal: 7,
      bytes: 210,
      inputTokens: 1234,
      cachedTokens: 1200,
      outputTokens: 5,
      firstOutputMs: 12.346,
      durationMs: 1500,
      status: "completed",
      errorCode: null,
    });
  });

  it.each<[Partial<ReceivedRequest>, Partial<RequestEntry>]>([
    [{ body: { model: "m", input: "Hi" } }, { mode: "full", itemsSent: 1 }],
    [{ body: { model: "m", generate: false } }, { mode: "warm-up", itemsSent: 0 }],
    [{ successorOf: "resp_1" }, { mode: "steered" }],
    [
      { body: { model: 7, input: 8 }, conversation: [] },
      { model: null, itemsSent: 0, itemsTotal: null },
    ],
    [{ body: { model: "sk-abcdef123456" } }, { model: "[key]" }],
    [{ body: { model: "m".repeat(10_000) } }, { model: "m".repeat(256) }],
  ])("says how it was asked: %#", (changes, fields) => expect(entry(changes)).toMatchObject(fields));

  it("becomes a line under a head, with each number in its column", () => {
    const { firstOutputMs: _1, usage: _2, responseId: _3, ...refused } = received;
    const rejected = {
      ...refused,
      conversation: [],
      status: "rejected" as const,
      errorCode: "too_many_queued_requests",
    };
    const [head, first, second] = shown([entry(), entryOf({ ...rejected, transport: "http" }, now)]);
    expect(head).toMatch(/^time +from +model +sent, items +tokens +cached +first +total +end$/);
    expect(first).toMatch(
      /^\d\d:06:07 {2}3\/left +gpt-4\.1 +incremental, 1 of 7 +1 234 +1 200 +12 ms +1\.5 s {2}completed$/,
    );
    expect(second).toMatch(/ incremental +– +– +– +1\.5 s {2}rejected too_many_queued_requests$/);
    for (const word of ["tokens", "cached", "first", "total"]) {
      expect(first?.charAt(head!.indexOf(word) + word.length)).toBe(" ");
      expect(first?.charAt(head!.indexOf(word) + word.length - 1)).not.toBe(" ");
    }
  });

  it("cannot write on the terminal what its client likes", () => {
    const evil = entry({ body: { model: "\u001b[2J\nturnwire: pay me" }, status: "failed", errorCode: "a\r\nb\u0007" });
    const [, line] = shown([evil]);
    // oxlint-disable-next-line no-control-regex -- they are what must not be there
    expect(line).not.toMatch(/[\u0000-\u001f]/);
    expect(line).toMatch(/ \[2J turnwire: pay me .* failed a b$/);
  });

  it("is coloured only by the style", () => {
    const [, line] = shown([entry({ status: "failed", errorCode: "server_error" })], colourStyle);
    expect(line).toContain("\u001b[31mfailed server_error\u001b[39m");
    expect(shown([entry()]).join("")).not.toContain("\u001b");
  });
});

describe("lines for a reader who does not keep up", () => {
  it("are left out, and counted", () => {
    const read: string[] = [];
    let release: (() => void) | undefined;
    const slow = new Writable({
      decodeStrings: false,
      write: (chunk: string, _encoding, done) => {
        read.push(chunk);
        release = done;
      },
    });
    const write = lineWriter(new Output(slow), false);
    const long = "x".repeat(1024 * 1024);
    for (let index = 0; index < 10; index += 1) write(long);
    while (slow.writableLength > 0) release?.();
    write("the last");
    expect(read.filter((chunk) => chunk === `${long}\n`)).toHaveLength(4);
    expect(read.at(-1)).toBe("(6 lines were left out: nobody read them in time)\nthe last\n");
  });

  it("are all there for one who does", () => {
    const stream = new PassThrough({ encoding: "utf8" });
    const write = lineWriter(new Output(stream), false);
    write("one");
    write("two");
    expect(stream.read()).toBe("one\ntwo\n");
  });
});
