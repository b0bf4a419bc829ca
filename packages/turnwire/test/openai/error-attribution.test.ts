import { describe, expect, it } from "vitest";
import { Cancels } from "../../src/openai/connection/cancels.ts";
import { attributeError, type ErrorSource } from "../../src/openai/connection/error-attribution.ts";
import type { WireError } from "../../src/protocol/index.ts";

/** The messages beside requests that are unanswered. */
interface Said {
  cancelled?: readonly string[];
  steers?: number;
  /** Whether a response that has ended was steered, too. */
  hasSteered?: boolean;
}

type Kind = ErrorSource["kind"];

/** A connection's side messages, answered one after the other. */
class SideMessages {
  readonly cancels = new Cancels();
  readonly hasSteered: boolean;
  steers: number;

  constructor({ cancelled = [], steers = 0, hasSteered = steers > 0 }: Said) {
    for (const responseId of cancelled) this.cancels.onSent(responseId);
    this.hasSteered = hasSteered;
    this.steers = steers;
  }

  /** Finds the cause of an error. A cancel or steer that it answers is answered then. */
  take(wire: WireError, namesLane = false): Kind {
    const sent = { cancelled: this.cancels.unanswered, hasSteered: this.hasSteered, steer: this.steers > 0 };
    const source = attributeError(wire, namesLane, sent);
    if (source.kind === "cancel") this.cancels.onRefused(source.responseId, wire.code);
    if (source.kind === "steer") this.steers -= 1;
    return source.kind;
  }
}

interface Case extends Said {
  name: string;
  wire: WireError;
  source: Kind;
}

const nothingSaid: Case[] = [
  { name: "an error with a known code", wire: { code: "rate_limit_exceeded", status: 429 }, source: "request" },
  { name: "an error with an unknown code", wire: { code: "odd", status: 400 }, source: "request" },
  { name: "an error with a field", wire: { message: "Bad value.", param: "input" }, source: "request" },
  { name: "an error without any content", wire: {}, source: "request" },
  { name: "an error about an event type", wire: { message: "Unknown event type." }, source: "request" },
  { name: "an error about the field type", wire: { message: "Invalid.", param: "type" }, source: "request" },
  { name: "an error about the field response_id", wire: { param: "response_id" }, source: "request" },
  { name: "an error with a code that has cancel in it", wire: { code: "request_cancelled" }, source: "request" },
  { name: "an error that names response.cancel", wire: { message: "Unsupported: response.cancel" }, source: "request" },
  { name: "an error that names response.steer", wire: { message: "Unsupported: response.steer" }, source: "request" },
  {
    name: "an error about the age limit that names response.cancel",
    wire: { code: "websocket_connection_limit_reached", message: "No response.cancel any more." },
    source: "age-limit",
  },
];

const aCancel = { cancelled: ["resp_1"] };
const afterCancel: Case[] = [
  // It names the cancel.
  {
    ...aCancel,
    name: "an error that names the response",
    wire: { message: "Response resp_1 is not active.", code: "invalid_request" },
    source: "cancel",
  },
  {
    ...aCancel,
    name: "an error that quotes the response",
    wire: { message: "Not found: 'resp_1'", code: "invalid_request" },
    source: "cancel",
  },
  {
    ...aCancel,
    name: "an error that names the event",
    wire: { message: "Unsupported: response.cancel" },
    source: "cancel",
  },
  {
    ...aCancel,
    name: "an error with a code that has cancel in it",
    wire: { code: "response_cancel_not_active", message: "No." },
    source: "cancel",
  },
  { ...aCancel, name: "an error about an event type", wire: { message: "Unknown event type." }, source: "cancel" },
  {
    ...aCancel,
    name: "an error about an Event Type in capitals",
    wire: { message: "Unknown Event Type" },
    source: "cancel",
  },
  { ...aCancel, name: "an error about the field type", wire: { param: "type" }, source: "cancel" },
  { ...aCancel, name: "an error about the field response_id", wire: { param: "response_id" }, source: "cancel" },
  {
    ...aCancel,
    name: "an error about an event type with a known code",
    wire: { code: "server_error", message: "Cannot read event type." },
    source: "cancel",
  },

  // It names the request.
  {
    ...aCancel,
    name: "an error with a known code and the field of the request",
    wire: { code: "context_length_exceeded", param: "input" },
    source: "request",
  },
  { ...aCancel, name: "an error with a known code alone", wire: { code: "server_error" }, source: "request" },
  {
    ...aCancel,
    name: "an error with an unknown code and the field of the request",
    wire: { code: "invalid_value", param: "model" },
    source: "request",
  },
  {
    ...aCancel,
    name: "an error about the previous response, though it names the cancelled one",
    wire: { message: "Previous response with id resp_1 not found.", code: "previous_response_not_found" },
    source: "request",
  },
  {
    ...aCancel,
    name: "an error about previous_response_id, though it names the cancelled response",
    wire: { message: "resp_1 is gone.", param: "previous_response_id" },
    source: "request",
  },
  {
    ...aCancel,
    name: "an error about event types in general is not one about eventtypes",
    wire: { code: "server_error", message: "eventtype" },
    source: "request",
  },

  // It names nothing.
  { ...aCancel, name: "an error without any content", wire: {}, source: "unclear" },
  { ...aCancel, name: "an error with a status alone", wire: { status: 400 }, source: "unclear" },
  { ...aCancel, name: "an error with a message alone", wire: { message: "Something broke." }, source: "unclear" },
  { ...aCancel, name: "an error with an unknown code", wire: { code: "invalid_request" }, source: "unclear" },
  {
    ...aCancel,
    name: "an error that names another response",
    wire: { message: "Response resp_9 is not active." },
    source: "unclear",
  },
  {
    ...aCancel,
    name: "an error that names a response whose id goes on",
    wire: { message: "Response resp_12 is not active." },
    source: "unclear",
  },
  {
    ...aCancel,
    name: "an error that names a response whose id ends so",
    wire: { message: "Response my-resp_1 is not active." },
    source: "unclear",
  },
];

