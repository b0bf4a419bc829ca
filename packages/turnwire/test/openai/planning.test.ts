import { describe, expect, it } from "vitest";
import { type ResponsePart, plan } from "../../src/openai/request/continuation.ts";
import { Conversation, ItemLog } from "../../src/openai/request/conversation.ts";
import { type Item, makeItem } from "../../src/openai/request/items.ts";
import type { ResponseInputItem, ResponseOutputItem } from "../../src/protocol/index.ts";
import { documentedReasons, reasonsGivenBy } from "./documented.ts";

// The items of a context.

const userWire = (content: string): ResponseInputItem => ({ type: "message", role: "user", content });

const user = (content: string): Item => makeItem(userWire(content), { kind: "other" });

const said = (text: string): Item =>
  makeItem({ type: "message", role: "assistant", content: text }, { kind: "text", text });

const called = (callId: string, name: string, args: string): Item =>
  makeItem(
    { type: "function_call", call_id: callId, name, arguments: args },
    { kind: "call", callId, name, arguments: args },
  );

const returned = (callId: string, output: string): Item =>
  makeItem({ type: "function_call_output", call_id: callId, output }, { kind: "output", callId });

const thought = (id: string): Item =>
  makeItem({ type: "reasoning", id: "", summary: [], encrypted_content: `secret ${id}` }, { kind: "reasoning", id });

/** A thought that only the connection it came from knows. */
const unsendableThought = (id: string): Item => makeItem(undefined, { kind: "reasoning", id });

// The output items of a server.

const message = (text: string): ResponseOutputItem => ({
  type: "message",
  id: "msg_1",
  role: "assistant",
  status: "completed",
  content: [{ type: "output_text", text, annotations: [] }],
});

const refusal = (text: string): ResponseOutputItem => ({
  type: "message",
  id: "msg_1",
  role: "assistant",
  status: "completed",
  content: [{ type: "refusal", refusal: text }],
});

const calls = (callId: string, name: string, args: string): ResponseOutputItem => ({
  type: "function_call",
  id: "fc_1",
  call_id: callId,
  name,
  arguments: args,
  status: "completed",
});

const thinks = (id: string): ResponseOutputItem => ({ type: "reasoning", id, summary: [] });

const searches: ResponseOutputItem = { type: "web_search_call", id: "ws_1", status: "completed" };

const output = (...items: ResponseOutputItem[]): ResponsePart => ({ kind: "output", items });
const steered = (...items: ResponseInputItem[]): ResponsePart => ({ kind: "input", items });

interface Holder {
  name: string;
  usedAt: number;
  latest: { responseId: string; conversation: Conversation; parts: readonly ResponsePart[] } | undefined;
}

/** A lane that keeps a response. */
interface Kept {
  lane: string;
  usedAt: number;
  /** The conversation that the response answered. */
  answered: readonly Item[];
  parts: readonly ResponsePart[];
}

interface Case {
  name: string;
  /** Empty: no lane keeps anything. A response's id is `resp_` and its lane. */
  kept: readonly Kept[];
  holds: readonly Item[];
  expected: { mode: "incremental" | "full"; from: number; parent?: [lane: string, responseId: string]; reason: string };
}

const conversationOf = (items: readonly Item[]): Conversation => new Conversation(new ItemLog(), items);

function holderOf({ lane, usedAt, answered, parts }: Kept): Holder {
  return {
    name: lane,
    usedAt,
    latest: { responseId: `resp_${lane}`, conversation: conversationOf(answered), parts },
  };
}

function planned(holds: Conversation, holders: readonly Holder[]): Case["expected"] {
  const { mode, from, parent, reason } = plan(holds, holders, "first-request");
  return { mode, from, ...(parent && { parent: [parent.holder.name, parent.responseId] }), reason };
}

const full = (reason: string): Case["expected"] => ({ mode: "full", from: 0, reason });
const last = (from: number, lane = "1"): Case["expected"] => ({
  mode: "incremental",
  from,
  parent: [lane, `resp_${lane}`],
  reason: "continues-last",
});
const earlier = (from: number, lane: string): Case["expected"] => ({
  ...last(from, lane),
  reason: "continues-earlier",
});

/** The only lane's response answered "Hi" with these parts. */
const answeredHi = (...parts: ResponsePart[]): Kept[] => [{ lane: "1", usedAt: 1, answered: [user("Hi")], parts }];

