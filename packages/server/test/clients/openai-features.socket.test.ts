import OpenAI from "openai";
import { zodTextFormat } from "openai/helpers/zod";
import { ResponsesWS } from "openai/resources/responses/ws";
import type { ResponsesClientEvent, ResponsesServerEvent } from "openai/resources/responses/responses";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { type Brain, ResponsesServer } from "../../src/responses/index.ts";

/** The `openai` package beyond plain requests, which are in test/responses/openai-client.socket.test.ts. */
let server: ResponsesServer;
let client: OpenAI;
beforeAll(async () => {
  server = await ResponsesServer.start();
  client = clientOf(server);
});
afterAll(() => server.close());

function clientOf({ url }: ResponsesServer, apiKey = "test"): OpenAI {
  return new OpenAI({ apiKey, baseURL: url, maxRetries: 0 });
}

type EventOf<Type extends ResponsesServerEvent["type"]> = Extract<ResponsesServerEvent, { type: Type }>;

/** A `ResponsesWS` whose events are read one after the other. */
class Conversation implements Disposable {
  readonly #socket: ResponsesWS;
  readonly #messages: ReturnType<ResponsesWS["stream"]>;

  constructor(client: OpenAI) {
    this.#socket = new ResponsesWS(client);
    this.#messages = this.#socket.stream();
  }

  send(event: ResponsesClientEvent): void {
    this.#socket.send(event);
  }

  create(fields: Partial<ResponsesClientEvent.ResponseCreate>): void {
    this.send({ type: "response.create", model: "gpt-6-astra", store: false, ...fields });
  }

  /** The next event of that type on that lane; the ones before it are dropped. */
  async next<Type extends ResponsesServerEvent["type"]>(type: Type, lane?: string): Promise<EventOf<Type>> {
    for (;;) {
      const { value, done } = await this.#messages.next();
      if (done === true) throw new Error(`the socket ended before ${type}`);
      if (value.type !== "message" || value.message.type !== type) continue;
      if ((value.message as { stream_id?: string }).stream_id === lane) return value.message as EventOf<Type>;
    }
  }

  [Symbol.dispose](): void {
    this.#socket.close();
  }
}

/** Answers a word, waits for the end of its response or the gate, and then repeats the user's message. */
function patientBrain(): { brain: Brain; open: () => void } {
  const gate = Promise.withResolvers<void>();
  const brain: Brain = async function* ({ conversation }) {
    const last = conversation.findLast((item) => "role" in item && item.role === "user");
    const said = last !== undefined && "content" in last ? last.content : "";
    if (said === "long") {
      yield { type: "text", delta: "Once" };
      await gate.promise;
    }
    yield { type: "reasoning", summary: "Hm." };
    yield { type: "text", delta: typeof said === "string" ? said : "parts" };
  };
  return { brain, open: gate.resolve };
}

describe("ResponsesWS", () => {
  test("steers a response: accepted, incomplete, and a successor with the new input", async () => {
    const { brain, open } = patientBrain();
    await using patient = await ResponsesServer.start({ brain });
    using conversation = new Conversation(clientOf(patient));
    conversation.create({ input: "long" });
    const { response } = await conversation.next("response.created");
    await conversation.next("response.output_text.delta");
    conversation.send({ type: "response.steer", previous_response_id: response.id, input: "shorter" });
    const { steer } = await conversation.next("response.steer.accepted");
    expect(steer.previous_response_id).toBe(response.id);
    open();
    const incomplete = await conversation.next("response.incomplete");
    expect(incomplete.response).toMatchObject({ id: response.id, incomplete_details: { reason: "steered" } });
    const successor = await conversation.next("response.created");
    expect(successor.response.previous_response_id).toBe(response.id);
    const completed = await conversation.next("response.completed");
    expect(completed.response.id).toBe(successor.response.id);
    expect(completed.response.output.at(-1)).toMatchObject({ type: "message", content: [{ text: "shorter" }] });
  });

  test("is told why steering failed, with its input", async () => {
    using conversation = new Conversation(client);
    conversation.send({ type: "response.steer", previous_response_id: "resp_unknown", input: "shorter" });
    const failed = await conversation.next("response.steer.failed");
    expect(failed.error.code).toBe("response_not_found");
    expect(JSON.stringify(failed)).toContain("shorter");
  });

  test("runs lanes side by side, and forks one from the other", async () => {
    using conversation = new Conversation(client);
    conversation.create({ input: "My name is Ada.", stream_id: "a" });
    const first = await conversation.next("response.completed", "a");
    conversation.create({ input: "What is my name?", stream_id: "b", previous_response_id: first.response.id });
    const forked = await conversation.next("response.completed", "b");
    expect(forked.response.output[0]).toMatchObject({ content: [{ text: "Your name is Ada." }] });
  });

  test("warms up, and continues from the warm-up", async () => {
    using conversation = new Conversation(client);
    conversation.create({ input: "My name is Ada.", generate: false });
    const warm = await conversation.next("response.completed");
    expect(warm.response.output).toEqual([]);
    conversation.create({ input: "What is my name?", previous_response_id: warm.response.id });
    const { response } = await conversation.next("response.completed");
    expect(response.output[0]).toMatchObject({ content: [{ text: "Your name is Ada." }] });
  });
});

