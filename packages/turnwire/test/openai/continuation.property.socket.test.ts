import fc from "fast-check";
import {
  defineTool,
  type Frame,
  LLMContext,
  LLMFullResponseEndFrame,
  LLMFullResponseStartFrame,
  type LLMMessage,
  OpenAIResponsesLLMService,
  type InferenceRecord,
} from "turnwire";
import { type Brain, type BrainOutput, type CancelMode, ResponsesServer } from "@turnwire/server";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { heldBy, RecordingLogger, seenBy, user } from "@turnwire/test-kit";

/** A step of a conversation. */
type Step =
  | { kind: "say"; text: string; reply: BrainOutput[]; cutAfter: number | undefined }
  | { kind: "edit"; at: number; text: string }
  | { kind: "truncate"; keep: number; from: "start" | "end" }
  | { kind: "drop" }
  | { kind: "note"; text: string }
  | { kind: "clone" };

const word = fc.string({ minLength: 1, maxLength: 8, unit: fc.constantFrom("a", "b", "ü", "😀", " ", "\n", '"') });

const text: fc.Arbitrary<BrainOutput> = word.map((delta) => ({ type: "text", delta }));
const thought: fc.Arbitrary<BrainOutput> = fc
  .record({ summary: word, encryptedContent: fc.uuid() })
  .map((fields) => ({ type: "reasoning", ...fields }));
const call: fc.Arbitrary<BrainOutput> = fc
  .constantFrom('{"n": 1}', '{"n":2}', '{"n":"three"}', "{", "")
  .map((args) => ({ type: "function_call", name: "count", arguments: args }));
const refusal: fc.Arbitrary<BrainOutput> = word.map((delta) => ({ type: "refusal", delta }));

const reply: fc.Arbitrary<BrainOutput[]> = fc.oneof(
  { weight: 4, arbitrary: fc.array(text, { minLength: 1, maxLength: 5 }) },
  fc.tuple(thought, text).map((outputs) => [...outputs]),
  fc.tuple(text, call).map((outputs) => [...outputs]),
  fc.array(call, { minLength: 1, maxLength: 3 }),
  fc.tuple(thought, call, call).map((outputs) => [...outputs]),
  fc.tuple(thought, call, thought, call).map((outputs) => [...outputs]),
  fc.tuple(call, text).map((outputs) => [...outputs]),
  fc.tuple(refusal).map((outputs) => [...outputs]),
  fc
    .tuple(text, fc.constant<BrainOutput>({ type: "incomplete", reason: "max_output_tokens" }))
    .map((outputs) => [...outputs]),
  fc.constant<BrainOutput[]>([]),
);

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant("say" as const),
      text: word,
      reply,
      cutAfter: fc.option(fc.nat({ max: 6 }), { nil: undefined, freq: 4 }),
    }),
  },
  fc.record({ kind: fc.constant("edit" as const), at: fc.nat({ max: 20 }), text: word }),
  fc.record({
    kind: fc.constant("truncate" as const),
    keep: fc.nat({ max: 6 }),
    from: fc.constantFrom("start", "end"),
  }),
  fc.record({ kind: fc.constant("drop" as const) }),
  fc.record({ kind: fc.constant("note" as const), text: word }),
  fc.record({ kind: fc.constant("clone" as const) }),
);

let brain: Brain;
const kinds = (["honour", "refuse", "ignore"] as const).flatMap((cancel): Array<[CancelMode, boolean]> => [
  [cancel, true],
  [cancel, false],
]);
const servers = new Map<string, ResponsesServer>();

beforeAll(async () => {
  for (const [cancel, lanes] of kinds) {
    const server = await ResponsesServer.start({ cancel, lanes, brain: (request) => brain(request), keptRequests: 1 });
    servers.set(`${cancel} ${lanes}`, server);
  }
});
afterAll(async () => {
  for (const server of servers.values()) await server.close();
});

const count = defineTool({
  name: "count",
  parameters: { type: "object", properties: { n: { type: "number" } }, required: ["n"] },
  execute: ({ n }) => `counted ${String(n)}`,
});

class Run {
  readonly broken: string[] = [];
  readonly records: InferenceRecord[] = [];
  context = new LLMContext({ tools: [count] });
  /** The conversation that was held when each inference began. */
  readonly #held: string[] = [];
  readonly #llm: OpenAIResponsesLLMService;
  readonly #server: ResponsesServer;

