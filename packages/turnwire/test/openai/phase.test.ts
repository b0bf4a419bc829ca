import { describe, expect, it } from "vitest";
import { advance, firstPhase, type Phase, responseIdOf, type Step } from "../../src/openai/connection/phase.ts";

const reserved: Phase = { kind: "reserved" };
const sent: Phase = { kind: "sent" };
const streaming: Phase = { kind: "streaming", responseId: "resp_1" };
const settling: Phase = { kind: "settling", responseId: "resp_1" };
const refused: Phase = { kind: "settling", responseId: undefined };
const closed: Phase = { kind: "closed" };

const send: Step = { kind: "send" };
const created: Step = { kind: "created", responseId: "resp_2" };
const terminal: Step = { kind: "terminal", responseId: "resp_1" };
const error: Step = { kind: "error" };
const close: Step = { kind: "close" };

const next: Phase = { kind: "streaming", responseId: "resp_2" };

describe("the phase of an exchange", () => {
  it.each<[from: Phase, step: Step, to: Phase]>([
    [reserved, send, sent],
    [reserved, created, reserved],
    [reserved, terminal, reserved],
    [reserved, error, reserved],
    [reserved, close, closed],

    [sent, send, sent],
    [sent, created, next],
    [sent, terminal, settling],
    [sent, error, refused],
    [sent, close, closed],

    [streaming, send, streaming],
    [streaming, created, next],
    [streaming, terminal, settling],
    [streaming, error, streaming],
    [streaming, close, closed],

    [settling, send, settling],
    [settling, created, next],
    [settling, terminal, settling],
    [settling, error, settling],
    [settling, close, closed],
    [refused, created, next],

    [closed, send, closed],
    [closed, created, closed],
    [closed, terminal, closed],
    [closed, error, closed],
    [closed, close, closed],
  ])("$0, then $1: $2", (from, step, to) => {
    expect(advance(from, step)).toEqual(to);
  });

  it("is reserved at first", () => {
    expect(firstPhase).toEqual(reserved);
  });

  it("takes the response's id from its last event when the server left out the first", () => {
    expect(advance(sent, { kind: "terminal", responseId: "resp_9" })).toEqual({
      kind: "settling",
      responseId: "resp_9",
    });
  });

  it("keeps the id that the response began with", () => {
    expect(advance(streaming, { kind: "terminal", responseId: "resp_9" })).toEqual(settling);
  });

  it.each<[Phase, string | undefined]>([
    [reserved, undefined],
    [sent, undefined],
    [streaming, "resp_1"],
    [settling, "resp_1"],
    [refused, undefined],
    [closed, undefined],
  ])("$0 is about the response $1", (phase, responseId) => {
    expect(responseIdOf(phase)).toBe(responseId);
  });
});