const weather = '{"city":"Kyiv"}';
const heldText = "text-missing";
const heldCalls = "calls-missing";
const heldReasoning = "reasoning-missing";
const heldOutput = "output-missing";
const heldSteered = "steering-missing";

const text: Case[] = [
  {
    name: "an input without items does not part what the model said around it",
    kept: answeredHi(output(message("Hel")), steered(), output(message("lo."))),
    holds: [user("Hi"), said("Hello."), user("Tea?")],
    expected: last(2),
  },
  {
    name: "an input without items at the end does not hide that nothing is new",
    kept: answeredHi(output(message("Hello.")), steered()),
    holds: [user("Hi"), said("Hello.")],
    expected: full("nothing-new"),
  },
  {
    name: "what follows the last response is sent",
    kept: answeredHi(output(message("Hello."))),
    holds: [user("Hi"), said("Hello."), user("Tea?")],
    expected: last(2),
  },
  {
    name: "several new messages are sent together",
    kept: answeredHi(output(message("Hello."))),
    holds: [user("Hi"), said("Hello."), user("Tea?"), user("Or coffee?")],
    expected: last(2),
  },
  {
    name: "two messages of the server are one in the context",
    kept: answeredHi(output(message("Hel"), message("lo."))),
    holds: [user("Hi"), said("Hello."), user("Tea?")],
    expected: last(2),
  },
  {
    name: "one message of the server is two in the context",
    kept: answeredHi(output(message("Hello."))),
    holds: [user("Hi"), said("Hel"), said("lo."), user("Tea?")],
    expected: last(3),
  },
  {
    name: "two parts of output with nothing between them read as one",
    kept: answeredHi(output(message("Hel")), output(message("lo."))),
    holds: [user("Hi"), said("Hello."), user("Tea?")],
    expected: last(2),
  },
  {
    name: "an empty message need not be in the context",
    kept: answeredHi(output(message(""))),
    holds: [user("Hi"), user("Tea?")],
    expected: last(1),
  },
  {
    name: "an empty output need not be in the context",
    kept: answeredHi(output()),
    holds: [user("Hi"), user("Tea?")],
    expected: last(1),
  },
  {
    name: "a refusal is text",
    kept: answeredHi(output(refusal("No."))),
    holds: [user("Hi"), said("No."), user("Tea?")],
    expected: last(2),
  },
  {
    name: "the assistant's text after the response is sent",
    kept: answeredHi(output(message("Hello."))),
    holds: [user("Hi"), said("Hello."), said("And welcome."), user("Tea?")],
    expected: last(2),
  },
  {
    name: "a text cut short is not the response's",
    kept: answeredHi(output(message("Hello there."))),
    holds: [user("Hi"), said("Hello"), user("Tea?")],
    expected: full(heldText),
  },
  {
    name: "a longer text is not the response's",
    kept: answeredHi(output(message("Hello"))),
    holds: [user("Hi"), said("Hello there."), user("Tea?")],
    expected: full(heldText),
  },
  {
    name: "a text that differs in a space is not the response's",
    kept: answeredHi(output(message("Hello. "))),
    holds: [user("Hi"), said("Hello."), user("Tea?")],
    expected: full(heldText),
  },
  {
    name: "a text that differs in case is not the response's",
    kept: answeredHi(output(message("Hello."))),
    holds: [user("Hi"), said("hello."), user("Tea?")],
    expected: full(heldText),
  },
  {
    name: "a text that is missing is missed",
    kept: answeredHi(output(message("Hello."))),
    holds: [user("Hi"), user("Tea?")],
    expected: full(heldText),
  },
  {
    name: "a text said by the user is not the response's",
    kept: answeredHi(output(message("Hello."))),
    holds: [user("Hi"), user("Hello."), user("Tea?")],
    expected: full(heldText),
  },
];

