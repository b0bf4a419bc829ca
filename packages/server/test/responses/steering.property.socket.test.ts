import fc from "fast-check";
import type { ResponseInputItem } from "openai/resources/responses/responses";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Brain, type BrainOutput, ResponsesServer } from "../../src/responses/index.ts";
import { isTerminal, RawClient, type WireEvent } from "./support/raw-client.ts";

/** The output for a first user message that is its JSON; any other message gets a word. */
const scripted: Brain = async function* ({ conversation }) {
  const [first] = conversation;
  const script = first === undefined ? "[]" : textOf(first);
  if (conversation.length > 1) return yield { type: "text", delta: "after" };
  for (const output of JSON.parse(script) as Array<BrainOutput | { type: "wait" }>) {
    if (output.type === "wait") await new Promise((resolve) => setImmediate(resolve));
    else yield output;
  }
};

function textOf(item: ResponseInputItem): string {
  return "content" in item && typeof item.content === "string" ? item.content : "";
}

interface SteerEvent extends WireEvent {
  steer: { id: string; previous_response_id: string; input: string };
}

let server: ResponsesServer;
beforeAll(async () => {
  server = await ResponsesServer.start({ brain: scripted, keptRequests: 200 });
});
afterAll(() => server.close());

const piece = fc.oneof(
  { weight: 3, arbitrary: fc.constant({ type: "text" as const, delta: "word " }) },
  { weight: 2, arbitrary: fc.constant({ type: "reasoning" as const, summary: "hm" }) },
  { weight: 1, arbitrary: fc.constant({ type: "function_call" as const, name: "f", arguments: "{}" }) },
  { weight: 1, arbitrary: fc.constant({ type: "incomplete" as const, reason: "content_filter" }) },
  { weight: 3, arbitrary: fc.constant({ type: "wait" as const }) },
);

/** Steers after the n-th event of the run and answers calls as they come; ends when no response is running. */
async function run(script: object[], after: ReadonlySet<number>): Promise<{ events: SteerEvent[]; sent: string[] }> {
  await using client = await RawClient.connect(server.wsURL);
  const events: SteerEvent[] = [];
  const sent: string[] = [];
  let id = "";
  let running = 1;
  let unanswered = 0;
  client.create({ model: "gpt-6-astra", input: JSON.stringify(script) });
  // Input that the server owns is committed by the next response, or given back.
  while (running > 0 || unanswered > 0 || pendingSteers(events) > 0) {
    const event = (await client.next()) as SteerEvent;
    events.push(event);
    if (event.type === "response.created") id = event.response.id;
    if (/^response\.steer\.(?:accepted|failed)$/.test(event.type) && sent.length > 0) {
      // Input that is given back after its acceptance answers no message.
      if (event.type === "response.steer.accepted" || event.steer.id === undefined) unanswered -= 1;
    }
    if (after.has(events.length) && id !== "") {
      sent.push(`steer ${events.length}`);
      unanswered += 1;
      client.send({ type: "response.steer", previous_response_id: id, input: sent.at(-1) });
    }
    if (!isTerminal(event)) continue;
    const { output } = event.response;
    const calls = event.type === "response.completed" ? output.filter((item) => item.type === "function_call") : [];
    // A response that completed or was steered has a successor for its queued input.
    const steered = event.response.incomplete_details?.reason === "steered";
    const followed = steered || (event.type === "response.completed" && pendingSteers(events) > 0);
    running = calls.length > 0 || followed ? 1 : 0;
    if (calls.length === 0) continue;
    client.create({
      model: "gpt-6-astra",
      previous_response_id: event.response.id,
      input: calls.map((call) => ({ type: "function_call_output", call_id: call.call_id, output: "ok" })),
    });
  }
  return { events, sent };
}

/** How many pieces of input the server owns for the latest response. */
function pendingSteers(events: readonly SteerEvent[]): number {
  const latest = events.findLast((event) => event.type === "response.created")?.response.id;
  const owned = new Set<string>();
  for (const event of events) {
    if (event.type === "response.steer.accepted" && event.steer.previous_response_id === latest)
      owned.add(event.steer.id);
    if (event.type === "response.steer.failed") owned.delete(event.steer.id);
  }
  return owned.size;
}

test("each piece of input is told to the model once, or given back, whenever it comes", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(piece, { maxLength: 8 }),
      fc.uniqueArray(fc.integer({ min: 1, max: 30 }), { maxLength: 4 }),
      async (script, after) => {
        server.reset();
        const { events, sent } = await run(script, new Set(after));
        await expect.poll(() => server.requests.every((request) => request.durationMs !== undefined)).toBe(true);
        const told = (server.requests.at(-1)?.conversation ?? []).flatMap((item) =>
          textOf(item).startsWith("steer") ? [textOf(item)] : [],
        );
        const back = events.filter((event) => event.type === "response.steer.failed").map((event) => event.steer.input);
        expect([...told, ...back].toSorted()).toEqual(sent.toSorted());
        const ids = events.filter((event) => event.type === "response.created").map((event) => event.response.id);
        expect(new Set(ids).size).toBe(ids.length);
      },
    ),
    { numRuns: 150 },
  );
});
