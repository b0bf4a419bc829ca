import { describe, expect, it } from "vitest";
import { type ErrorOwner, SideAnswers } from "../../src/openai/connection/error-attribution.ts";
import type { WireError } from "../../src/protocol/index.ts";

/** What was said beside requests, and is unanswered. */
interface Said {
  cancelled?: readonly string[];
  steers?: number;
}

function sideAnswersOf({ cancelled = [], steers = 0 }: Said): SideAnswers {
  const side = new SideAnswers();
  for (const responseId of cancelled) side.cancelSent(responseId);
  for (let count = 0; count < steers; count += 1) side.steerSent();
  return side;
}

interface Case extends Said {
  name: string;
  wire: WireError;
  owner: ErrorOwner;
}

const nothingSaid: Case[] = [
  { name: "an error with a known code", wire: { code: "rate_limit_exceeded", status: 429 }, owner: "request" },
  { name: "an error with an unknown code", wire: { code: "odd", status: 400 }, owner: "request" },
  { name: "an error with a field", wire: { message: "Bad value.", param: "input" }, owner: "request" },
  { name: "an error without any content", wire: {}, owner: "request" },
  { name: "an error about an event type", wire: { message: "Unknown event type." }, owner: "request" },
  { name: "an error about the field type", wire: { message: "Invalid.", param: "type" }, owner: "request" },
  { name: "an error about the field response_id", wire: { param: "response_id" }, owner: "request" },
];

const aCancel = { cancelled: ["resp_1"] };
const afterCancel: Case[] = [
  // It names the cancel.
  {
    ...aCancel,
    name: "an error that names the response",
    wire: { message: "Response resp_1 is not active.", code: "invalid_request" },
    owner: "cancel",
  },
  {
    ...aCancel,
    name: "an error that names the event",
    wire: { message: "Unsupported: response.cancel" },
    owner: "cancel",
  },
  {
    ...aCancel,
    name: "an error with a code that has cancel in it",
    wire: { code: "response_cancel_not_active", message: "No." },
    owner: "cancel",
  },
  { ...aCancel, name: "an error about an event type", wire: { message: "Unknown event type." }, owner: "cancel" },
  {
    ...aCancel,
    name: "an error about an Event Type in capitals",
    wire: { message: "Unknown Event Type" },
    owner: "cancel",
  },
  { ...aCancel, name: "an error about the field type", wire: { param: "type" }, owner: "cancel" },
  { ...aCancel, name: "an error about the field response_id", wire: { param: "response_id" }, owner: "cancel" },
  {
    ...aCancel,
    name: "an error about an event type with a known code",
    wire: { code: "server_error", message: "Cannot read event type." },
    owner: "cancel",
  },

  // It names the request.
  {
    ...aCancel,
    name: "an error with a known code and the field of the request",
    wire: { code: "context_length_exceeded", param: "input" },
    owner: "request",
  },
  { ...aCancel, name: "an error with a known code alone", wire: { code: "server_error" }, owner: "request" },
  {
    ...aCancel,
    name: "an error with an unknown code and the field of the request",
    wire: { code: "invalid_value", param: "model" },
    owner: "request",
  },
  {
    ...aCancel,
    name: "an error about the previous response, though it names the cancelled one",
    wire: { message: "Previous response with id resp_1 not found.", code: "previous_response_not_found" },
    owner: "request",
  },
  {
    ...aCancel,
    name: "an error about previous_response_id, though it names the cancelled response",
    wire: { message: "resp_1 is gone.", param: "previous_response_id" },
    owner: "request",
  },
  {
    ...aCancel,
    name: "an error about event types in general is not one about eventtypes",
    wire: { code: "server_error", message: "eventtype" },
    owner: "request",
  },

  // It names nothing.
  { ...aCancel, name: "an error without any content", wire: {}, owner: "unclear" },
  { ...aCancel, name: "an error with a status alone", wire: { status: 400 }, owner: "unclear" },
  { ...aCancel, name: "an error with a message alone", wire: { message: "Something broke." }, owner: "unclear" },
  { ...aCancel, name: "an error with an unknown code", wire: { code: "invalid_request" }, owner: "unclear" },
  {
    ...aCancel,
    name: "an error that names another response",
    wire: { message: "Response resp_9 is not active." },
    owner: "unclear",
  },
];

const aSteer = { steers: 1 };
const afterSteer: Case[] = [
  {
    ...aSteer,
    name: "an error that names the event",
    wire: { message: "Unsupported: response.steer" },
    owner: "steer",
  },
  { ...aSteer, name: "an error about an event type", wire: { message: "Unknown event type." }, owner: "steer" },
  { ...aSteer, name: "an error about the field type", wire: { param: "type" }, owner: "steer" },
  { ...aSteer, name: "an error about the field response_id", wire: { param: "response_id" }, owner: "steer" },
  { ...aSteer, name: "an error with a known code", wire: { code: "server_error" }, owner: "request" },
  { ...aSteer, name: "an error with an unknown code", wire: { code: "odd" }, owner: "request" },
  { ...aSteer, name: "an error without any content", wire: {}, owner: "request" },
  {
    ...aSteer,
    name: "an error about the previous response, though it names the event",
    wire: { param: "previous_response_id", message: "response.steer" },
    owner: "request",
  },
  {
    ...aCancel,
    ...aSteer,
    name: "after a cancel, too: an error that names the steer",
    wire: { message: "Unsupported: response.steer" },
    owner: "steer",
  },
  {
    ...aCancel,
    ...aSteer,
    name: "after a cancel, too: an error about an event type is the cancel's first",
    wire: { message: "Unknown event type." },
    owner: "cancel",
  },
];