  constructor(server: ResponsesServer, logger: RecordingLogger) {
    this.#server = server;
    this.#llm = new OpenAIResponsesLLMService({
      apiKey: "k",
      baseURL: server.url,
      logger,
      timeouts: { drainMs: 2000 },
      // Connections are dropped faster here than any network does.
      giveUpAfter: { failures: 1000 },
    });
    this.#llm.on("inference", (record) => void this.records.push(record));
  }

  async take(next: Step): Promise<void> {
    const { messages } = this.context;
    if (next.kind === "say") return this.#say(next);
    if (next.kind === "note") return this.context.addMessage({ role: "developer", content: next.text });
    if (next.kind === "clone") {
      const json = JSON.parse(JSON.stringify(this.context)) as ReturnType<LLMContext["toJSON"]>;
      this.context = LLMContext.fromJSON(json, [count]);
    } else if (next.kind === "drop") {
      for (const connection of this.#server.connections) connection.terminate();
    } else if (next.kind === "edit") {
      this.context.setMessages(messages.map((message, at) => (at === next.at ? edited(message, next.text) : message)));
    } else {
      this.context.setMessages(
        whole(next.from === "start" ? messages.slice(-next.keep) : messages.slice(0, next.keep)),
      );
    }
  }

  async #say({ text: said, reply: outputs, cutAfter }: Extract<Step, { kind: "say" }>): Promise<void> {
    const { context } = this;
    context.addMessage(user(said));
    const answers = [outputs, [{ type: "text", delta: "Done." } as const]];
    let lastSeen: string | undefined;
    brain = ({ conversation }) => {
      lastSeen = JSON.stringify(seenBy(conversation));
      if (!this.#held.includes(lastSeen)) this.broken.push(`saw ${lastSeen}, held ${this.#held.at(-1)}`);
      // An abandoned request may arrive when its turn is long over: what it is answered does not matter.
      if (lastSeen !== this.#held.at(-1)) return [{ type: "text", delta: "Too late." }];
      return answers.length > 1 ? answers.shift()! : answers[0]!;
    };
    const controller = new AbortController();
    const frames: Frame[] = [];
    try {
      for await (const frame of this.#llm.respond(context, { signal: controller.signal })) {
        if (frame instanceof LLMFullResponseStartFrame) this.#held.push(JSON.stringify(heldBy(context)));
        frames.push(frame);
        if (frames.length === cutAfter) controller.abort();
      }
    } catch (error) {
      this.broken.push(`failed: ${String(error)}`);
    }
    if (!controller.signal.aborted && lastSeen !== this.#held.at(-1)) this.broken.push(`last saw ${lastSeen}`);
    const around = frames.map((frame) =>
      frame instanceof LLMFullResponseStartFrame ? "<" : frame instanceof LLMFullResponseEndFrame ? ">" : "",
    );
    if (!/^(<>)*$/.test(around.join(""))) this.broken.push(`frames around the answers: ${around.join("")}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#llm.stop();
  }
}

function edited(message: LLMMessage, to: string): LLMMessage {
  return "role" in message && message.role === "user" ? { ...message, content: to } : message;
}

/** A history cut anywhere may start or end within a call or a thought; the application cuts where that is not so. */
function whole(messages: readonly LLMMessage[]): LLMMessage[] {
  const kept = [...messages];
  while (kept.length > 0 && !("role" in kept[0]! && kept[0].role === "user")) kept.shift();
  while (
    kept.length > 0 &&
    !("role" in kept.at(-1)! && ["user", "tool"].includes((kept.at(-1) as { role: string }).role))
  )
    kept.pop();
  const calls = kept.flatMap((message) => ("tool_calls" in message ? (message.tool_calls ?? []) : [])).length;
  const outputs = kept.filter((message) => "role" in message && message.role === "tool").length;
  return calls === outputs ? kept : [];
}

const numRuns = Number(process.env["TURNWIRE_RUNS"] ?? 200);

describe("the model always sees exactly the conversation that the application holds", () => {
  it.each(kinds)(
    "at a server that meets cancels with: %s, lanes: %s",
    async (cancel, lanes) => {
      const modes = { incremental: 0, full: 0 };
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 8 }), async (steps) => {
          const logger = new RecordingLogger();
          await using run = new Run(servers.get(`${cancel} ${lanes}`)!, logger);
          for (const next of steps) await run.take(next);
          for (const { mode } of run.records) modes[mode] += 1;
          expect(run.broken).toEqual([]);
          expect(logger.warnings).toEqual([]);
        }),
        { numRuns, timeout: 10_000 },
      );
      // Sending everything every time would keep the law, too.
      expect(modes.incremental).toBeGreaterThan(modes.full / 2);
    },
    120_000,
  );
});
