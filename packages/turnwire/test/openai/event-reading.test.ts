import { describe, expect, it } from "vitest";
import { ProviderError } from "../../src/errors.ts";
import {
  type Frame,
  LLMTextFrame,
  LLMThoughtEndFrame,
  LLMThoughtStartFrame,
  LLMThoughtTextFrame,
} from "../../src/frames/index.ts";
import { type ReadResponse, ResponseReader } from "../../src/openai/response/response-reader.ts";
import { parseEvent, type RawEvent } from "../../src/protocol/index.ts";
import { tableUnder } from "@turnwire/test-kit";
import { rowsBy } from "./documented.ts";

/** A frame in few words: a piece of text as it is. */
type Seen = string | { thought: "starts" } | { thinks: string } | { thought: "ends"; llm: string; item: unknown };

function seenOf(frame: Frame): Seen {
  if (frame instanceof LLMTextFrame) return frame.text;
  if (frame instanceof LLMThoughtStartFrame) return { thought: "starts" };
  if (frame instanceof LLMThoughtTextFrame) return { thinks: frame.text };
  if (frame instanceof LLMThoughtEndFrame) return { thought: "ends", llm: frame.llm, item: frame.item };
  throw new Error(`a reader gives no ${String(frame)}`);
}

/** An event as it comes: JSON. */
function eventOf(json: string): RawEvent {
  const event = parseEvent(json);
  if (event === undefined) throw new Error(`no JSON object: ${json}`);
  return event;
}

const starts: Seen = { thought: "starts" };
const thinks = (text: string): Seen => ({ thinks: text });
const ends = (item: unknown): Seen => ({ thought: "ends", llm: "openai", item });

const created = '{"type":"response.created","response":{"id":"resp_1","model":"gpt-4.1-2025-04-14"}}';
const completed = '{"type":"response.completed","response":{"id":"resp_1","status":"completed","output":[]}}';
const hello =
  '{"type":"response.output_text.delta","item_id":"msg_1","output_index":0,"content_index":0,"delta":"Hello"}';
const world =
  '{"type":"response.output_text.delta","item_id":"msg_1","output_index":0,"content_index":0,"delta":", world."}';

const message = {
  type: "message",
  id: "msg_1",
  role: "assistant",
  content: [{ type: "output_text", text: "Hello, world.", annotations: [] }],
};
const call = { type: "function_call", id: "fc_1", call_id: "c1", name: "time", arguments: '{"zone":"UTC"}' };
const reasoning = {
  type: "reasoning",
  id: "rs_1",
  summary: [
    { type: "summary_text", text: "First." },
    { type: "summary_text", text: "Second." },
  ],
  encrypted_content: "secret",
};

const done = (index: number, item: object): string =>
  JSON.stringify({ type: "response.output_item.done", output_index: index, item });
const completedWith = (...output: object[]): string =>
  JSON.stringify({ type: "response.completed", response: { id: "resp_1", status: "completed", output } });
const piece = (index: number, text: string, sequence?: number): string =>
  JSON.stringify({
    type: "response.output_text.delta",
    item_id: `msg_${index}`,
    output_index: index,
    delta: text,
    sequence_number: sequence,
  });

/** A finished message. */
const said = (id: string | undefined, text: string): object => ({
  type: "message",
  id,
  role: "assistant",
  content: [{ type: "output_text", text }],
});
/** A piece without an index. */
const idPiece = (id: string, delta: string): string =>
  JSON.stringify({ type: "response.output_text.delta", item_id: id, delta });

interface Case {
  name: string;
  events: readonly string[];
  /** The result of each event, in order. */
  frames: readonly Seen[];
  /** The result's fields that the case is about; absent: there is no result. */
  result?: Partial<Omit<ReadResponse, "output"> & { output: readonly object[] }>;
}

