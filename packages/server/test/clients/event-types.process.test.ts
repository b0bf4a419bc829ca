import { expect, test } from "vitest";
import { type Brain, ResponsesApiError, ResponsesServer } from "../../src/responses/index.ts";
import { RawClient, type WireEvent } from "../responses/support/raw-client.ts";
import { typeErrors } from "./support/type-check.ts";

/**
 * Everything that the server sends is written down as literals and compiled against the types of the `openai` package:
 * a missing field, one too many, or a value that its type does not have is an error of the compiler.
 */
const header = `
import type { InputTokenCountResponse } from "openai/resources/responses/input-tokens";
import type {
  CompactedResponse,
  Response,
  ResponseCompactionItem,
  ResponseItem,
  ResponsesServerEvent,
  ResponseStreamEvent,
} from "openai/resources/responses/responses";
/** The package adds \`output_text\`: no server sends it. */
type Sent<Event> = Event extends { response: Response }
  ? Omit<Event, "response"> & { response: Omit<Response, "output_text"> }
  : Event;
`;

const kinds = {
  socket: "Sent<ResponsesServerEvent>",
  sse: "Sent<ResponseStreamEvent>",
  json: 'Omit<Response, "output_text">',
  // The type has no place for the user's messages, which its own description puts first.
  compacted: 'Omit<CompactedResponse, "output"> & { output: Array<ResponseItem | ResponseCompactionItem> }',
  counted: "InputTokenCountResponse",
  items: "ResponseItem",
} as const;

function moduleOf(values: { readonly [Kind in keyof typeof kinds]?: readonly object[] }): string {
  const lists = Object.entries(values).map(([kind, list]) => {
    const lines = list.map((value) => JSON.stringify(value)).join(",\n");
    return `export const ${kind}: Array<${kinds[kind as keyof typeof kinds]}> = [\n${lines}\n];`;
  });
  return [header, ...lists].join("\n");
}

/** Yields, depending on the message, one of each kind of output. */
const versatile: Brain = async function* ({ conversation, signal }) {
  const asked = JSON.stringify(conversation.at(-1));
  if (asked.includes("refuse"))
    throw new ResponsesApiError({ status: 429, code: "rate_limit_exceeded", message: "Slow." });
  yield { type: "reasoning", summary: "Hm.", encryptedContent: "sealed" };
  if (asked.includes("think")) await until(signal);
  yield { type: "text", delta: "Let " };
  yield { type: "text", delta: "me see." };
  if (asked.includes("fail")) throw new ResponsesApiError({ status: 500, code: "server_error", message: "Broken." });
  yield { type: "refusal", delta: "No." };
  if (asked.includes("wait")) await until(signal);
  yield { type: "usage", inputTokens: 3, outputTokens: 4, cachedTokens: 1 };
  if (asked.includes("stop")) yield { type: "incomplete", reason: "content_filter" };
  else yield { type: "function_call", name: "look", arguments: '{"where":"there"}', callId: "call_1" };
};

async function until(signal: AbortSignal): Promise<void> {
  await new Promise((resolve) => signal.addEventListener("abort", resolve));
}

const tools = [
  { type: "function", name: "look", description: "Looks.", parameters: { type: "object" }, strict: false },
];
const fields = {
  ...{ instructions: "Be brief.", tools, temperature: 0.5, max_output_tokens: 500, metadata: { a: "b" } },
  reasoning: { effort: "low", summary: "auto" },
};

async function socketEvents(server: ResponsesServer): Promise<WireEvent[]> {
  await using client = await RawClient.connect(server.wsURL);
  const events: WireEvent[] = [];
  const respond = async (given: object): Promise<WireEvent | undefined> => {
    client.create(given);
    events.push(...(await client.answer()));
    return events.at(-1);
  };
  const first = await respond({ input: "Hi", ...fields });
  const output = { type: "function_call_output", call_id: "call_1", output: "seen" };
  await respond({ input: [output], previous_response_id: first?.response.id, stream_id: "lane", tools });
  await respond({ input: "Hi", generate: false });
  for (const input of ["stop", "fail", "refuse"]) await respond({ input, stream_id: "lane" });
  await respond({ input: "Hi", previous_response_id: "resp_unknown", stream_id: "lane" });
  await respond({ input: "Hi", unknown: true });
  await respond({ input: "Hi", stream_id: "not a name" });
  client.send("no JSON");
  events.push(...(await client.answer()));
  client.create({ input: "wait" });
  const begun = await client.until("response.created");
  client.send({ type: "response.cancel", response_id: begun.at(-1)?.response.id });
  events.push(...begun, ...(await client.answer()));
  return events;
}

