import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  LLMContext,
  LLMFullResponseEndFrame,
  OpenAIResponsesLLMService,
  PipelineTask,
  TranscriptionFrame,
} from "turnwire";
import { LLMContextAggregatorPair } from "turnwire";
import { ResponsesServer } from "@turnwire/server";
import { describe, expect, it } from "vitest";
import { say } from "@turnwire/test-kit";
import { lines } from "../support/brains.ts";
import { overWebsocket } from "../support/setup.ts";

function activeResources(): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}

describe("the life of a service", () => {
  it("leaves no socket, timer or listener after 1,000 cycles of start, turn and stop", async () => {
    await using server = await ResponsesServer.start({ brain: lines("ok"), keptRequests: 1 });
    const llm = new OpenAIResponsesLLMService({ apiKey: "k", baseURL: server.url });
    const forever = new AbortController();
    let listeners = 0;
    const { signal } = forever;
    const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)];
    signal.addEventListener = (...args: Parameters<typeof add>) => (add(...args), void (listeners += 1));
    signal.removeEventListener = (...args: Parameters<typeof remove>) => (remove(...args), void (listeners -= 1));
    const cycle = async (): Promise<void> => {
      llm.start();
      const context = new LLMContext({ messages: [{ role: "user", content: "Hi" }] });
      for await (const _frame of llm.respond(context, { signal }));
      await llm.stop();
    };
    await cycle();
    await new Promise((resolve) => setTimeout(resolve, 50));
    const before = activeResources();
    for (let round = 0; round < 1000; round += 1) await cycle();
    while (server.connections.length > 0) await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setTimeout(resolve, 50));
    const after = activeResources();
    for (const [kind, count] of Object.entries(after))
      expect([kind, count]).toEqual([kind, Math.min(count, (before[kind] ?? 0) + 1)]);
    expect(listeners).toBe(0);
  }, 60_000);

  it("lets the process exit by itself after stop", async () => {
    const script = `
      import { LLMContext, OpenAIResponsesLLMService } from "turnwire";
      import { ResponsesServer } from "@turnwire/server";
      const server = await ResponsesServer.start();
      const llm = new OpenAIResponsesLLMService({ apiKey: "k", baseURL: server.url });
      const context = new LLMContext({ messages: [{ role: "user", content: "Hi" }] });
      for await (const frame of llm.respond(context));
      await llm.stop();
      await server.close();
      console.log("stopped");
    `;
    const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const exited = once(child, "exit");
    let out = "";
    child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
    const started = performance.now();
    expect(await exited).toEqual([0, null]);
    expect(out).toBe("stopped\n");
    expect(performance.now() - started).toBeLessThan(10_000);
  });

  it("can begin again after stop", async () => {
    await using setup = await overWebsocket({ brain: lines("one", "two") });
    const context = new LLMContext();
    expect(await say(setup.llm, context, "a")).toBe("one");
    await setup.llm.stop();
    expect(setup.llm.isConnected).toBe(false);
    expect(await say(setup.llm, context, "b")).toBe("two");
    expect(setup.records[1]).toMatchObject({ mode: "full" });
  });

  it("answers a turn that begins during two stops", async () => {
    await using setup = await overWebsocket();
    await say(setup.llm, new LLMContext(), "a");
    const first = setup.llm.stop();
    await Promise.resolve();
    await Promise.resolve();
    const second = setup.llm.stop();
    const turn = say(setup.llm, new LLMContext(), "b");
    await Promise.all([first, second, turn]);
    expect(setup.records).toMatchObject([{ interrupted: false }, { interrupted: false }]);
  });

  it("connects at the start of a pipeline and disconnects at its end", async () => {
    await using setup = await overWebsocket({ brain: lines("Hello.") });
    const events: string[] = [];
    for (const event of ["connected", "disconnected"] as const) setup.llm.on(event, () => void events.push(event));
    const context = new LLMContext();
    const { user, assistant } = new LLMContextAggregatorPair(context);
    const task = new PipelineTask([user, setup.llm, assistant]);
    task.on("frameReachedDownstream", (frame) => {
      if (frame instanceof LLMFullResponseEndFrame) void task.stopWhenDone();
    });
    await task.queueFrame(new TranscriptionFrame("Hi"));
    await task.run();
    expect(events).toEqual(["connected", "disconnected"]);
    expect(context.messages).toEqual([
      { role: "user", content: "Hi" },
      { role: "assistant", content: "Hello." },
    ]);
  });
});