const text: Case[] = [
  {
    name: "pieces are delivered as they come",
    events: [created, hello, world, done(0, message), completedWith(message)],
    frames: ["Hello", ", world."],
    result: { responseId: "resp_1", completed: true, incompleteReason: undefined, functionCalls: [] },
  },
  {
    name: "without pieces the finished item says the text",
    events: [created, done(0, message), completedWith(message)],
    frames: ["Hello, world."],
    result: { completed: true },
  },
  {
    name: "without pieces and finished items the last event says the text",
    events: [created, completedWith(message)],
    frames: ["Hello, world."],
    result: { completed: true },
  },
  {
    name: "the finished item says what is missing at the end of the pieces",
    events: [created, hello, done(0, message), completedWith(message)],
    frames: ["Hello", ", world."],
    result: { completed: true },
  },
  {
    name: "the last event says what is missing at the end of the pieces",
    events: [created, hello, completedWith(message)],
    frames: ["Hello", ", world."],
    result: { completed: true },
  },
  {
    name: "pieces without a finished item or output stand as they are",
    events: [created, hello, completed],
    frames: ["Hello"],
    result: { completed: true, output: [] },
  },
  {
    name: "a finished item without text says nothing",
    events: [created, hello, done(0, { ...message, content: [] }), completed],
    frames: ["Hello"],
    result: { completed: true },
  },
  {
    name: "a finished message without content says nothing",
    events: [created, done(0, { type: "message", id: "msg_1", role: "assistant" }), completed],
    frames: [],
    result: { completed: true },
  },
  {
    name: "an item that is finished twice says its text once",
    events: [created, done(0, message), done(0, message), completedWith(message)],
    frames: ["Hello, world."],
    result: { completed: true },
  },
  {
    name: "two messages are told apart by their index",
    events: [
      created,
      piece(0, "One."),
      piece(1, "Two."),
      completedWith(
        { ...message, id: "msg_0", content: [{ type: "output_text", text: "One." }] },
        { ...message, id: "msg_1", content: [{ type: "output_text", text: "Two. Three." }] },
      ),
    ],
    frames: ["One.", "Two.", " Three."],
    result: { completed: true },
  },
  {
    name: "without an index, messages are told apart by their id",
    events: [
      created,
      '{"type":"response.output_text.delta","item_id":"msg_1","delta":"Hello"}',
      JSON.stringify({ type: "response.output_item.done", item: message }),
      completedWith(message),
    ],
    frames: ["Hello", ", world."],
    result: { completed: true },
  },
  {
    name: "without index and id there is one message",
    events: [created, '{"type":"response.output_text.delta","delta":"Hello"}', completedWith(message)],
    frames: ["Hello", ", world."],
    result: { completed: true },
  },
  {
    name: "the last event may leave items out: what it has is found by its id",
    events: [created, done(0, reasoning), piece(1, "Hi"), completedWith(said("msg_1", "Hi"))],
    frames: [starts, thinks("First.\n\nSecond."), ends(reasoning), "Hi"],
    result: { completed: true },
  },
  {
    name: "the last event may leave items out and write new ids: what it has is found by its kind",
    events: [created, done(0, reasoning), piece(1, "Hi"), completedWith(said("msg_new", "Hi there"))],
    frames: [starts, thinks("First.\n\nSecond."), ends(reasoning), "Hi", " there"],
    result: { completed: true },
  },
  {
    name: "the last event may have items in another order",
    events: [
      created,
      piece(0, "One."),
      piece(1, "Two."),
      completedWith(said("msg_1", "Two. Three."), said("msg_0", "One.")),
    ],
    frames: ["One.", "Two.", " Three."],
    result: { completed: true },
  },
  {
    name: "an item with a new id does not take the place of the one whose id is known",
    events: [created, piece(0, "Two."), completedWith(said("msg_9", "One. "), said("msg_0", "Two."))],
    frames: ["Two.", "One. "],
    result: { completed: true },
  },
  {
    name: "pieces with an id alone and a finished item with an index are one message",
    events: [created, idPiece("msg_1", "Hello"), done(0, message), completedWith(message)],
    frames: ["Hello", ", world."],
    result: { completed: true },
  },
  {
    name: "pieces with an index alone and a finished item with an id are one message",
    events: [
      created,
      '{"type":"response.output_text.delta","output_index":0,"delta":"Hello"}',
      JSON.stringify({ type: "response.output_item.done", item: message }),
      completedWith(message),
    ],
    frames: ["Hello", ", world."],
    result: { completed: true },
  },
  {
    name: "pieces with ids alone and finished items with indexes alone are matched in their order",
    events: [
      created,
      idPiece("msg_0", "One."),
      idPiece("msg_1", "Two."),
      done(0, said(undefined, "One.")),
      done(1, said(undefined, "Two.")),
      completedWith(said("msg_0", "One."), said("msg_1", "Two.")),
    ],
    frames: ["One.", "Two."],
    result: { completed: true },
  },
  {
    name: "an index that changes does not make another message of the same id",
    events: [created, piece(1, "Hi"), done(0, said("msg_1", "Hi")), completedWith(said("msg_1", "Hi"))],
    frames: ["Hi"],
    result: { completed: true },
  },
  {
    name: "an id that changes with every event does not make another message of the same index",
    events: [
      created,
      '{"type":"response.output_text.delta","item_id":"a","output_index":0,"delta":"Hello"}',
      '{"type":"response.output_text.delta","item_id":"b","output_index":0,"delta":", world."}',
      done(0, said("c", "Hello, world.")),
      completedWith(said("d", "Hello, world.")),
    ],
    frames: ["Hello", ", world."],
    result: { completed: true },
  },
  {
    name: "an index that is always 0 does not make one item of two",
    events: [
      created,
      done(0, reasoning),
      '{"type":"response.output_text.delta","item_id":"msg_1","output_index":0,"delta":"Hello"}',
      done(0, message),
      completedWith(reasoning, message),
    ],
    frames: [starts, thinks("First.\n\nSecond."), ends(reasoning), "Hello", ", world."],
    result: { completed: true },
  },
  {
    name: "an id that all messages have does not make one message of two",
    events: [
      created,
      '{"type":"response.output_text.delta","item_id":"msg","output_index":0,"delta":"One."}',
      done(0, said("msg", "One.")),
      '{"type":"response.output_text.delta","item_id":"msg","output_index":1,"delta":"Two."}',
      done(1, said("msg", "Two.")),
      completedWith(said("msg", "One."), said("msg", "Two.")),
    ],
    frames: ["One.", "Two."],
    result: { completed: true },
  },
  {
    name: "several parts are one text",
    events: [
      created,
      completedWith({
        ...message,
        content: [
          { type: "output_text", text: "Hello" },
          { type: "output_text", text: ", world." },
        ],
      }),
    ],
    frames: ["Hello, world."],
    result: { completed: true },
  },
  {
    name: "a refusal is text, in pieces",
    events: [
      created,
      '{"type":"response.refusal.delta","item_id":"msg_1","output_index":0,"delta":"I can"}',
      '{"type":"response.refusal.delta","item_id":"msg_1","output_index":0,"delta":"not."}',
      done(0, { ...message, content: [{ type: "refusal", refusal: "I cannot." }] }),
      completed,
    ],
    frames: ["I can", "not."],
    result: { completed: true },
  },
  {
    name: "a refusal is text, at the end",
    events: [created, completedWith({ ...message, content: [{ type: "refusal", refusal: "I cannot." }] })],
    frames: ["I cannot."],
    result: { completed: true },
  },
  { name: "an empty piece gives no frame", events: [created, piece(0, "")], frames: [] },
  {
    name: "a piece that is no string gives no frame",
    events: [created, '{"type":"response.output_text.delta","output_index":0,"delta":7}'],
    frames: [],
  },
];