describe.each([
  ["nothing was said beside requests", nothingSaid],
  ["a cancel is unanswered", afterCancel],
  ["a steer is unanswered", afterSteer],
])("whose an error is, when %s", (_, cases) => {
  it.each(cases)("$name: $owner", ({ wire, owner, ...said }) => {
    expect(sideAnswersOf(said).ownerOf(wire)).toBe(owner);
  });
});

describe("whose the next error is", () => {
  const unclear: WireError = { message: "Something broke." };
  const eventType: WireError = { message: "Unknown event type." };

  interface Sequence extends Said {
    name: string;
    errors: ReadonlyArray<[WireError, ErrorOwner]>;
  }

  it.each<Sequence>([
    {
      name: "a cancel is answered once",
      cancelled: ["resp_1"],
      errors: [
        [{ message: "Response resp_1 is not active." }, "cancel"],
        [unclear, "request"],
        [eventType, "request"],
      ],
    },
    {
      name: "an error that may be a cancel's answer answers nothing",
      cancelled: ["resp_1"],
      errors: [
        [unclear, "unclear"],
        [unclear, "unclear"],
        [{ message: "Response resp_1 is not active." }, "cancel"],
        [unclear, "request"],
      ],
    },
    {
      name: "a request's error answers no cancel",
      cancelled: ["resp_1"],
      errors: [
        [{ code: "server_error" }, "request"],
        [unclear, "unclear"],
      ],
    },
    {
      name: "two cancels are answered twice",
      cancelled: ["resp_1", "resp_2"],
      errors: [
        [eventType, "cancel"],
        [eventType, "cancel"],
        [eventType, "request"],
      ],
    },
    {
      name: "an answer that names a response answers its cancel, not the oldest",
      cancelled: ["resp_1", "resp_2"],
      errors: [
        [{ message: "Response resp_2 is not active." }, "cancel"],
        [{ message: "Response resp_2 is odd." }, "unclear"],
        [{ message: "Response resp_1 is not active." }, "cancel"],
        [unclear, "request"],
      ],
    },
    {
      name: "an answer that names none answers the oldest cancel",
      cancelled: ["resp_1", "resp_2"],
      errors: [
        [{ code: "cannot_cancel" }, "cancel"],
        [{ message: "Response resp_1 is odd." }, "unclear"],
        [{ message: "Response resp_2 is odd." }, "cancel"],
        [unclear, "request"],
      ],
    },
    {
      name: "a steer is answered once",
      steers: 1,
      errors: [
        [eventType, "steer"],
        [eventType, "request"],
      ],
    },
    {
      name: "two steers are answered twice",
      steers: 2,
      errors: [
        [{ message: "Unsupported: response.steer" }, "steer"],
        [eventType, "steer"],
        [eventType, "request"],
      ],
    },
    {
      name: "errors about event types answer cancels, then steers",
      cancelled: ["resp_1"],
      steers: 1,
      errors: [
        [eventType, "cancel"],
        [eventType, "steer"],
        [eventType, "request"],
      ],
    },
  ])("$name", ({ errors, ...said }) => {
    const side = sideAnswersOf(said);
    expect(errors.map(([wire]) => side.ownerOf(wire))).toEqual(errors.map(([, owner]) => owner));
  });

  it("a steer that an event answered is not answered by an error", () => {
    const side = sideAnswersOf({ steers: 2 });
    side.steerAnswered();
    expect(side.ownerOf(eventType)).toBe("steer");
    expect(side.ownerOf(eventType)).toBe("request");
  });

  it("more answers than steers do not make up for a later steer's", () => {
    const side = new SideAnswers();
    side.steerAnswered();
    side.steerAnswered();
    side.steerSent();
    expect(side.ownerOf(eventType)).toBe("steer");
  });
});

describe("whether a server refuses cancels", () => {
  it.each<{ name: string; wires: readonly WireError[]; refuses: boolean }>([
    { name: "not before it was asked", wires: [], refuses: false },
    { name: "a server that does not know the event does", wires: [{ message: "Unknown event type." }], refuses: true },
    { name: "a server that cannot cancel does", wires: [{ code: "cancel_not_supported" }], refuses: true },
    {
      name: "a server that has nothing left to cancel does not",
      wires: [{ code: "response_not_active", message: "Response resp_1 is not active." }],
      refuses: false,
    },
    {
      name: "a server that has refused once does, whatever it says next",
      wires: [
        { message: "Unknown event type." },
        { code: "response_not_active", message: "Response resp_2 is not active." },
      ],
      refuses: true,
    },
    { name: "an error of unknown owner says nothing about it", wires: [{}], refuses: false },
    { name: "a request's error says nothing about it", wires: [{ code: "server_error" }], refuses: false },
  ])("$name", ({ wires, refuses }) => {
    const side = sideAnswersOf({ cancelled: ["resp_1", "resp_2"] });
    for (const wire of wires) side.ownerOf(wire);
    expect(side.refusesCancel).toBe(refuses);
  });

  it("a steer that is refused says nothing about cancels", () => {
    const side = sideAnswersOf({ steers: 1 });
    side.ownerOf({ message: "Unsupported: response.steer" });
    expect(side.refusesCancel).toBe(false);
  });
});
