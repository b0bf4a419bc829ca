import { describe, expect, it } from "vitest";
import type { SteeringError } from "../../src/errors.ts";
import { type Steer, SteerLedger } from "../../src/openai/response/steer-ledger.ts";
import { type RawEvent, toEvent } from "../../src/protocol/index.ts";

const accepted = (id?: string): RawEvent => toEvent({ type: "response.steer.accepted", steer: { id } });
const failed = (id?: string): RawEvent =>
  toEvent({ type: "response.steer.failed", steer: { id }, error: { code: "too_late", message: "Too late." } });
const pending = toEvent({ type: "response.steer.pending" });
const refused: RawEvent = { ...toEvent({ type: "error", error: { message: "Unknown." } }), kind: "refused-steer" };

/** A ledger with things said, and the codes that the callers were refused with. */
function said(...inputs: string[]): { ledger: SteerLedger; refusals: Array<[input: string, code: string]> } {
  const ledger = new SteerLedger();
  const refusals: Array<[string, string]> = [];
  for (const input of inputs) {
    const reject = ({ code }: SteeringError): void => void refusals.push([input, code]);
    ledger.add({ input, messages: [{ role: "user", content: input }], items: [], resolve: () => undefined, reject });
  }
  return { ledger, refusals };
}

const inputsOf = (steers: readonly Steer[]): unknown[] => steers.map(({ input }) => input);

describe("what the server may still do", () => {
  type Seen = Pick<SteerLedger, "isUsed" | "isUnanswered" | "isOpen" | "isUndecided" | "mayBeQueued">;
  const open = { isUsed: true, isOpen: true, isUndecided: true, mayBeQueued: true };
  const decided = { isUsed: true, isUnanswered: false, isOpen: false, mayBeQueued: false };

  it.each<{ name: string; steers: readonly string[]; does: (ledger: SteerLedger) => void; seen: Seen }>([
    {
      name: "nothing, when nothing was said",
      steers: [],
      does: () => undefined,
      seen: { ...decided, isUsed: false, isUndecided: false },
    },
    { name: "anything, at first", steers: ["a"], does: () => undefined, seen: { ...open, isUnanswered: true } },
    {
      name: "begin a successor, after accepting",
      steers: ["a"],
      does: (ledger) => ledger.onSteerEvent(accepted("s1")),
      seen: { ...open, isUnanswered: false },
    },
    {
      name: "refuse the second, after accepting the first",
      steers: ["a", "b"],
      does: (ledger) => ledger.onSteerEvent(accepted("s1")),
      seen: { ...open, isUnanswered: true },
    },
    {
      name: "nothing, after the successor; the turn has yet to read it",
      steers: ["a"],
      does: (ledger) => {
        ledger.onSteerEvent(accepted("s1"));
        ledger.onSuccessor("resp_2");
      },
      seen: { ...decided, isUndecided: true },
    },
    {
      name: "put it in front of the next request, when it is pending",
      steers: ["a"],
      does: (ledger) => {
        ledger.onSteerEvent(accepted("s1"));
        ledger.onSteerEvent(pending);
        ledger.takePending();
      },
      seen: { ...decided, isUndecided: false, mayBeQueued: true },
    },
    {
      name: "nothing, after it has failed",
      steers: ["a"],
      does: (ledger) => ledger.onSteerEvent(failed()),
      seen: { ...decided, isUndecided: false },
    },
    {
      name: "nothing, after the server could not be steered",
      steers: ["a"],
      does: (ledger) => ledger.onSteerEvent(refused),
      seen: { ...decided, isUndecided: false },
    },
    {
      name: "no one knows, after an error that names nothing",
      steers: ["a"],
      does: (ledger) => ledger.onError(),
      seen: { ...decided, isUndecided: true, mayBeQueued: true },
    },
    {
      name: "no one knows, after one of those that were accepted has failed",
      steers: ["a", "b"],
      does: (ledger) => {
        ledger.onSteerEvent(accepted("s1"));
        ledger.onSteerEvent(accepted("s2"));
        ledger.onSteerEvent(failed("s1"));
      },
      seen: { ...decided, isUndecided: true, mayBeQueued: true },
    },
  ])("$name", ({ steers, does, seen }) => {
    const { ledger } = said(...steers);
    does(ledger);
    const { isUsed, isUnanswered, isOpen, isUndecided, mayBeQueued } = ledger;
    expect({ isUsed, isUnanswered, isOpen, isUndecided, mayBeQueued }).toEqual(seen);
  });
});

describe("what the turn takes", () => {
  it("is the input of each successor, however late the turn reads", () => {
    const { ledger } = said("a", "b");
    ledger.onSteerEvent(accepted("s1"));
    ledger.onSuccessor("resp_2");
    ledger.onSteerEvent(accepted("s2"));
    ledger.onSuccessor("resp_3");
    expect(inputsOf(ledger.takeApplied("resp_2"))).toEqual(["a"]);
    expect(inputsOf(ledger.takeApplied("resp_3"))).toEqual(["b"]);
    expect(ledger.isUndecided).toBe(false);
  });

  it("is nothing that the server has not accepted", () => {
    const { ledger } = said("a");
    ledger.onSuccessor("resp_2");
    expect(ledger.takeApplied("resp_2")).toEqual([]);
    expect(ledger.isOpen).toBe(true);
  });

  it("is the input without effect when the turn goes on elsewhere; the server may still answer", () => {
    const { ledger, refusals } = said("a", "b");
    ledger.onSteerEvent(accepted("s1"));
    expect(inputsOf(ledger.release())).toEqual(["a", "b"]);
    expect(ledger.isOpen).toBe(true);
    ledger.onSteerEvent(failed("s1"));
    ledger.onSteerEvent(refused);
    expect([ledger.isOpen, refusals]).toEqual([false, []]);
  });
});

describe("who is refused", () => {
  it.each<{ name: string; events: readonly RawEvent[]; refusals: unknown }>([
    { name: "the first one without an answer", events: [failed()], refusals: [["a", "too_late"]] },
    {
      name: "the one that is named",
      events: [accepted("s1"), accepted("s2"), failed("s2")],
      refusals: [["b", "too_late"]],
    },
    {
      name: "the first one without an answer, for a name never heard",
      events: [failed("s9")],
      refusals: [["a", "too_late"]],
    },
    {
      name: "each once",
      events: [refused, refused, refused],
      refusals: [
        ["a", "steering_not_supported"],
        ["b", "steering_not_supported"],
      ],
    },
    { name: "no input that the server has accepted", events: [accepted("s1"), accepted("s2"), refused], refusals: [] },
  ])("$name", ({ events, refusals }) => {
    const steered = said("a", "b");
    for (const event of events) steered.ledger.onSteerEvent(event);
    expect(steered.refusals).toEqual(refusals);
  });
});