const thoughts: Case[] = [
  {
    name: "a thought starts, is thought in pieces, and ends with its item",
    events: [
      created,
      '{"type":"response.reasoning_summary_text.delta","output_index":0,"summary_index":0,"delta":"Fir"}',
      '{"type":"response.reasoning_summary_text.delta","output_index":0,"summary_index":0,"delta":"st."}',
      done(0, reasoning),
    ],
    frames: [starts, thinks("Fir"), thinks("st."), ends(reasoning)],
  },
  {
    name: "another part of a summary is another paragraph",
    events: [
      created,
      '{"type":"response.reasoning_summary_text.delta","output_index":0,"summary_index":0,"delta":"First."}',
      '{"type":"response.reasoning_summary_text.delta","output_index":0,"summary_index":1,"delta":"Second."}',
    ],
    frames: [starts, thinks("First."), thinks("\n\n"), thinks("Second.")],
  },
  {
    name: "pieces without the index of a part are one paragraph",
    events: [
      created,
      '{"type":"response.reasoning_summary_text.delta","output_index":0,"delta":"Fir"}',
      '{"type":"response.reasoning_summary_text.delta","output_index":0,"delta":"s"}',
      '{"type":"response.reasoning_text.delta","output_index":0,"summary_index":null,"delta":"t."}',
    ],
    frames: [starts, thinks("Fir"), thinks("s"), thinks("t.")],
  },
  {
    name: "a thought and text that name no item are two items",
    events: [
      created,
      '{"type":"response.reasoning_text.delta","delta":"Hm."}',
      '{"type":"response.output_text.delta","delta":"Hello"}',
      completedWith(reasoning, message),
    ],
    frames: [starts, thinks("Hm."), "Hello", ends(reasoning), ", world."],
    result: { completed: true },
  },
  {
    name: "a thought may come as text",
    events: [
      created,
      '{"type":"response.reasoning_text.delta","output_index":0,"content_index":0,"delta":"Fir"}',
      '{"type":"response.reasoning_text.delta","output_index":0,"content_index":0,"delta":"st."}',
      '{"type":"response.reasoning_text.delta","output_index":0,"content_index":1,"delta":"Second."}',
    ],
    frames: [starts, thinks("Fir"), thinks("st."), thinks("\n\n"), thinks("Second.")],
  },
  {
    name: "without pieces the finished item says the whole summary",
    events: [created, done(0, reasoning)],
    frames: [starts, thinks("First.\n\nSecond."), ends(reasoning)],
  },
  {
    name: "without a finished item the last event ends the thought",
    events: [
      created,
      '{"type":"response.reasoning_summary_text.delta","output_index":0,"summary_index":0,"delta":"First."}',
      completedWith(reasoning),
    ],
    frames: [starts, thinks("First."), ends(reasoning)],
    result: { completed: true },
  },
  {
    name: "a thought without a summary starts and ends",
    events: [created, done(0, { type: "reasoning", id: "rs_1", summary: [] })],
    frames: [starts, ends({ type: "reasoning", id: "rs_1", summary: [] })],
  },
  {
    name: "a thought that lacks the field starts and ends",
    events: [created, done(0, { type: "reasoning", id: "rs_1" })],
    frames: [starts, ends({ type: "reasoning", id: "rs_1" })],
  },
  {
    name: "a thought that the last event repeats ends once",
    events: [created, done(0, reasoning), done(1, message), completedWith(reasoning, message)],
    frames: [starts, thinks("First.\n\nSecond."), ends(reasoning), "Hello, world."],
    result: { completed: true },
  },
  {
    name: "two thoughts are two",
    events: [created, done(0, { type: "reasoning", id: "rs_1" }), done(1, { type: "reasoning", id: "rs_2" })],
    frames: [starts, ends({ type: "reasoning", id: "rs_1" }), starts, ends({ type: "reasoning", id: "rs_2" })],
  },
];

