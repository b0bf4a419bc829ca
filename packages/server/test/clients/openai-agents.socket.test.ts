import { Agent, OpenAIProvider, Runner, setTracingDisabled, tool } from "@openai/agents";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { type Brain, ResponsesServer } from "../../src/responses/index.ts";

/** `@openai/agents`, over HTTP and with its WebSocket model, as a client that knows nothing of this server. */
let server: ResponsesServer;
let expressions: string[];
beforeAll(async () => {
  setTracingDisabled(true);
  server = await ResponsesServer.start();
});
beforeEach(() => {
  server.reset();
  expressions = [];
});
afterAll(() => server.close());

const transports = ["http", "websocket"] as const;

/** A runner on a server of its own, or on the shared one. */
class Client implements AsyncDisposable {
  readonly runner: Runner;
  readonly #provider: OpenAIProvider;

  constructor(transport: (typeof transports)[number], { url }: ResponsesServer = server) {
    const useResponsesWebSocket = transport === "websocket";
    this.#provider = new OpenAIProvider({ apiKey: "test", baseURL: url, useResponses: true, useResponsesWebSocket });
    this.runner = new Runner({ modelProvider: this.#provider, tracingDisabled: true });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#provider.close();
  }
}

function continued(previousResponseId: string | undefined): { previousResponseId: string } {
  if (previousResponseId === undefined) throw new Error("the run has no response id");
  return { previousResponseId };
}

const calculate = tool({
  name: "calculate",
  description: "Evaluates an arithmetic expression.",
  parameters: z.object({ expression: z.string() }),
  execute: ({ expression }) => {
    expressions.push(expression);
    const [a = 0, b = 0] = expression.split("*").map(Number);
    return { result: a * b };
  },
});
const agent = new Agent({ name: "Counter", instructions: "Be brief.", model: "gpt-4.1", tools: [calculate] });

describe.each(transports)("over %s", (transport) => {
  describe("an agent", () => {
    test("has several turns with tools, each continuing the last", async () => {
      await using client = new Client(transport);
      const first = await client.runner.run(agent, "My name is Ada.");
      expect(first.finalOutput).toBe("Nice to meet you, Ada.");
      const second = await client.runner.run(agent, "What is 17 times 23?", continued(first.lastResponseId));
      expect(second.finalOutput).toBe("17 * 23 is 391.");
      const third = await client.runner.run(agent, "What is my name?", continued(second.lastResponseId));
      expect(third.finalOutput).toBe("Your name is Ada.");
      expect(expressions).toEqual(["17 * 23"]);
      const connection = server.requests[0]?.connection;
      expect(connection === undefined).toBe(transport === "http");
      expect(server.requests.map((request) => [request.transport, request.connection, request.status])).toEqual(
        Array.from({ length: 4 }, () => [transport, connection, "completed"]),
      );
      expect(server.requests.map(({ body }) => (body["input"] as unknown[]).length)).toEqual([1, 1, 1, 1]);
      expect(server.requests.at(-1)?.conversation).toHaveLength(7);
    });

    test("sends the whole history, as the package does by itself", async () => {
      await using client = new Client(transport);
      const first = await client.runner.run(agent, "What is 6 times 7?");
      expect(first.finalOutput).toBe("6 * 7 is 42.");
      const history = [...first.history, { role: "user" as const, content: "What is 2 times 4?" }];
      expect((await client.runner.run(agent, history)).finalOutput).toBe("2 * 4 is 8.");
      expect(server.requests.every(({ body }) => body["previous_response_id"] === undefined)).toBe(true);
    });

    test("is streamed, with the events of its tools", async () => {
      await using client = new Client(transport);
      const result = await client.runner.run(agent, "What is 6 times 7?", { stream: true });
      const events: string[] = [];
      let text = "";
      for await (const event of result) {
        if (event.type === "run_item_stream_event") events.push(event.name);
        if (event.type !== "raw_model_stream_event") continue;
        if (event.data.type === "output_text_delta") text += event.data.delta;
      }
      await result.completed;
      expect(events).toEqual(["tool_called", "tool_output", "message_output_created"]);
      expect(text).toBe("6 * 7 is 42.");
      expect(result.finalOutput).toBe(text);
      expect(result.state.usage.requests).toBe(2);
      expect(result.state.usage.outputTokens).toBeGreaterThan(0);
    });

    test("hands off to another", async () => {
      const handing: Brain = function* ({ instructions, tools }) {
        const transfer = tools.find((offered) => offered.type === "function" && offered.name.startsWith("transfer_to"));
        if (transfer?.type === "function") yield { type: "function_call", name: transfer.name, arguments: "{}" };
        else yield { type: "text", delta: `I am ${instructions?.split(" ").at(-1)}` };
      };
      await using other = await ResponsesServer.start({ brain: handing });
      await using client = new Client(transport, other);
      const expert = new Agent({ name: "Expert", instructions: "You are Expert", model: "gpt-4.1" });
      const desk = new Agent({ name: "Desk", instructions: "You are Desk", model: "gpt-4.1", handoffs: [expert] });
      const result = await client.runner.run(desk, "Help me");
      expect(result.finalOutput).toBe("I am Expert");
      expect(result.lastAgent?.name).toBe("Expert");
    });

    test("answers in a structure", async () => {
      const shaped: Brain = function* ({ text }) {
        const json = text?.format?.type === "json_schema" ? '{"city":"Paris","degrees":14}' : "no schema";
        yield { type: "text", delta: json };
      };
      await using other = await ResponsesServer.start({ brain: shaped });
      await using client = new Client(transport, other);
      const outputType = z.object({ city: z.string(), degrees: z.number() });
      const reporter = new Agent({ name: "Reporter", model: "gpt-4.1", outputType });
      expect((await client.runner.run(reporter, "Weather?")).finalOutput).toEqual({ city: "Paris", degrees: 14 });
    });
  });
});

describe("the WebSocket model", () => {
  test("fails on an id that the server does not know, and goes on", async () => {
    await using client = new Client("websocket");
    // The package does not pass on the server's message.
    const failed = client.runner.run(agent, "Hi", continued("resp_unknown"));
    await expect(failed).rejects.toThrow('unsuccessful terminal state "error"');
    expect(server.requests[0]?.status).toBe("rejected");
    expect((await client.runner.run(agent, "My name is Ada.")).finalOutput).toBe("Nice to meet you, Ada.");
  });

  test("replaces a socket that the server closed between two turns", async () => {
    await using client = new Client("websocket");
    await client.runner.run(agent, "My name is Ada.");
    for (const connection of server.connections) connection.close(1001);
    await expect.poll(() => server.connections.length).toBe(0);
    expect((await client.runner.run(agent, "What is 6 times 7?")).finalOutput).toBe("6 * 7 is 42.");
  });
});
