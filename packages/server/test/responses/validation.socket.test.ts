import { afterAll, beforeAll, expect, test } from "vitest";
import { ResponsesServer } from "../../src/responses/index.ts";
import { echo } from "./support/brains.ts";
import { RawClient } from "./support/raw-client.ts";

let server: ResponsesServer;
let client: RawClient;
beforeAll(async () => {
  server = await ResponsesServer.start({ brain: echo });
  client = await RawClient.connect(server.wsURL);
});
afterAll(async () => {
  await client[Symbol.asyncDispose]();
  await server.close();
});

const user = { role: "user", content: "Hi" };
const call = { type: "function_call", call_id: "call_1", name: "f", arguments: "{}" };
const output = { type: "function_call_output", call_id: "call_1", output: "1" };
const assistant = { type: "message", role: "assistant", content: [{ type: "output_text", text: "Hello" }] };
const reasoning = { type: "reasoning", id: "rs_1", summary: [], encrypted_content: "sealed" };

/** The fields beside the model, and the `code` and `param` of the error. */
const refused: Array<[what: string, fields: object, code: string | null, param: string | null]> = [
  ["no model", { model: null, input: "x" }, "missing_required_parameter", "model"],
  ["no input", {}, "missing_required_parameter", "input"],
  ["an input of the wrong type", { input: 5 }, "invalid_type", "input"],
  ["an input item that is no object", { input: [user, "x"] }, "invalid_type", "input[1]"],
  ["an input item of an unknown type", { input: [user, user, { type: "nonsense" }] }, "invalid_value", "input[2].type"],
  ["an input item named like an object's method", { input: [{ type: "toString" }] }, "invalid_value", "input[0].type"],
  ["an input item without a type", { input: [{ text: "x" }] }, "missing_required_parameter", "input[0].type"],
  ["an unknown role", { input: [{ role: "tool", content: "x" }] }, "invalid_value", "input[0].role"],
  ["no content", { input: [{ role: "user" }] }, "missing_required_parameter", "input[0].content"],
  ["content of the wrong type", { input: [{ role: "user", content: 1 }] }, "invalid_type", "input[0].content"],
  [
    "the model's kind of part from a user",
    { input: [{ role: "user", content: [{ type: "output_text", text: "x" }] }] },
    "invalid_value",
    "input[0].content[0].type",
  ],
  [
    "the user's kind of part from the model",
    { input: [{ role: "assistant", content: [{ type: "input_text", text: "x" }] }] },
    "invalid_value",
    "input[0].content[0].type",
  ],
  [
    "arguments that are no text",
    { input: [user, { ...call, arguments: {} }, output] },
    "invalid_type",
    "input[1].arguments",
  ],
  [
    "an output without call_id",
    { input: [{ type: "function_call_output", output: "1" }] },
    "missing_required_parameter",
    "input[0].call_id",
  ],
  ["an output without its call", { input: [user, output] }, null, "input"],
  ["a call without output before the user speaks", { input: [user, call, user] }, null, "input"],
  ["a call without output at the end", { input: [user, call] }, null, "input"],
  ["a reasoning item alone", { input: [user, reasoning] }, null, "input"],
  ["a reasoning item before a user message", { input: [reasoning, user] }, null, "input"],
  [
    "a reasoning item without its content",
    { store: false, input: [user, { ...reasoning, encrypted_content: null }, assistant] },
    null,
    "input",
  ],
  ["a reference to an item", { input: [{ type: "item_reference", id: "msg_1" }] }, null, "input"],
  ["instructions of the wrong type", { input: "x", instructions: ["a"] }, "invalid_type", "instructions"],
  ["tools of the wrong type", { input: "x", tools: {} }, "invalid_type", "tools"],
  [
    "a function without a name",
    { input: "x", tools: [{ type: "function" }] },
    "missing_required_parameter",
    "tools[0].name",
  ],
  ["an unknown tool_choice", { input: "x", tool_choice: "maybe" }, "invalid_value", "tool_choice"],
  ["a temperature of the wrong type", { input: "x", temperature: "hot" }, "invalid_type", "temperature"],
  ["a temperature out of range", { input: "x", temperature: 2.5 }, "decimal_above_max_value", "temperature"],
  [
    "too small a max_output_tokens",
    { input: "x", max_output_tokens: 5 },
    "integer_below_min_value",
    "max_output_tokens",
  ],
  ["a store of the wrong type", { input: "x", store: "no" }, "invalid_type", "store"],
  ["include of the wrong type", { input: "x", include: [1] }, "invalid_type", "include[0]"],
  [
    "a previous_response_id of the wrong type",
    { input: "x", previous_response_id: 1 },
    "invalid_type",
    "previous_response_id",
  ],
  ["an unknown field", { input: "x", nonsense: 1 }, "unknown_parameter", "nonsense"],
  ["a nested body", { response: { input: "x" } }, "unknown_parameter", "response"],
  ["a conversation", { input: "x", conversation: "conv_1" }, "unsupported_parameter", "conversation"],
  ["background", { input: "x", background: true }, "unsupported_parameter", "background"],
];