describe("stored responses", () => {
  test("are retrieved, continued, listed and deleted", async () => {
    const first = await client.responses.create({ model: "gpt-4.1", input: "My name is Ada." });
    expect(await client.responses.retrieve(first.id)).toMatchObject({ id: first.id, output: first.output });
    const second = await client.responses.create({
      model: "gpt-4.1",
      input: "What is my name?",
      previous_response_id: first.id,
    });
    expect(second.output_text).toBe("Your name is Ada.");
    const items: string[] = [];
    for await (const item of client.responses.inputItems.list(second.id, { order: "asc", limit: 1 }))
      items.push(item.type);
    expect(items).toEqual(["message", "message", "message"]);
    await client.responses.delete(first.id);
    await expect(client.responses.retrieve(first.id)).rejects.toBeInstanceOf(OpenAI.NotFoundError);
  });

  test("or not, are compacted into a window that goes on", async () => {
    const input: OpenAI.Responses.ResponseInputItem[] = [
      { role: "user", content: "My name is Ada." },
      { role: "assistant", content: "Nice to meet you, Ada." },
    ];
    const window = await client.responses.compact({ model: "gpt-4.1", input });
    expect(window.object).toBe("response.compaction");
    const { output_text } = await client.responses.create({
      model: "gpt-4.1",
      input: [
        ...(window.output as OpenAI.Responses.ResponseInputItem[]),
        { role: "user", content: "What is my name?" },
      ],
    });
    expect(output_text).toBe("Your name is Ada.");
  });

  test("cost what was counted before", async () => {
    const fields = { model: "gpt-4.1", input: "My name is Ada.", instructions: "Be brief." };
    const counted = await client.responses.inputTokens.count(fields);
    const { usage } = await client.responses.create(fields);
    expect(usage?.input_tokens).toBe(counted.input_tokens);
  });
});

test("responses.parse reads structured output", async () => {
  const schema = z.object({ city: z.string(), degrees: z.number() });
  const shaped: Brain = function* ({ text }) {
    yield { type: "text", delta: text?.format?.type === "json_schema" ? '{"city":"Paris","degrees":14}' : "{}" };
  };
  await using other = await ResponsesServer.start({ brain: shaped });
  const { output_parsed } = await clientOf(other).responses.parse({
    model: "gpt-4.1",
    input: "Weather?",
    text: { format: zodTextFormat(schema, "weather") },
  });
  expect(output_parsed).toEqual({ city: "Paris", degrees: 14 });
});

test("a key that the server does not know is the package's AuthenticationError", async () => {
  await using locked = await ResponsesServer.start({ apiKeys: ["right"] });
  const fields = { model: "gpt-4.1", input: "My name is Ada." };
  await expect(clientOf(locked, "wrong").responses.create(fields)).rejects.toBeInstanceOf(OpenAI.AuthenticationError);
  expect((await clientOf(locked, "right").responses.create(fields)).output_text).toBe("Nice to meet you, Ada.");
});