const aSteer = { steers: 1 };
const afterSteer: Case[] = [
  {
    ...aSteer,
    name: "an error that names the event",
    wire: { message: "Unsupported: response.steer" },
    source: "steer",
  },
  { ...aSteer, name: "an error about an event type", wire: { message: "Unknown event type." }, source: "steer" },
  { ...aSteer, name: "an error about the field type", wire: { param: "type" }, source: "steer" },
  { ...aSteer, name: "an error about the field response_id", wire: { param: "response_id" }, source: "steer" },
  { ...aSteer, name: "an error with a known code", wire: { code: "server_error" }, source: "request" },
  { ...aSteer, name: "an error with an unknown code", wire: { code: "odd" }, source: "request" },
  { ...aSteer, name: "an error without any content", wire: {}, source: "request" },
  {
    ...aSteer,
    name: "an error about the previous response, though it names the event",
    wire: { param: "previous_response_id", message: "response.steer" },
    source: "request",
  },
  {
    ...aCancel,
    hasSteered: true,
    name: "after the steered response's end: an error that names the steer",
    wire: { message: "Invalid value: 'response.steer'.", param: "type" },
    source: "steer",
  },
  {
    hasSteered: true,
    name: "after the steered response's end: an error about an event type",
    wire: { message: "Unknown event type." },
    source: "request",
  },
  {
    ...aCancel,
    ...aSteer,
    name: "after a cancel, too: an error that names the steer",
    wire: { message: "Unsupported: response.steer" },
    source: "steer",
  },
  {
    ...aCancel,
    ...aSteer,
    name: "after a cancel, too: an error about an event type is the cancel's first",
    wire: { message: "Unknown event type." },
    source: "cancel",
  },
];

describe.each([
  ["nothing was said beside requests", nothingSaid],
  ["a cancel is unanswered", afterCancel],
  ["a steer is unanswered", afterSteer],
])("what an error is about, when %s", (_, cases) => {
  it.each(cases)("$name: $source", ({ wire, source, ...said }) => {
    expect(new SideMessages(said).take(wire)).toBe(source);
  });
});

describe("what the next error is about", () => {
  const unclear: WireError = { message: "Something broke." };
  const eventType: WireError = { message: "Unknown event type." };

  interface Sequence extends Said {
    name: string;
    errors: ReadonlyArray<[WireError, Kind]>;
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
      name: "an id that another one begins with is not named by it",
      cancelled: ["r1", "r12"],
      errors: [
        [{ message: "Response r12 is not active." }, "cancel"],
        [{ message: "Response r12 is odd." }, "unclear"],
        [{ message: "Response r1 is not active." }, "cancel"],
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
    const side = new SideMessages(said);
    expect(errors.map(([wire]) => side.take(wire))).toEqual(errors.map(([, source]) => source));
  });
});

describe("an error that names a lane", () => {
  it.each<{ name: string; wire: WireError; source: Kind }>([
    { name: "is the lane's request's", wire: { code: "server_error" }, source: "lane" },
    { name: "is the lane's request's, whatever its code", wire: { code: "odd" }, source: "lane" },
    { name: "is never unclear", wire: { message: "Something broke." }, source: "lane" },
    {
      name: "is not about the connection's age",
      wire: { code: "websocket_connection_limit_reached" },
      source: "lane",
    },
    { name: "may answer a cancel", wire: { message: "Response resp_1 is not active." }, source: "cancel" },
  ])("$name", ({ wire, source }) => {
    expect(new SideMessages({ cancelled: ["resp_1"] }).take(wire, true)).toBe(source);
  });
});

it("an error about the connection's age is the connection's", () => {
  expect(new SideMessages({}).take({ code: "websocket_connection_limit_reached" })).toBe("age-limit");
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
    { name: "an unclear error says nothing about it", wires: [{}], refuses: false },
    { name: "a request's error says nothing about it", wires: [{ code: "server_error" }], refuses: false },
  ])("$name", ({ wires, refuses }) => {
    const side = new SideMessages({ cancelled: ["resp_1", "resp_2"] });
    for (const wire of wires) side.take(wire);
    expect(side.cancels.areRefused).toBe(refuses);
  });

  it("a steer that is refused says nothing about cancels", () => {
    const side = new SideMessages({ steers: 1 });
    side.take({ message: "Unsupported: response.steer" });
    expect(side.cancels.areRefused).toBe(false);
  });
});