const asked = { functionName: "time", toolCallId: "c1", arguments: '{"zone":"UTC"}' };
const calls: Case[] = [
  {
    name: "a finished call is asked for at the end",
    events: [
      created,
      '{"type":"response.function_call_arguments.delta","item_id":"fc_1","output_index":0,"delta":"{}"}',
      done(0, call),
      completedWith(call),
    ],
    frames: [],
    result: { completed: true, functionCalls: [asked], output: [call] },
  },
  { name: "there is no result before the end", events: [created, done(0, call)], frames: [] },
  {
    name: "a call that only the last event tells of is asked for",
    events: [created, completedWith(call)],
    frames: [],
    result: { functionCalls: [asked] },
  },
  {
    name: "a call that only its item tells of is asked for, and is output",
    events: [created, done(0, call), completed],
    frames: [],
    result: { functionCalls: [asked], output: [call] },
  },
  {
    name: "the event of its arguments says what the item leaves out",
    events: [
      created,
      '{"type":"response.function_call_arguments.done","output_index":0,"arguments":"{\\"zone\\":\\"UTC\\"}"}',
      done(0, { ...call, arguments: "" }),
      completed,
    ],
    frames: [],
    result: { functionCalls: [asked] },
  },
  {
    name: "the item's arguments are believed before those of the event",
    events: [
      created,
      '{"type":"response.function_call_arguments.done","output_index":0,"arguments":"{}"}',
      done(0, call),
      completed,
    ],
    frames: [],
    result: { functionCalls: [asked] },
  },
  {
    name: "calls that name no item are asked for each",
    events: [
      created,
      '{"type":"response.function_call_arguments.done","arguments":"{\\"zone\\":\\"UTC\\"}"}',
      JSON.stringify({ type: "response.output_item.done", item: { ...call, id: undefined, arguments: "" } }),
      '{"type":"response.function_call_arguments.done","arguments":"{\\"city\\":\\"Kyiv\\"}"}',
      JSON.stringify({
        type: "response.output_item.done",
        item: { ...call, id: undefined, call_id: "c2", name: "weather", arguments: "" },
      }),
      completed,
    ],
    frames: [],
    result: {
      functionCalls: [asked, { functionName: "weather", toolCallId: "c2", arguments: '{"city":"Kyiv"}' }],
    },
  },
  {
    name: "a call that only the last event has differs from those before by its call id",
    events: [created, done(0, call), completedWith({ ...call, id: "fc_2", call_id: "c2" })],
    frames: [],
    result: { functionCalls: [asked, { ...asked, toolCallId: "c2" }] },
  },
  {
    name: "a call without arguments has empty ones",
    events: [created, completedWith({ ...call, arguments: "" })],
    frames: [],
    result: { functionCalls: [{ ...asked, arguments: "" }] },
  },
  {
    name: "an unfinished call is not asked for",
    events: [created, completedWith({ ...call, status: "incomplete" })],
    frames: [],
    result: { functionCalls: [] },
  },
  {
    name: "a call whose item never comes is not asked for",
    events: [created, '{"type":"response.function_call_arguments.done","output_index":0,"arguments":"{}"}', completed],
    frames: [],
    result: { functionCalls: [] },
  },
  {
    name: "a call id that comes twice is asked for once",
    events: [created, completedWith(call, { ...call, id: "fc_2" })],
    frames: [],
    result: { functionCalls: [asked] },
  },
  {
    name: "parallel calls are asked for in their order",
    events: [created, completedWith(call, { ...call, id: "fc_2", call_id: "c2", name: "weather" })],
    frames: [],
    result: { functionCalls: [asked, { ...asked, toolCallId: "c2", functionName: "weather" }] },
  },
  {
    name: "text and calls are both delivered",
    events: [created, hello, completedWith(message, call)],
    frames: ["Hello", ", world."],
    result: { functionCalls: [asked] },
  },
];