test.each(refused)("%s is refused over WebSocket", async (_what, fields, code, param) => {
  const event = await client.respond(fields);
  expect(event).toMatchObject({ type: "error", error: { type: "invalid_request_error", code, param } });
  expect(event.status).toBeGreaterThanOrEqual(400);
});

test.each(refused)("%s is refused over HTTP", async (_what, fields, code, param) => {
  const response = await fetch(`${server.url}/responses`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model: "m", ...fields }),
  });
  expect(response.ok).toBe(false);
  expect(await response.json()).toEqual({
    error: { type: "invalid_request_error", code, param, message: expect.any(String) },
  });
});

test.each([["stream: false", { stream: false }, "stream"]])(
  "%s over WebSocket is refused",
  async (_what, fields, param) => {
    const event = await client.respond({ input: "x", ...fields });
    expect(event).toMatchObject({ type: "error", status: 400, error: { code: "unsupported_parameter", param } });
  },
);

test.each([
  ["a string", { input: "x" }],
  ["an empty list", { input: [] }],
  ["a call with its output", { input: [user, call, output] }],
  ["parallel calls", { input: [user, call, { ...call, call_id: "call_2" }, output, { ...output, call_id: "call_2" }] }],
  ["an assistant message while a call is open", { input: [user, call, assistant, output] }],
  ["reasoning with its message", { input: [user, reasoning, assistant, user] }],
  ["two reasoning items with their call", { input: [user, reasoning, { ...reasoning, id: "rs_2" }, call, output] }],
  [
    "reasoning without its content when it was to be stored",
    { store: true, input: [{ ...reasoning, encrypted_content: null }, assistant] },
  ],
  ["content parts", { input: [{ role: "user", content: [{ type: "input_text", text: "x" }] }] }],
  ["an output of parts", { input: [user, call, { ...output, output: [{ type: "input_text", text: "1" }] }] }],
  ["items of other kinds", { input: [user, { type: "web_search_call", id: "ws_1", status: "completed", action: {} }] }],
  ["explicit nulls", { input: "x", instructions: null, tools: null, temperature: null, stream: null, stream_id: null }],
  ["tools of other kinds", { input: "x", tools: [{ type: "web_search" }] }],
])("%s is accepted", async (_what, fields) => {
  expect((await client.respond(fields)).type).toBe("response.completed");
});

test("the errors of calls and outputs say what the API says", async () => {
  expect((await client.respond({ input: [user, output] })).error.message).toBe(
    "No tool call found for function call output with call_id call_1.",
  );
  expect((await client.respond({ input: [user, call, user] })).error.message).toBe(
    "No tool output found for function call call_1.",
  );
  expect((await client.respond({ input: [user, reasoning] })).error.message).toBe(
    "Item 'rs_1' of type 'reasoning' was provided without its required following item.",
  );
});

test("a continuation is checked with its chain: the call's output is missing, or comes", async () => {
  await using calling = await ResponsesServer.start({
    *brain({ conversation }) {
      if (conversation.length === 1) yield { type: "function_call", name: "f", arguments: "{}", callId: "call_9" };
      else yield { type: "text", delta: "done" };
    },
  });
  await using caller = await RawClient.connect(calling.wsURL);
  const first = await caller.respond({ stream_id: "a", input: "x" });
  const { id } = first.response;
  // On another lane, so that the failure leaves the parent.
  const missing = await caller.respond({ previous_response_id: id, input: "y" });
  expect(missing.error.message).toBe("No tool output found for function call call_9.");
  const answered = { type: "function_call_output", call_id: "call_9", output: "1" };
  expect((await caller.respond({ previous_response_id: id, input: [answered] })).type).toBe("response.completed");
});

test.each([
  ["no JSON", "{", null],
  ["a list", "[]", null],
  ["a text", '"x"', null],
  ["null", "null", null],
  ["an event without a type", "{}", "type"],
  ["a type that is no text", '{"type":5}', "type"],
  ["an unknown type", '{"type":"session.update"}', "type"],
])("a message that is %s gets an error, and the connection goes on", async (_what, message, param) => {
  client.send(message);
  expect(await client.next()).toMatchObject({
    type: "error",
    status: 400,
    error: { type: "invalid_request_error", param },
  });
  expect((await client.respond({ input: "x" })).type).toBe("response.completed");
});

test("a binary message gets an error", async () => {
  client.send(Buffer.from([1, 2, 3]));
  expect(await client.next()).toMatchObject({ type: "error", status: 400 });
});

test("an unknown event of a named lane is answered on it", async () => {
  client.send({ type: "response.unknown", stream_id: "b" });
  expect(await client.next()).toMatchObject({ type: "error", stream_id: "b" });
});

test("a model that is not served is refused when the models are named", async () => {
  await using strict = await ResponsesServer.start({ brain: echo, models: ["small"] });
  await using strictClient = await RawClient.connect(strict.wsURL);
  expect(await strictClient.respond({ model: "large", input: "x" })).toMatchObject({
    error: { code: "model_not_found", param: "model" },
  });
  expect((await strictClient.respond({ model: "small", input: "x" })).type).toBe("response.completed");
});
