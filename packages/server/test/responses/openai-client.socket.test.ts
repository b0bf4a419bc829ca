import OpenAI from "openai";
import { ResponsesWS } from "openai/resources/responses/ws";
import type { ResponsesServerEvent } from "openai/resources/responses/responses";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ResponsesServer } from "../../src/responses/index.ts";

/** The `openai` package as a client that knows nothing of this server. */
let server: ResponsesServer;
let client: OpenAI;
beforeAll(async () => {
  server = await ResponsesServer.start();
  client = new OpenAI({ apiKey: "test", baseURL: server.url, maxRetries: 0 });
});
afterAll(() => server.close());

const calculate: OpenAI.Responses.FunctionTool = {
  type: "function",
  name: "calculate",
  description: "Evaluates an arithmetic expression.",
  parameters: {
    type: "object",
    properties: { expression: { type: "string" } },
    required: ["expression"],
    additionalProperties: false,
  },
  strict: true,
};

test("responses.create answers with a response", async () => {
  const response = await client.responses.create({ model: "gpt-4.1", input: "My name is Ada." });
  expect(response.output_text).toBe("Nice to meet you, Ada.");
  expect(response.usage?.output_tokens).toBeGreaterThan(0);
});

test("responses.create streams", async () => {
  const stream = await client.responses.create({ model: "gpt-4.1", input: "Count to 5.", stream: true });
  let text = "";
  let last = "";
  for await (const event of stream) {
    if (event.type === "response.output_text.delta") text += event.delta;
    last = event.type;
  }
  expect(text).toBe("1, 2, 3, 4, 5.");
  expect(last).toBe("response.completed");
});

test("responses.stream accumulates the events to the final response", async () => {
  const stream = client.responses.stream({
    model: "gpt-5",
    input: "What is 6 times 7?",
    tools: [calculate],
    reasoning: { effort: "low", summary: "auto" },
  });
  const response = await stream.finalResponse();
  expect(response.output.map((item) => item.type)).toEqual(["reasoning", "function_call"]);
});

test("a tool turn by HTTP, with the whole history", async () => {
  const input: OpenAI.Responses.ResponseInputItem[] = [{ role: "user", content: "What is 17 times 23?" }];
  const asked = await client.responses.create({ model: "gpt-4.1", input, tools: [calculate], store: false });
  const call = asked.output.find((item) => item.type === "function_call");
  expect(JSON.parse(call?.arguments ?? "")).toEqual({ expression: "17 * 23" });
  input.push(...(asked.output as OpenAI.Responses.ResponseInputItem[]), {
    type: "function_call_output",
    call_id: call?.call_id ?? "",
    output: '{"result":391}',
  });
  const answered = await client.responses.create({ model: "gpt-4.1", input, tools: [calculate], store: false });
  expect(answered.output_text).toBe("17 * 23 is 391.");
});

test("errors are the package's error classes", async () => {
  await expect(client.responses.create({ model: "gpt-4.1", input: "x", max_output_tokens: 1 })).rejects.toMatchObject({
    name: "Error",
    status: 400,
    code: "integer_below_min_value",
    param: "max_output_tokens",
  });
  await expect(client.models.retrieve("unknown")).rejects.toBeInstanceOf(OpenAI.NotFoundError);
});

test("models.list lists the models", async () => {
  expect((await client.models.list()).data.map((model) => model.id)).toEqual(["turnwire-rules"]);
});

test("ResponsesWS: a text turn, a tool turn and its continuation on one socket", async () => {
  const socket = new ResponsesWS(client);
  expect(socket.url.href).toBe(server.wsURL);
  const messages = socket.stream();
  const respond = async (
    fields: Partial<OpenAI.Responses.ResponsesClientEvent.ResponseCreate>,
  ): Promise<ResponsesServerEvent[]> => {
    socket.send({ type: "response.create", model: "gpt-4.1", store: false, ...fields });
    const events: ResponsesServerEvent[] = [];
    for (;;) {
      const { value } = (await messages.next()) as { value: { type: string; message: ResponsesServerEvent } };
      if (value.type !== "message") continue;
      events.push(value.message);
      if (value.message.type === "response.completed" || value.message.type === "error") return events;
    }
  };
  const responseOf = (events: ResponsesServerEvent[]): OpenAI.Responses.Response => {
    const last = events.at(-1);
    if (last?.type !== "response.completed") throw new Error(`ended with ${last?.type}`);
    return last.response;
  };
  const first = responseOf(await respond({ input: "My name is Ada." }));
  const asked = responseOf(
    await respond({ previous_response_id: first.id, input: "What is 6 times 7?", tools: [calculate] }),
  );
  const call = asked.output[0];
  if (call?.type !== "function_call") throw new Error("no call");
  const answered = await respond({
    previous_response_id: asked.id,
    input: [{ type: "function_call_output", call_id: call.call_id, output: "42" }],
    tools: [calculate],
  });
  const text = answered.flatMap((event) => (event.type === "response.output_text.delta" ? [event.delta] : [])).join("");
  expect(text).toBe("6 * 7 is 42.");
  const named = responseOf(await respond({ previous_response_id: responseOf(answered).id, input: "What is my name?" }));
  expect(named.output[0]).toMatchObject({ type: "message", content: [{ text: "Your name is Ada." }] });
  expect(server.requests.at(-1)?.conversation).toHaveLength(7);
  socket.close();
});

test("ResponsesWS: an error event reaches the error listener", async () => {
  const socket = new ResponsesWS(client);
  const failed = new Promise<Error>((resolve) => socket.on("error", resolve));
  socket.send({ type: "response.create", model: "gpt-4.1", input: "x", previous_response_id: "resp_1" });
  expect((await failed).message).toContain("Previous response with id 'resp_1' not found.");
  socket.close();
});
