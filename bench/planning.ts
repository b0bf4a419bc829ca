/** What it costs to decide what to send, by the length of the history. */
import { Bench } from "tinybench";
import { LLMContext, type LLMMessage } from "../src/index.ts";
import { ContextAdapter } from "../src/openai/adapter.ts";
import { type KnownHolder, plan } from "../src/openai/continuation.ts";

const sizes = [10, 100, 1000, 10_000];

const text = "A sentence of the usual length, as a person says it to an assistant.";

function turn(index: number): LLMMessage[] {
  return [
    { role: "user", content: `${index}: ${text}` },
    { role: "assistant", content: `${index}: ${text}` },
  ];
}

/** A conversation of so many items, whose last response the server knows, and what plans its next turn. */
function conversation(items: number): () => void {
  const adapter = new ContextAdapter({ debug: () => undefined, warn: console.warn });
  const lane: KnownHolder = { latest: undefined, usedAt: 0 };
  const context = new LLMContext({ messages: Array.from({ length: items / 2 }, (_, index) => turn(index)).flat() });
  const step = (): void => {
    const [said, answered] = turn(context.messages.length);
    context.addMessage(said!);
    const view = adapter.toConversation(context);
    JSON.stringify(view.wireFrom(plan(view, [lane], "none").from));
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

export async function planning(): Promise<void> {
  const bench = new Bench({ iterations: 200, time: 0, warmupIterations: 50, warmupTime: 0 });
  for (const size of sizes) bench.add(String(size), conversation(size));
  await bench.run();
  const medians = new Map(bench.tasks.map((task) => [Number(task.name), median(task)]));
  const base = medians.get(10)!;
  console.log("Planning a turn, by items in the history (median):");
  for (const [size, ms] of medians) {
    console.log(
      `  ${String(size).padStart(6)} items  ${(ms * 1000).toFixed(1).padStart(7)} µs  ${(ms / base).toFixed(2)} × that of 10`,
    );
  }
  const limit = 2 * base + 0.2;
  console.log(`  1000 items: ${medians.get(1000)! <= limit ? "within" : "ABOVE"} the limit of 2 × + 0.2 ms\n`);
  if (medians.get(1000)! > limit) process.exitCode = 1;
}

function median(task: Bench["tasks"][number]): number {
  const { result } = task;
  if (!("latency" in result)) throw new Error(`the measurement of ${task.name} failed`);
  return result.latency.p50;
}