/** Steering that is taken, that waits for outputs, and that fails. */
async function steerEvents(server: ResponsesServer): Promise<WireEvent[]> {
  await using client = await RawClient.connect(server.wsURL);
  const events: WireEvent[] = [];
  const until = async (type: string): Promise<string> => {
    const read = await client.until(type);
    events.push(...read);
    return read.find(({ response }) => response !== undefined)?.response.id ?? "";
  };
  client.create({ input: "think", model: "gpt-6-astra", stream_id: "lane" });
  await until("response.created");
  const id = events.at(-1)?.response.id;
  await until("response.output_item.done");
  client.send({ type: "response.steer", previous_response_id: id, input: "shorter" });
  await until("response.incomplete");
  const called = await until("response.completed");
  client.send({ type: "response.steer", previous_response_id: called, input: "again" });
  await until("response.steer.pending");
  client.send({ type: "response.steer", previous_response_id: "resp_unknown", input: [] });
  await until("response.steer.failed");
  return events;
}

async function limitEvents(): Promise<WireEvent[]> {
  await using server = await ResponsesServer.start({ brain: versatile, maxConnectionAgeMs: 1 });
  await using client = await RawClient.connect(server.wsURL);
  return await client.answer();
}

async function sseEvents(server: ResponsesServer): Promise<object[]> {
  const events: object[] = [];
  for (const input of ["Hi", "stop", "fail"]) {
    const text = await (await post(server, { input, stream: true, ...fields })).text();
    for (const [, data] of text.matchAll(/^data: (\{.*\})$/gm)) events.push(JSON.parse(data ?? "") as object);
  }
  return events;
}

async function itemsOf(server: ResponsesServer): Promise<object[]> {
  const output = { type: "function_call_output", call_id: "call_1", output: "seen" };
  const first = (await (await post(server, { input: "Hi", ...fields })).json()) as { id: string };
  const next = await post(server, { input: [output], previous_response_id: first.id, tools });
  const { id } = (await next.json()) as { id: string };
  const { data } = (await (await fetch(`${server.url}/responses/${id}/input_items`)).json()) as { data: object[] };
  return data;
}

async function post(server: ResponsesServer, body: object, path = ""): Promise<Response> {
  return await fetch(`${server.url}/responses${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model: "gpt-4.1", ...body }),
  });
}

test("every event and response checks against the types of the openai package", async () => {
  await using server = await ResponsesServer.start({ brain: versatile, cancel: "honour" });
  const socket = [...(await socketEvents(server)), ...(await steerEvents(server)), ...(await limitEvents())];
  const sse = await sseEvents(server);
  const json = (await Promise.all(
    ["Hi", "stop"].map(async (input) => (await post(server, { input, ...fields })).json()),
  )) as object[];
  const input = [{ role: "user", content: "Hi" }];
  const compacted = [(await (await post(server, { input }, "/compact")).json()) as object];
  const counted = [(await (await post(server, { input }, "/input_tokens")).json()) as object];
  const types = new Set(socket.map(({ type }) => type));
  expect([...types].toSorted()).toEqual([
    "error",
    "response.completed",
    "response.content_part.added",
    "response.content_part.done",
    "response.created",
    "response.failed",
    "response.function_call_arguments.delta",
    "response.function_call_arguments.done",
    "response.in_progress",
    "response.incomplete",
    "response.output_item.added",
    "response.output_item.done",
    "response.output_text.delta",
    "response.output_text.done",
    "response.reasoning_summary_part.added",
    "response.reasoning_summary_part.done",
    "response.reasoning_summary_text.delta",
    "response.reasoning_summary_text.done",
    "response.refusal.delta",
    "response.refusal.done",
    "response.steer.accepted",
    "response.steer.failed",
    "response.steer.pending",
  ]);
  expect(typeErrors(moduleOf({ socket, sse, json, compacted, counted, items: await itemsOf(server) }))).toBe("");
});

test.each<[string, object]>([
  ["a field too many", { type: "response.output_text.delta", extra: 1 }],
  ["a value that is none", { type: "response.output_text.delta", output_index: "0" }],
  ["an unknown type", { type: "response.nonsense" }],
])("the check itself sees %s", (_what, wrong) => {
  const delta = { item_id: "i", output_index: 0, content_index: 0, delta: "x", logprobs: [], sequence_number: 1 };
  const good = { type: "response.output_text.delta", ...delta };
  expect(typeErrors(moduleOf({ socket: [good] }))).toBe("");
  expect(typeErrors(moduleOf({ socket: [{ ...delta, ...wrong }] }))).toContain("error TS");
});