const numbers: Case[] = [
  {
    name: "a piece that comes again with its number is dropped",
    events: [piece(0, "a", 1), piece(0, "b", 2), piece(0, "b", 2), piece(0, "c", 3)],
    frames: ["a", "b", "c"],
  },
  {
    name: "an older piece that comes again is dropped",
    events: [piece(0, "a", 1), piece(0, "b", 2), piece(0, "c", 3), piece(0, "a", 1)],
    frames: ["a", "b", "c"],
  },
  {
    name: "numbers need not follow each other",
    events: [piece(0, "a", 10), piece(0, "b", 20), piece(0, "c", 21)],
    frames: ["a", "b", "c"],
  },
  {
    name: "numbers that never rise say nothing",
    events: [piece(0, "a", 0), piece(0, "b", 0), piece(0, "c", 0)],
    frames: ["a", "b", "c"],
  },
  {
    name: "a number that has risen only once says nothing",
    events: [piece(0, "a", 5), piece(0, "b", 4), piece(0, "c", 3)],
    frames: ["a", "b", "c"],
  },
  {
    name: "a piece without a number is never dropped",
    events: [piece(0, "a", 1), piece(0, "b", 2), piece(0, "b"), piece(0, "b")],
    frames: ["a", "b", "b", "b"],
  },
  {
    name: "a number that is no number says nothing",
    events: [
      piece(0, "a", 1),
      piece(0, "b", 2),
      '{"type":"response.output_text.delta","output_index":0,"delta":"c","sequence_number":"2"}',
    ],
    frames: ["a", "b", "c"],
  },
  {
    name: "only pieces are dropped: what ends the response is believed whatever its number",
    events: [
      piece(0, "Hello", 1),
      piece(0, ", world.", 2),
      '{"type":"response.completed","sequence_number":2,"response":{"id":"resp_1","output":[]}}',
    ],
    frames: ["Hello", ", world."],
    result: { completed: true },
  },
  {
    name: "a piece of a thought that comes again is dropped, too",
    events: [
      '{"type":"response.reasoning_text.delta","output_index":0,"content_index":0,"delta":"a","sequence_number":1}',
      '{"type":"response.reasoning_text.delta","output_index":0,"content_index":0,"delta":"b","sequence_number":2}',
      '{"type":"response.reasoning_text.delta","output_index":0,"content_index":0,"delta":"b","sequence_number":2}',
    ],
    frames: [starts, thinks("a"), thinks("b")],
  },
];

const skipped: Case[] = [
  {
    name: "unknown events are skipped, wherever they come",
    events: [
      '{"type":"proxy.hello"}',
      created,
      '{"type":"response.in_progress"}',
      hello,
      '{"type":"codex.rate_limits"}',
    ],
    frames: ["Hello"],
  },
  { name: "an event without a type is skipped", events: [created, '{"delta":"Hello"}'], frames: [] },
  {
    name: "an event without a type and with an error that is null is skipped",
    events: [created, '{"error":null}', hello],
    frames: ["Hello"],
  },
  {
    name: "the event that a text is done says nothing that the item does not",
    events: [created, hello, '{"type":"response.output_text.done","output_index":0,"text":"Hello, world."}'],
    frames: ["Hello"],
  },
  {
    name: "an item that is no item is skipped",
    events: [
      created,
      '{"type":"response.output_item.done","output_index":0}',
      '{"type":"response.output_item.done","output_index":0,"item":{"id":"msg_1"}}',
      '{"type":"response.output_item.done","output_index":0,"item":"message"}',
      done(0, message),
    ],
    frames: ["Hello, world."],
  },
  {
    name: "an output that is no list is none",
    events: [created, hello, '{"type":"response.completed","response":{"id":"resp_1","output":"Hello"}}'],
    frames: ["Hello"],
    result: { completed: true, output: [] },
  },
  {
    name: "an output item of a kind without frames is kept in the output",
    events: [created, completedWith({ type: "web_search_call", id: "ws_1", status: "completed" })],
    frames: [],
    result: { output: [{ type: "web_search_call", id: "ws_1", status: "completed" }], functionCalls: [] },
  },
  {
    name: "a last event without a response ends it, too",
    events: [created, hello, '{"type":"response.completed"}'],
    frames: ["Hello"],
    result: { responseId: "resp_1", completed: true, output: [], usage: undefined },
  },
];

