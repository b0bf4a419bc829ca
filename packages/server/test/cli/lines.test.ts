import { describe, expect, it } from "vitest";
import { LLMContext, ProviderError, type InferenceRecord, TurnwireError, WebsocketConnectError } from "turnwire";
import { contextList } from "../../src/cli/chat/context-list.ts";
import { errorLine } from "../../src/cli/shared/error-hints.ts";
import { printable } from "../../src/cli/shared/format.ts";
import { statsTable } from "../../src/cli/chat/stats-table.ts";
import { styleFor } from "../../src/cli/shared/style.ts";
import { summaryLine } from "../../src/cli/chat/summary-line.ts";
import type { TurnSummary } from "../../src/cli/chat/chat-events.ts";

const record: InferenceRecord = {
  number: 1,
  model: "m",
  transport: "websocket",
  mode: "incremental",
  reason: "continues-last",
  itemsSent: 1,
  itemsTotal: 5,
  bytesSent: 411,
  bytesFull: 1466,
  interrupted: false,
  retries: [],
  functionCalls: 0,
  characters: 12,
  wastedCharacters: 0,
  times: { waitingMs: 0, connectingMs: 0, firstEventMs: 30, firstTextMs: 8, restMs: 1962, totalMs: 2000 },
};
const full: InferenceRecord = { ...record, mode: "full", reason: "history-changed", bytesSent: 1466 };
const summary: TurnSummary = {
  interrupted: false,
  failed: false,
  records: [record],
  tools: [],
  firstTextMs: 38.4,
};

describe("the line after a turn", () => {
  it.each<[string, Partial<TurnSummary>]>([
    ["incremental · 411 of 1 466 bytes · first text 38 ms", {}],
    [
      "incremental · 411 of 1 466 bytes · first text 38 ms · calculate",
      { tools: [{ name: "calculate", failed: false }] },
    ],
    ["full (the history was changed) · 1 466 bytes · first text 1.5 s", { records: [full], firstTextMs: 1499 }],
    [
      "full (the history was changed), then incremental · 1 877 of 2 932 bytes · first text 38 ms",
      { records: [full, record] },
    ],
    ["incremental · 822 of 2 932 bytes · first text 38 ms", { records: [record, record] }],
    ["interrupted · incremental · 411 of 1 466 bytes", { interrupted: true, firstTextMs: undefined }],
    [
      "failed · nothing sent",
      { failed: true, records: [{ ...full, bytesSent: 0, bytesFull: 0 }], firstTextMs: undefined },
    ],
    ["incremental · 411 of 1 466 bytes · no text", { firstTextMs: undefined }],
    [
      "incremental · 411 of 1 466 bytes · first text 38 ms · t ×2, t (failed)",
      { tools: [false, true, false].map((failed) => ({ name: "t", failed })) },
    ],
    [
      "full (the connection was lost) · 1 466 bytes · first text 38 ms · cut short: max_output_tokens · again: the server failed",
      {
        records: [
          {
            ...full,
            reason: "connection-lost",
            retries: ["server-failed", "connection-lost"],
            incompleteReason: "max_output_tokens",
          },
        ],
      },
    ],
  ])("%s", (line, change) => {
    expect(summaryLine({ ...summary, ...change })).toBe(line);
  });
});

describe("/stats and /context", () => {
  it("is a table with a row per request and their sum", () => {
    const failed = { ...full, number: 3, characters: 0, error: "timeout", incompleteReason: "failed" };
    expect(statsTable([full, { ...record, number: 2, functionCalls: 2 }, failed])).toEqual([
      "#  sent          items  bytes     of  first  total",
      "1  full         1 of 5  1 466  1 466  38 ms  2.0 s  the history was changed",
      "2  incremental  1 of 5    411  1 466  38 ms  2.0 s  2 calls",
      "3  full         1 of 5  1 466  1 466      –  2.0 s  the history was changed, failed: timeout",
      "   all                  3 343  4 398                76 % of sending everything each time",
    ]);
    expect(statsTable([])).toEqual(["Nothing has been sent yet."]);
  });

  it("shows every message as it is held", () => {
    const context = new LLMContext({
      messages: [
        {
          role: "user",
          content: [
            { type: "text", text: "one\ntwo" },
            { type: "image_url", image_url: { url: "data:," } },
          ],
        },
        {
          role: "assistant",
          content: "Well.",
          tool_calls: [{ id: "c", type: "function", function: { name: "f", arguments: "{}" } }],
        },
        { role: "tool", tool_call_id: "c", content: "3" },
        { llm: "openai", message: { type: "reasoning", id: "rs_1" } },
      ],
    });
    expect(contextList(context)).toEqual([
      "user       one",
      "           two",
      "           [image_url]",
      "assistant  Well.",
      "assistant  calls f {}",
      "tool       3",
      'openai     {"type":"reasoning","id":"rs_1"}',
    ]);
    expect(contextList(new LLMContext())).toEqual(["The conversation is empty."]);
  });
});

describe("an error", () => {
  it.each<[string, unknown]>([
    [
      "h refused with status 401; check the key in OPENAI_API_KEY",
      new WebsocketConnectError("h refused with status 401", { status: 401 }),
    ],
    ["h refused with status 426; try --http", new WebsocketConnectError("h refused with status 426", { status: 426 })],
    ["cannot connect; check the network, --base-url and OPENAI_BASE_URL", new WebsocketConnectError("cannot connect")],
    ["Slow down; wait a little and try again", new ProviderError("rate_limit_exceeded", "Slow down.", { status: 429 })],
    ["No; check plan and billing of this key", new ProviderError("insufficient_quota", "No.", { status: 429 })],
    ["two lines", new Error("two\n  lines")],
    ["wrong key [key]", new TurnwireError("x", "wrong key sk-abcdefghijk")],
    ["just text", "just text"],
  ])("is one line with a way out: %s", (line, error) => {
    expect(errorLine(error)).toBe(line);
  });
});

describe("what reaches the terminal", () => {
  it("has no control characters but line breaks", () => {
    expect(printable("a\u001b[31m\u0007b\r\n\tc\u009b")).toBe("a[31mb\n    c");
  });

  it("has colour only on a terminal that wants it", () => {
    expect(styleFor(true, {}).dim("x")).toBe("\u001b[2mx\u001b[22m");
    for (const style of [styleFor(false, {}), styleFor(true, { NO_COLOR: "1" }), styleFor(true, { TERM: "dumb" })]) {
      expect(style.red("x")).toBe("x");
    }
  });
});
