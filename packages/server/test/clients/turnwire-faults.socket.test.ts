import {
  LLMContext,
  LLMTextFrame,
  OpenAIResponsesLLMService,
  type OpenAIResponsesLLMServiceOptions,
  type InferenceRecord,
} from "turnwire";
import { type Brain, type ErrorShape, type Fault, ResponsesServer } from "@turnwire/server";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";

/** Whether our client does what docs/faults.md says of a good client. */
const brain: Brain = function* ({ conversation }) {
  for (const word of ["You ", "sent ", `${conversation.length}.`]) yield { type: "text", delta: word };
};

let server: ResponsesServer;
beforeAll(async () => {
  server = await ResponsesServer.start({ brain });
});
beforeEach(() => server.reset());
afterAll(() => server.close());

interface Outcome {
  /** The text and the error of each turn. */
  texts: string[];
  errors: unknown[];
  records: InferenceRecord[];
}

/** Two turns of a conversation, with faults added before one of them. */
async function converse(
  faults: { first?: Fault; second?: Fault },
  options: OpenAIResponsesLLMServiceOptions = {},
): Promise<Outcome> {
  const logger = { debug: () => undefined, warn: () => undefined };
  await using llm = new OpenAIResponsesLLMService({ apiKey: "k", baseURL: server.url, logger, ...options });
  const outcome: Outcome = { texts: [], errors: [], records: [] };
  llm.on("inference", (record) => void outcome.records.push(record));
  const context = new LLMContext();
  for (const fault of [faults.first, faults.second]) {
    if (fault !== undefined) server.faults.add(fault);
    context.addMessage({ role: "user", content: "Hi" });
    let text = "";
    try {
      for await (const frame of llm.respond(context)) if (frame instanceof LLMTextFrame) text += frame.text;
    } catch (error) {
      outcome.errors.push(error);
    }
    outcome.texts.push(text);
  }
  return outcome;
}

const whole = ["You sent 1.", "You sent 3."];
const delta = "response.output_text.delta";

describe("our client, at the fault", () => {
  it.each<Fault>([
    { fault: "close", code: 1011, request: 1 },
    { fault: "close", code: 1012, request: 1, event: 1 },
    { fault: "reset", request: 1 },
    { fault: "delay", ms: 20, request: 1, event: 3 },
    { fault: "delay", ms: 20 },
    { fault: "garbage", request: 1 },
    { fault: "garbage", text: '{"type":"codex.rate_limits"}', request: 1, event: delta },
    { fault: "duplicate", event: "response.completed" },
    { fault: "drop", event: "response.output_item.done" },
    { fault: "drop", event: "response.content_part.done" },
    { fault: "reorder", event: "response.in_progress" },
  ])("%o delivers the whole answer, once", async (fault) => {
    const { texts, errors } = await converse({ first: fault });
    expect(errors).toEqual([]);
    expect(texts).toEqual(whole);
  });

  it.each([1002, 1003, 1007, 1008, 1009])("close %i says so instead of connecting again", async (code) => {
    const { texts, errors } = await converse({ first: { fault: "close", code, request: 1 } });
    expect(errors).toMatchObject([{ code: "connection_closed", closeCode: code }]);
    expect(texts[1]).toBe("You sent 2.");
  });

  it.each<Fault>([
    { fault: "close", code: 1011, event: delta },
    { fault: "reset", event: delta },
    { fault: "silence", event: "response.output_text.done" },
    { fault: "half-open", event: "response.output_text.done" },
  ])("%o after output ends the turn with what was delivered", async (fault) => {
    const { texts, errors, records } = await converse(
      { second: fault },
      { timeouts: { idleMs: 150, drainMs: 50, closeMs: 50 } },
    );
    if (errors.length === 0) expect(records[1]!.retries.length).toBeGreaterThan(0);
    else expect(errors).toMatchObject([{ code: "lost_after_output", deliveredCharacters: texts[1]!.length }]);
  });

  it.each<Fault>([
    { fault: "silence", request: 1 },
    { fault: "half-open", request: 1 },
  ])("%o before output asks again on another connection", async (fault) => {
    const { texts, errors, records } = await converse(
      { first: fault },
      { retryOnTimeout: true, timeouts: { outputMs: 100, closeMs: 50 } },
    );
    expect(errors).toEqual([]);
    expect(texts).toEqual(whole);
    expect(records[0]!.retries).toEqual(["no-output"]);
  });

  it("half-open, found by the heartbeat", async () => {
    const { texts, errors } = await converse(
      { first: { fault: "half-open", request: 1 } },
      { heartbeat: { intervalMs: 40, timeoutMs: 40 } },
    );
    expect(errors).toEqual([]);
    expect(texts).toEqual(whole);
  });

  it.each<Fault>([
    { fault: "drop", event: delta },
    { fault: "duplicate", event: delta },
    { fault: "reorder", event: delta },
  ])("%o in the text is not passed over in silence", async (fault) => {
    const { texts, errors } = await converse({ first: fault });
    expect(errors).toMatchObject([{ code: "invalid_response" }]);
    expect(texts[1]).toMatch(/^You sent [23]\.$/);
  });

  it.each<ErrorShape>(["wrapped", "flat", "untyped", "string", "detail", "status_code", "message", "empty", "failed"])(
    "error of the shape %s ends the turn, and the next one is right",
    async (shape) => {
      const fault: Fault = { fault: "error", shape, status: 400, message: "No.", request: 1 };
      const { texts, errors } = await converse({ first: fault }, { timeouts: { retryMs: 0 } });
      expect(errors).toHaveLength(1);
      expect(texts[1]).toBe("You sent 2.");
    },
  );

  it("error 503 is asked again after a wait", async () => {
    const fault: Fault = { fault: "error", status: 503, code: "server_is_overloaded", retryAfterMs: 5, request: 1 };
    const { texts, errors, records } = await converse({ first: fault });
    expect(errors).toEqual([]);
    expect(texts).toEqual(whole);
    expect(records[0]!.retries).toEqual(["server-failed"]);
  });

  it("evict sends everything, once", async () => {
    const { texts, errors, records } = await converse({ second: { fault: "evict", request: 2 } });
    expect(errors).toEqual([]);
    expect(texts).toEqual(whole);
    expect(records[1]).toMatchObject({ mode: "full", retries: ["response-gone"] });
  });

  it.each([426, 403, 404, 501])("refuse %i goes over HTTP at once", async (status) => {
    const { texts, errors, records } = await converse({ first: { fault: "refuse", status } });
    expect(errors).toEqual([]);
    expect(texts).toEqual(whole);
    expect(records.map(({ transport }) => transport)).toEqual(["http", "http"]);
  });

  it("refuse 503 connects again, refuse 401 does not", async () => {
    const busy = await converse({ first: { fault: "refuse", status: 503 } }, { backoff: { initialDelayMs: 5 } });
    expect(busy.texts).toEqual(whole);
    const wrong = await converse({ first: { fault: "refuse", status: 401 } });
    expect(wrong.errors).toMatchObject([{ code: "connection_refused", status: 401 }]);
  });
});