const functionCalls: Case[] = [
  {
    name: "a call is held and its output follows",
    kept: answeredHi(output(calls("c1", "weather", weather))),
    holds: [user("Hi"), called("c1", "weather", weather), returned("c1", "Rain")],
    expected: last(2),
  },
  {
    name: "parallel calls are held in their order",
    kept: answeredHi(output(message("One moment."), calls("c1", "weather", weather), calls("c2", "time", "{}"))),
    holds: [
      user("Hi"),
      said("One moment."),
      called("c1", "weather", weather),
      called("c2", "time", "{}"),
      returned("c1", "Rain"),
      returned("c2", "Noon"),
    ],
    expected: last(4),
  },
  {
    name: "parallel calls in another order are not the response's",
    kept: answeredHi(output(calls("c1", "weather", weather), calls("c2", "time", "{}"))),
    holds: [user("Hi"), called("c2", "time", "{}"), called("c1", "weather", weather), returned("c1", "Rain")],
    expected: full(heldCalls),
  },
  {
    name: "a call_id that differs is another call",
    kept: answeredHi(output(calls("c1", "weather", weather))),
    holds: [user("Hi"), called("c2", "weather", weather), returned("c2", "Rain")],
    expected: full(heldCalls),
  },
  {
    name: "a name that differs is another call",
    kept: answeredHi(output(calls("c1", "weather", weather))),
    holds: [user("Hi"), called("c1", "forecast", weather), returned("c1", "Rain")],
    expected: full(heldCalls),
  },
  {
    name: "arguments with another value are another call",
    kept: answeredHi(output(calls("c1", "weather", weather))),
    holds: [user("Hi"), called("c1", "weather", '{"city":"Lviv"}'), returned("c1", "Rain")],
    expected: full(heldCalls),
  },
  {
    name: "arguments of the same value, written in another way, are another call: the server would see other letters",
    kept: answeredHi(output(calls("c1", "weather", weather))),
    holds: [user("Hi"), called("c1", "weather", '{ "city": "Kyiv" }'), returned("c1", "Rain")],
    expected: full(heldCalls),
  },
  {
    name: "broken arguments are held to the letter",
    kept: answeredHi(output(calls("c1", "weather", '{"city":'))),
    holds: [user("Hi"), called("c1", "weather", '{"city":'), returned("c1", "Rain")],
    expected: last(2),
  },
  {
    name: "a call that is missing is missed",
    kept: answeredHi(output(message("One moment."), calls("c1", "weather", weather))),
    holds: [user("Hi"), said("One moment."), user("Tea?")],
    expected: full(heldCalls),
  },
  {
    name: "the text before a call has to be held, too",
    kept: answeredHi(output(message("One moment."), calls("c1", "weather", weather))),
    holds: [user("Hi"), called("c1", "weather", weather), returned("c1", "Rain")],
    expected: full(heldText),
  },
  {
    name: "texts before and after a call are not one text",
    kept: answeredHi(output(message("One"), calls("c1", "time", "{}"), message("Two"))),
    holds: [user("Hi"), said("OneTwo"), called("c1", "time", "{}"), returned("c1", "Noon")],
    expected: full(heldText),
  },
];

const otherItems: Case[] = [
  {
    name: "a thought is held by its id",
    kept: answeredHi(output(thinks("rs_1"), message("Hello."))),
    holds: [user("Hi"), thought("rs_1"), said("Hello."), user("Tea?")],
    expected: last(3),
  },
  {
    name: "a thought that cannot be sent again is still held",
    kept: answeredHi(output(thinks("rs_1"), message("Hello."))),
    holds: [user("Hi"), unsendableThought("rs_1"), said("Hello."), user("Tea?")],
    expected: last(3),
  },
  {
    name: "a thought with another id is another thought",
    kept: answeredHi(output(thinks("rs_1"), message("Hello."))),
    holds: [user("Hi"), thought("rs_2"), said("Hello."), user("Tea?")],
    expected: full(heldReasoning),
  },
  {
    name: "a thought that is missing is missed",
    kept: answeredHi(output(thinks("rs_1"), message("Hello."))),
    holds: [user("Hi"), said("Hello."), user("Tea?")],
    expected: full(heldReasoning),
  },
  {
    name: "the call of a provider's own tool is never held",
    kept: answeredHi(output(searches, message("Hello."))),
    holds: [user("Hi"), user("search"), said("Hello."), user("Tea?")],
    expected: full(heldOutput),
  },
];