const endings: Case[] = [
  {
    name: "completed",
    events: [created, completed],
    frames: [],
    result: { responseId: "resp_1", completed: true, incompleteReason: undefined },
  },
  {
    name: "incomplete with a reason",
    events: [
      created,
      hello,
      '{"type":"response.incomplete","response":{"id":"resp_1","incomplete_details":{"reason":"max_output_tokens"}}}',
    ],
    frames: ["Hello"],
    result: { responseId: "resp_1", completed: false, incompleteReason: "max_output_tokens" },
  },
  {
    name: "incomplete without a reason",
    events: [created, '{"type":"response.incomplete","response":{"id":"resp_1","incomplete_details":null}}'],
    frames: [],
    result: { completed: false, incompleteReason: "unknown" },
  },
  {
    name: "cancelled",
    events: [created, hello, '{"type":"response.cancelled","response":{"id":"resp_1"}}'],
    frames: ["Hello"],
    result: { responseId: "resp_1", completed: false, incompleteReason: "cancelled" },
  },
  {
    name: "cancelled with a reason",
    events: [created, '{"type":"response.cancelled","response":{"incomplete_details":{"reason":"turn_detected"}}}'],
    frames: [],
    result: { completed: false, incompleteReason: "turn_detected" },
  },
  {
    name: "an id that only the last event says",
    events: [hello, '{"type":"response.completed","response":{"id":"resp_7","output":[]}}'],
    frames: ["Hello"],
    result: { responseId: "resp_7" },
  },
  {
    name: "a response without an id",
    events: ['{"type":"response.created","response":{}}', '{"type":"response.completed","response":{"output":[]}}'],
    frames: [],
    result: { responseId: undefined, completed: true },
  },
  {
    name: "the text of a response that was cut off is what was streamed",
    events: [
      created,
      hello,
      JSON.stringify({
        type: "response.incomplete",
        response: {
          id: "resp_1",
          incomplete_details: { reason: "content_filter" },
          output: [{ ...message, status: "incomplete", content: [{ type: "output_text", text: "Hello, w" }] }],
        },
      }),
    ],
    frames: ["Hello", ", w"],
    result: { completed: false, incompleteReason: "content_filter" },
  },
];

describe.each([
  ["text", text],
  ["thoughts", thoughts],
  ["function calls", calls],
  ["numbers", numbers],
  ["what is skipped", skipped],
  ["how a response ends", endings],
])("reading events: %s", (_, cases) => {
  it.each(cases)("$name", ({ events, frames, result }) => {
    const reader = new ResponseReader();
    const seen = events.flatMap((event) => reader.read(eventOf(event)).map(seenOf));
    expect(seen).toEqual(frames);
    if (result === undefined) expect(reader.result).toBeUndefined();
    else expect(reader.result).toMatchObject(result);
    expect(reader.ended).toBe(result !== undefined);
  });
});

describe("reading events: usage", () => {
  const none = { inputTokens: 0, outputTokens: 0, totalTokens: 0, cachedTokens: 0, reasoningTokens: 0 };

  it.each<{ name: string; usage: string; read: ReadResponse["usage"] }>([
    {
      name: "all counts",
      usage:
        '{"input_tokens":10,"input_tokens_details":{"cached_tokens":4},"output_tokens":6,"output_tokens_details":{"reasoning_tokens":2},"total_tokens":16}',
      read: { inputTokens: 10, outputTokens: 6, totalTokens: 16, cachedTokens: 4, reasoningTokens: 2 },
    },
    {
      name: "without a total: the sum",
      usage: '{"input_tokens":10,"output_tokens":6}',
      read: { ...none, inputTokens: 10, outputTokens: 6, totalTokens: 16 },
    },
    {
      name: "a total that is not the sum is believed",
      usage: '{"input_tokens":10,"output_tokens":6,"total_tokens":20}',
      read: { ...none, inputTokens: 10, outputTokens: 6, totalTokens: 20 },
    },
    { name: "no counts at all", usage: "{}", read: none },
    {
      name: "counts and details that are none",
      usage: '{"input_tokens":"10","output_tokens":null,"input_tokens_details":null,"output_tokens_details":7}',
      read: none,
    },
    { name: "none given", usage: "null", read: undefined },
    { name: "no object", usage: "16", read: undefined },
  ])("$name", ({ usage, read }) => {
    const reader = new ResponseReader();
    reader.read(eventOf(`{"type":"response.completed","response":{"id":"resp_1","output":[],"usage":${usage}}}`));
    expect(reader.result?.usage).toEqual(read);
  });
});

