/** How long it takes to decide what to send, by the length of the history. */
import { Bench } from "tinybench";
// All three from the sources: two copies of the package would not share what they remember of a message.
import { LLMContext, type LLMMessage } from "../../packages/turnwire/src/context/index.ts";
import { ContextAdapter } from "../../packages/turnwire/src/openai/request/messages-to-items.ts";
import { type ContinuableResponse, plan } from "../../packages/turnwire/src/openai/request/continuation.ts";
import type { Report } from "../support/report.ts";

const sizes = [10, 100, 1000, 10_000];

const text = "A sentence of the usual length, as a person says it to an assistant.";

function turn(index: number): LLMMessage[] {
  return [
    { role: "user", content: `${index}: ${text}` },
    { role: "assistant", content: `${index}: ${text}` },
  ];
}

/**
 * Prepares a conversation with this many items, of which the server has the last response. Returns a function that plans its
 * next turn.
 */
function conversation(items: number): () => void {
  const adapter = new ContextAdapter({ debug: () => undefined, warn: console.warn });
  const lane: { latest: ContinuableResponse | undefined; usedAt: number } = { latest: undefined, usedAt: 0 };
  const context = new LLMContext({ messages: Array.from({ length: items / 2 }, (_, index) => turn(index)).flat() });
  let turns = items / 2;
  const step = (): void => {
    const [said, answered] = turn((turns += 1));
    context.addMessage(said!);
    const view = adapter.toConversation(context);
    JSON.stringify(view.wireFrom(plan(view, [lane], "first-request").from));
    const text = (answered as { content: string }).content;
    const content = [{ type: "output_text" as const, text, annotations: [] }];
    const items = [
      { type: "message" as const, id: "m", role: "assistant" as const, status: "completed" as const, content },
    ];
    lane.latest = { responseId: "resp", conversation: view, parts: [{ kind: "output", items }] };
    context.addMessage(answered!);
  };
  step();
  return step;
}

export async function planning(report: Report): Promise<void> {
  const bench = new Bench({ iterations: 200, time: 0, warmupIterations: 50, warmupTime: 0 });
  for (const size of sizes) bench.add(String(size), conversation(size));
  await bench.run();
  const medians = new Map(bench.tasks.map((task) => [Number(task.name), median(task)]));
  const base = medians.get(10)!;
  report.title("Planning a turn, by items in the history");
  report.table(
    ["items", "median", "against 10"],
    [...medians].map(([size, ms]) => [String(size), `${(ms * 1000).toFixed(1)} µs`, `${(ms / base).toFixed(2)} ×`]),
  );
  report.goal(
    "planning with 1000 items; limit: twice the time with 10 items, plus 0.2 ms",
    medians.get(1000)! * 1000,
    2000 * base + 200,
    "µs",
  );
  report.keep("planning", { medianMsByItems: Object.fromEntries(medians) });
}

function median(task: Bench["tasks"][number]): number {
  const { result } = task;
  if (!("latency" in result)) throw new Error(`the measurement of ${task.name} failed`);
  return result.latency.p50;
}