const history: Case[] = [
  {
    name: "a changed message is a changed history",
    kept: answeredHi(output(message("Hello."))),
    holds: [user("Hey"), said("Hello."), user("Tea?")],
    expected: full("history-changed"),
  },
  {
    name: "a dropped message is a changed history",
    kept: [{ lane: "1", usedAt: 1, answered: [user("Hi"), user("Hey")], parts: [output(message("Hello."))] }],
    holds: [user("Hey"), said("Hello."), user("Tea?")],
    expected: full("history-changed"),
  },
  {
    name: "a context that is shorter than what was answered is a changed history",
    kept: [{ lane: "1", usedAt: 1, answered: [user("Hi"), user("Hey")], parts: [output(message("Hello."))] }],
    holds: [user("Hi")],
    expected: full("history-changed"),
  },
  {
    name: "the output of a function that differs is a changed history",
    kept: [
      {
        lane: "1",
        usedAt: 1,
        answered: [user("Hi"), called("c1", "time", "{}"), returned("c1", "Noon")],
        parts: [output(message("It is noon."))],
      },
    ],
    holds: [
      user("Hi"),
      called("c1", "time", "{}"),
      returned("c1", "Midnight"),
      said("It is noon."),
      user("Are you sure?"),
    ],
    expected: full("history-changed"),
  },
  {
    name: "a context that ends with the response leaves nothing to send",
    kept: answeredHi(output(message("Hello."))),
    holds: [user("Hi"), said("Hello.")],
    expected: full("nothing-new"),
  },
  {
    name: "a response without output is followed by nothing when the context is what it answered",
    kept: answeredHi(output()),
    holds: [user("Hi")],
    expected: full("nothing-new"),
  },
  { name: "no lane keeps anything", kept: [], holds: [user("Hi")], expected: full("first-request") },
];

const steering: Case[] = [
  {
    name: "what was steered stands where it was taken into account",
    kept: answeredHi(output(message("One, ")), steered(userWire("Faster")), output(message("done."))),
    holds: [user("Hi"), said("One, "), user("Faster"), said("done."), user("Tea?")],
    expected: last(4),
  },
  {
    name: "several messages that were steered stand in their order",
    kept: answeredHi(output(message("One, ")), steered(userWire("Faster"), userWire("Please")), output(message("ok."))),
    holds: [user("Hi"), said("One, "), user("Faster"), user("Please"), said("ok."), user("Tea?")],
    expected: last(5),
  },
  {
    name: "what was steered is missing",
    kept: answeredHi(output(message("One, ")), steered(userWire("Faster")), output(message("done."))),
    holds: [user("Hi"), said("One, "), said("done."), user("Tea?")],
    expected: full(heldSteered),
  },
  {
    name: "the second message that was steered is missing",
    kept: answeredHi(output(message("One, ")), steered(userWire("Faster"), userWire("Please")), output(message("ok."))),
    holds: [user("Hi"), said("One, "), user("Faster"), said("ok."), user("Tea?")],
    expected: full(heldSteered),
  },
  {
    name: "what was steered differs",
    kept: answeredHi(output(message("One, ")), steered(userWire("Faster")), output(message("done."))),
    holds: [user("Hi"), said("One, "), user("Slower"), said("done."), user("Tea?")],
    expected: full(heldSteered),
  },
  {
    name: "steered input stands after the answer",
    kept: answeredHi(output(message("One, ")), steered(userWire("Faster")), output(message("done."))),
    holds: [user("Hi"), said("One, "), said("done."), user("Faster"), user("Tea?")],
    expected: full(heldSteered),
  },
  {
    name: "the text after steered input is cut short",
    kept: answeredHi(output(message("One, ")), steered(userWire("Faster")), output(message("done."))),
    holds: [user("Hi"), said("One, "), user("Faster"), said("do"), user("Tea?")],
    expected: full(heldText),
  },
];

const first = { answered: [user("Hi")], parts: [output(message("Hello."))] };
const second = { answered: [user("Hi"), said("Hello."), user("Tea?")], parts: [output(message("With milk?"))] };