describe("reading events: the response's id and model", () => {
  it.each([
    { events: [created], responseId: "resp_1", model: "gpt-4.1-2025-04-14" },
    {
      events: [created, '{"type":"response.completed","response":{}}'],
      responseId: "resp_1",
      model: "gpt-4.1-2025-04-14",
    },
    {
      events: ['{"type":"response.created","response":{"id":7,"model":null}}'],
      responseId: undefined,
      model: undefined,
    },
    { events: ['{"type":"response.created"}'], responseId: undefined, model: undefined },
    {
      events: [
        '{"type":"response.created","response":{"id":"resp_1"}}',
        '{"type":"response.completed","response":{"model":"gpt-5"}}',
      ],
      responseId: "resp_1",
      model: "gpt-5",
    },
  ])("$events: $responseId, $model", ({ events, responseId, model }) => {
    const reader = new ResponseReader();
    for (const event of events) reader.read(eventOf(event));
    expect(reader).toMatchObject({ responseId, model });
  });
});

interface Failure {
  name: string;
  before?: readonly string[];
  event: string;
  /** Whether the connection could not tell whose error it is. */
  isUnclear?: boolean;
  error: Partial<ProviderError>;
  /** Whether nothing of the response can follow. */
  ended: boolean;
}

const failures: Failure[] = [
  {
    name: "an error before the response ends it",
    event: '{"type":"error","status":429,"error":{"code":"rate_limit_exceeded","message":"Slow down."}}',
    error: { code: "rate_limit_exceeded", status: 429, retryable: true },
    ended: true,
  },
  {
    name: "an error within the response may be followed by the event that ends it",
    before: [created, hello],
    event: '{"type":"error","code":"server_error","message":"Broken."}',
    error: { code: "server_error", responseId: "resp_1", retryable: true },
    ended: false,
  },
  {
    name: "an error that may be the answer to a cancel ends nothing",
    event: '{"type":"error","error":{"code":"ambiguous_error","message":"Who knows."}}',
    isUnclear: true,
    error: { code: "ambiguous_error", retryable: false },
    ended: false,
  },
  {
    name: "a failed response ends with its error",
    before: [created],
    event: '{"type":"response.failed","response":{"id":"resp_1","error":{"code":"server_error","message":"Broken."}}}',
    error: { code: "server_error", responseId: "resp_1", retryable: true },
    ended: true,
  },
  {
    name: "a failed response without a code has failed",
    event: '{"type":"response.failed","response":{"id":"resp_1","error":null}}',
    error: { code: "response_failed", responseId: "resp_1", retryable: false },
    ended: true,
  },
  {
    name: "a failed response without anything has failed",
    event: '{"type":"response.failed"}',
    error: { code: "response_failed", retryable: false },
    ended: true,
  },
  {
    name: "a wait that the event asks for is in the error",
    event: '{"type":"error","status":503,"error":{"message":"Busy.","headers":{"retry-after-ms":"70"}}}',
    error: { code: "http_503", retryAfterMs: 70, retryable: true },
    ended: true,
  },
  {
    name: "a finished text that is not what was streamed is an error",
    before: [created, piece(0, "Hello there")],
    event: done(0, message),
    error: { code: "invalid_response", responseId: "resp_1", retryable: false },
    ended: false,
  },
  {
    name: "a finished text that is shorter than what was streamed is an error",
    before: [created, piece(0, "Hello, world. And more.")],
    event: done(0, message),
    error: { code: "invalid_response" },
    ended: false,
  },
  {
    name: "a piece that was lost in the middle is an error at the end",
    before: [created, piece(0, "Hello"), piece(0, "world.")],
    event: completedWith({ ...message, id: "msg_0" }),
    error: { code: "invalid_response" },
    ended: true,
  },
  {
    name: "a piece that came twice with another number is an error at the end",
    before: [created, piece(0, "Hello", 1), piece(0, "Hello", 2)],
    event: completedWith({ ...message, id: "msg_0" }),
    error: { code: "invalid_response" },
    ended: true,
  },
  {
    name: "pieces in another order are an error at the end",
    before: [piece(0, ", world.", 2), piece(0, "Hello", 1)],
    event: completedWith({ ...message, id: "msg_0" }),
    error: { code: "invalid_response" },
    ended: true,
  },
];

