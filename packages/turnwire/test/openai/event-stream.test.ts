import { describe, expect, it } from "vitest";
import { readEvents } from "../../src/openai/http/event-stream.ts";

const encoder = new TextEncoder();
const silent = new AbortController().signal;

/** A body that comes in these pieces. An error among them breaks it off. */
function responseOf(pieces: ReadonlyArray<string | Uint8Array | Error>): Response {
  const all = pieces.values();
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const { done, value } = all.next();
      if (done) return controller.close();
      if (value instanceof Error) return controller.error(value);
      controller.enqueue(typeof value === "string" ? encoder.encode(value) : value);
    },
  });
  return new Response(body);
}

async function typesOf(...pieces: Array<string | Uint8Array>): Promise<string[]> {
  const types: string[] = [];
  for await (const { type } of readEvents(responseOf(pieces), silent)) types.push(type);
  return types;
}

const event = (type: string, end = "\n\n"): string => `data: {"type":"${type}"}${end}`;

describe("an event stream", () => {
  it.each<[name: string, pieces: Array<string | Uint8Array>, types: string[]]>([
    ["empty", [], []],
    ["of one event", [event("a")], ["a"]],
    ["of several in one piece", [event("a") + event("b")], ["a", "b"]],
    ["of an event in several pieces", ['data: {"ty', 'pe":"a"}\n', "\n"], ["a"]],
    ["that begins with a byte order mark", [`\uFEFF${event("a")}`], ["a"]],
    ["with carriage returns", [event("a", "\r\n\r\n") + event("b", "\r\r") + event("c")], ["a", "b", "c"]],
    ["with comments", [`: waiting\n\n${event("a")}`], ["a"]],
    ["with other fields", [`event: a\nid: 1\nretry: 9\n${event("a")}`], ["a"]],
    ["whose data has several lines", ['data: {"type":\ndata: "a"}\n\n'], ["a"]],
    ["without a space after the colon", ['data:{"type":"a"}\n\n'], ["a"]],
    ["with data that is no JSON", [`data: [DONE]\n\n${event("a")}`], ["a"]],
    ["with an event without a type", ['data: {"error":"no"}\n\n'], [""]],
    ["whose last event is not complete", [event("a") + event("b", "\n")], ["a"]],
  ])("%s", async (_, pieces, types) => {
    expect(await typesOf(...pieces)).toEqual(types);
  });

  it("may break anywhere, within a character too", async () => {
    const bytes = encoder.encode('data: {"type":"ä€😀"}\n\n');
    for (let at = 0; at <= bytes.length; at += 1) {
      expect(await typesOf(bytes.subarray(0, at), bytes.subarray(at))).toEqual(["ä€😀"]);
    }
  });

  it("that breaks off is a lost connection, after what came", async () => {
    const seen: string[] = [];
    const reading = (async () => {
      const response = responseOf([event("a"), new TypeError("terminated")]);
      for await (const { type } of readEvents(response, silent)) seen.push(type);
    })();
    await expect(reading).rejects.toMatchObject({ code: "connection_closed", retryable: true });
    expect(seen).toEqual(["a"]);
  });

  it("that breaks off because of the signal throws the signal's reason", async () => {
    const controller = new AbortController();
    const reason = new Error("changed my mind");
    controller.abort(reason);
    const reading = readEvents(responseOf([new Error("aborted")]), controller.signal).next();
    await expect(reading).rejects.toBe(reason);
  });

  it("with an event that never ends is refused, before it fills the memory", async () => {
    const megabyte = "a".repeat(1024 * 1024);
    const pieces = ["data: ", ...Array.from({ length: 17 }, () => megabyte)];
    await expect(typesOf(...pieces)).rejects.toMatchObject({ code: "invalid_response" });
  });

  it("that is left ends the request", async () => {
    let cancelled = false;
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(encoder.encode(event("a"))),
      cancel: () => void (cancelled = true),
    });
    for await (const { type } of readEvents(new Response(body), silent)) if (type === "a") break;
    expect(cancelled).toBe(true);
  });
});
