import { describe, expect, it } from "vitest";
import { type EventKind, parseEvent } from "../../src/protocol/index.ts";

describe("what an event is", () => {
  it.each<[json: string, kind: EventKind]>([
    ['{"type":"response.output_text.delta","delta":"a"}', "text"],
    ['{"type":"response.refusal.delta","delta":"a"}', "text"],
    ['{"type":"response.created","response":{}}', "created"],
    ['{"type":"response.completed"}', "terminal"],
    ['{"type":"response.failed"}', "terminal"],
    ['{"type":"response.incomplete"}', "terminal"],
    ['{"type":"response.cancelled"}', "terminal"],
    ['{"type":"error"}', "error"],
    ['{"error":"no type"}', "error"],
    ['{"error":null}', "other"],
    ['{"type":7,"error":{"code":"x"}}', "error"],
    ['{"type":"response.steer.accepted"}', "steer"],
    ['{"type":"response.steer.failed"}', "steer"],
    ['{"type":"response.steer.pending"}', "steer"],
    ['{"type":"response.in_progress"}', "other"],
    ['{"type":"response.output_item.done"}', "other"],
    ['{"type":"response.of_tomorrow"}', "other"],
    ["{}", "other"],
    ['{"type":"response.created","kind":"error"}', "created"],
  ])("%s: %s", (json, kind) => {
    expect(parseEvent(json)?.kind).toBe(kind);
  });

  it.each(["", "no JSON", "[]", "null", "7", '"text"'])("%j is none", (message) => {
    expect(parseEvent(message)).toBeUndefined();
  });
});