function failureOf({ before = [], event, isUnclear = false }: Pick<Failure, "before" | "event" | "isUnclear">): {
  error: unknown;
  reader: ResponseReader;
} {
  const reader = new ResponseReader();
  for (const earlier of before) reader.read(eventOf(earlier));
  try {
    reader.read(isUnclear ? { ...eventOf(event), kind: "unclear" } : eventOf(event));
  } catch (error) {
    return { error, reader };
  }
  throw new Error("the event was read without an error");
}

describe("reading events: errors", () => {
  it.each(failures)("$name", ({ error, ended, ...failing }) => {
    const failure = failureOf(failing);
    expect(failure.error).toBeInstanceOf(ProviderError);
    expect(failure.error).toMatchObject(error);
    expect(failure.reader.ended).toBe(ended);
    expect(failure.reader.result).toBeUndefined();
  });

  it("an error that the response outlives leaves what follows to be read", () => {
    const reader = new ResponseReader();
    reader.read(eventOf(created));
    expect(() => reader.read(eventOf('{"type":"error","error":{"code":"odd"}}'))).toThrow("odd");
    expect(reader.read(eventOf(hello)).map(seenOf)).toEqual(["Hello"]);
    reader.read(eventOf(completed));
    expect([reader.ended, reader.result?.completed]).toEqual([true, true]);
  });

  /** The table of shapes in docs/faults.md, each shape written out. */
  const shapes: Array<{ shape: string; event: string; error: Partial<ProviderError> }> = [
    {
      shape: "wrapped",
      event:
        '{"type":"error","status":400,"error":{"type":"invalid_request_error","code":"bad","message":"No.","param":"input"}}',
      error: {
        code: "bad",
        status: 400,
        type: "invalid_request_error",
        param: "input",
        message: "No. (bad, status 400, field input)",
      },
    },
    {
      shape: "flat",
      event: '{"type":"error","code":"insufficient_quota","message":"Pay.","param":null,"sequence_number":7}',
      error: { code: "insufficient_quota", message: "Pay. (insufficient_quota)" },
    },
    {
      shape: "untyped",
      event: '{"error":{"message":"Bad.","type":"invalid_request_error"}}',
      error: { code: "provider_error", type: "invalid_request_error", message: "Bad. (provider_error)" },
    },
    {
      shape: "string",
      event: '{"type":"error","status":500,"error":"Broken."}',
      error: { code: "http_500", status: 500, message: "Broken. (http_500, status 500)" },
    },
    {
      shape: "detail",
      event: '{"type":"error","status":403,"error":{"detail":"Nope."}}',
      error: { code: "http_403", status: 403, message: "Nope. (http_403, status 403)" },
    },
    {
      shape: "status_code",
      event: '{"type":"error","status_code":503,"error":{"code":"busy","message":"Busy."}}',
      error: { code: "busy", status: 503, retryable: true, message: "Busy. (busy, status 503)" },
    },
    {
      shape: "message",
      event: '{"type":"error","status":429,"error":{"type":"rate_limit_error","message":"Slow."}}',
      error: { code: "http_429", type: "rate_limit_error", retryable: true, message: "Slow. (http_429, status 429)" },
    },
    {
      shape: "empty",
      event: '{"type":"error","error":{"code":"","message":""}}',
      error: { code: "provider_error", message: "the server gave no message (provider_error)" },
    },
    {
      shape: "failed",
      event:
        '{"type":"response.failed","response":{"id":"resp_1","error":{"code":"server_error","message":"Broken."}}}',
      error: { code: "server_error", responseId: "resp_1", message: "Broken. (server_error)" },
    },
  ];

  it.each(shapes)("of the shape $shape are read alike", ({ event, error }) => {
    const failure = failureOf({ event });
    expect(failure.error).toBeInstanceOf(ProviderError);
    expect(failure.error).toMatchObject(error);
    expect(failure.reader.ended).toBe(true);
  });

  it("have the shapes of docs/faults.md and no others", () => {
    expect(shapes.map(({ shape }) => shape)).toEqual([...rowsBy("docs/faults.md", "`error`", 0).keys()]);
  });
});

describe("reading events: docs/protocol.md", () => {
  const cases = [text, thoughts, calls, numbers, skipped, endings].flat();
  const types = new Set(
    [...cases.flatMap(({ events }) => events), ...failures.map(({ event }) => event)].map((json) => eventOf(json).type),
  );
  const documented = tableUnder("docs/protocol.md", "Messages from the server").flatMap(([cell = ""]) =>
    cell.split(", "),
  );

  it("names events", () => expect(documented.length).toBeGreaterThan(10));

  it.each(documented)("%s is read by a case of these tables", (type) => {
    expect(types).toContain(type);
  });
});