const lanes: Case[] = [
  {
    name: "the deepest of two responses is continued",
    kept: [
      { lane: "1", usedAt: 1, ...first },
      { lane: "2", usedAt: 2, ...second },
    ],
    holds: [user("Hi"), said("Hello."), user("Tea?"), said("With milk?"), user("Yes")],
    expected: last(4, "2"),
  },
  {
    name: "the deepest is continued in whichever order the lanes come",
    kept: [
      { lane: "2", usedAt: 2, ...second },
      { lane: "1", usedAt: 1, ...first },
    ],
    holds: [user("Hi"), said("Hello."), user("Tea?"), said("With milk?"), user("Yes")],
    expected: last(4, "2"),
  },
  {
    name: "the response before is continued when the last one was cut short",
    kept: [
      { lane: "1", usedAt: 1, ...first },
      { lane: "2", usedAt: 2, ...second },
    ],
    holds: [user("Hi"), said("Hello."), user("Tea?"), said("With"), user("No, coffee")],
    expected: earlier(2, "1"),
  },
  {
    name: "the response before is continued when the last message was edited",
    kept: [
      { lane: "2", usedAt: 2, ...second },
      { lane: "1", usedAt: 1, ...first },
    ],
    holds: [user("Hi"), said("Hello."), user("Coffee?")],
    expected: earlier(2, "1"),
  },
  {
    name: "the response before is continued when nothing follows the last one",
    kept: [
      { lane: "1", usedAt: 1, ...first },
      { lane: "2", usedAt: 2, ...second },
    ],
    holds: [user("Hi"), said("Hello."), user("Tea?"), said("With milk?")],
    expected: earlier(2, "1"),
  },
  {
    name: "an older response that does not fit does not make the last one an earlier one",
    kept: [
      { lane: "1", usedAt: 1, answered: [user("Bonjour")], parts: [output(message("Salut."))] },
      { lane: "2", usedAt: 2, ...first },
    ],
    holds: [user("Hi"), said("Hello."), user("Tea?")],
    expected: last(2, "2"),
  },
  {
    name: "the reason for a full turn is that of the lane used last",
    kept: [
      { lane: "1", usedAt: 1, ...first },
      { lane: "2", usedAt: 3, ...second },
      { lane: "3", usedAt: 2, answered: [user("Bonjour")], parts: [output(message("Salut."))] },
    ],
    holds: [user("Hi"), said("Hello"), user("Tea?")],
    expected: full("history-changed"),
  },
  {
    name: "the reason is that of the lane used last in another order, too",
    kept: [
      { lane: "3", usedAt: 2, answered: [user("Bonjour")], parts: [output(message("Salut."))] },
      { lane: "1", usedAt: 4, ...first },
      { lane: "2", usedAt: 3, ...second },
    ],
    holds: [user("Hi"), said("Hello"), user("Tea?")],
    expected: full(heldText),
  },
];

const cases = [...text, ...functionCalls, ...otherItems, ...history, ...steering, ...lanes];

describe.each([
  ["text", text],
  ["function calls", functionCalls],
  ["other items", otherItems],
  ["the history", history],
  ["what was steered", steering],
  ["several lanes", lanes],
])("planning: %s", (_, rows) => {
  it.each(rows)("$name", ({ kept, holds, expected }) => {
    expect(planned(conversationOf(holds), kept.map(holderOf))).toEqual(expected);
  });
});

describe("planning: what lanes keep", () => {
  it("passes over a lane that keeps nothing", () => {
    const empty: Holder = { name: "2", usedAt: 2, latest: undefined };
    const kept = holderOf({ lane: "1", usedAt: 1, ...first });
    const holds = conversationOf([user("Hi"), said("Hello."), user("Tea?")]);
    expect(planned(holds, [empty, kept])).toEqual(last(2, "1"));
    expect(planned(holds, [empty])).toEqual(full("first-request"));
  });

  it("compares two views of one log, and what is in their tails", () => {
    const log = new ItemLog();
    log.push(user("Hi"));
    const answered = new Conversation(log, [user("and welcome")]);
    const holder: Holder = {
      name: "1",
      usedAt: 1,
      latest: { responseId: "resp_1", conversation: answered, parts: [output(message("Hello."))] },
    };
    const sameTail = new Conversation(log, [user("and welcome"), said("Hello."), user("Tea?")]);
    const otherTail = new Conversation(log, [user("and goodbye"), said("Hello."), user("Tea?")]);
    expect(planned(sameTail, [holder])).toEqual(last(3));
    expect(planned(otherTail, [holder])).toEqual(full("history-changed"));
  });
});

describe("planning: the reasons", () => {
  it("are all given by a row of these tables", () => {
    const given = new Set(cases.map(({ expected }) => expected.reason));
    given.delete("first-request");
    expect([...given].toSorted()).toEqual(reasonsGivenBy.planning.toSorted());
  });

  it("of planning, the retry decision and the rest are those of docs/continuation.md", () => {
    expect(documentedReasons().toSorted()).toEqual(Object.values(reasonsGivenBy).flat().toSorted());
  });
});
