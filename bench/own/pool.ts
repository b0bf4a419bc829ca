/** Many conversations over few connections. */
import { setTimeout as sleep } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { type OpenAIResponsesLLMServiceOptions, ResponsesConnectionPool } from "turnwire";
import type { CancelMode } from "@turnwire/server";
import { Caller, type Verdict, verdictOn } from "../support/caller.ts";
import { FarEnd } from "../support/far-end.ts";
import { lengths, newQuestion } from "../support/model.ts";
import type { Report } from "../support/report.ts";

const conversations = 200;
const tokenMs = 2;

interface Held {
  verdict: Verdict;
  peak: number;
  idle: number;
  heapPerConversation: number;
  outsidePerConversation: number;
}

export async function pool(report: Report, quick: boolean): Promise<void> {
  // The first runs let the engine allocate memory for compiled code, which would otherwise count for the conversations.
  await pooled(conversations / 2, 2);
  if (!quick) await hold(conversations / 4, Infinity, "refuse", {});
  const runs: Record<string, Held> = {
    "over a pool": await pooled(conversations, Infinity),
    ...(quick ? {} : { "over a pool, one in five interrupted at once": await pooled(conversations, 5) }),
    "over a pool, all interrupted at once": await pooled(conversations, 1),
    "over a pool, all interrupted at once, cancel honoured": await pooled(conversations, 1, "honour"),
  };
  const own = await hold(conversations, Infinity, "refuse", {});
  report.title(`${conversations} conversations of five turns each, all at once; then idle`);
  report.table(
    [
      "",
      "connections",
      "at most",
      "turns",
      "incomplete",
      "stale",
      "requests",
      "wrong conversation",
      "heap each",
      "buffers each",
    ],
    [...Object.entries(runs).map(([name, held]) => row(name, held)), row("each with its own connection", own)],
  );
  report.note(
    "heap: in use after garbage collection, including the conversation's messages; buffers: this thread's memory outside of the heap",
  );
  report.goal("connections of 200 idle conversations", Math.max(...all(runs, ({ idle }) => idle)), 16, "");
  report.goal(
    "connections that 200 conversations hold, at any time",
    Math.max(...all(runs, ({ peak }) => peak)),
    16,
    "",
  );
  const wrong = all(runs, ({ verdict }) => verdict.different + verdict.wrong + verdict.stale);
  report.goal("turns over a pool with wrong text or a wrong conversation", Math.max(...wrong), 0, "");
  report.keep("pool", { pooled: runs, own });
}

function all(runs: Record<string, Held>, of: (held: Held) => number): number[] {
  return Object.values(runs).map(of);
}

function row(name: string, held: Held): string[] {
  const { turns, wrong, stale, requests, different } = held.verdict;
  const counts = [held.idle, held.peak, turns, wrong, stale, requests, different];
  return [name, ...counts.map(String), kib(held.heapPerConversation), kib(held.outsidePerConversation)];
}

async function pooled(count: number, interruptEvery: number, cancel: CancelMode = "refuse"): Promise<Held> {
  await using shared = new ResponsesConnectionPool();
  return await hold(count, interruptEvery, cancel, { pool: shared });
}

/** @param interruptEvery Interrupts every n-th conversation. */
async function hold(
  count: number,
  interruptEvery: number,
  cancel: CancelMode,
  options: OpenAIResponsesLLMServiceOptions,
): Promise<Held> {
  await using farEnd = await FarEnd.start({ rttMs: 5, model: { firstTokenMs: 20, tokenMs }, cancel });
  const before = await memory();
  const callers = Array.from({ length: count }, () => new Caller({ baseURL: farEnd.url, ...options }));
  await Promise.all(callers.map((caller, index) => converse(caller, (index + 1) % interruptEvery === 0)));
  // Wait until the abandoned responses end and the pool closes the connections it no longer needs.
  await sleep(lengths.long * tokenMs);
  const { open, peak } = await farEnd.ask("counts");
  const verdict = await verdictOn(callers, farEnd);
  for (const caller of callers) caller.held.clear();
  const after = await memory();
  await Promise.all(callers.map(({ llm }) => llm.stop()));
  return {
    verdict,
    peak,
    idle: open,
    heapPerConversation: (after.heap - before.heap) / count,
    outsidePerConversation: (after.outside - before.outside) / count,
  };
}

/** All conversations begin their first turn at the same time. Each begins the next turn when the answer is complete. */
async function converse(caller: Caller, interrupt: boolean): Promise<void> {
  await caller.ordinary();
  await caller.ordinary();
  if (interrupt) await caller.ask(newQuestion("long"), 3);
  else await caller.ordinary();
  await caller.ordinary();
  await caller.ordinary();
}

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

async function memory(): Promise<{ heap: number; outside: number }> {
  // The engine releases some memory only after the event loop has turned.
  for (let round = 0; round < 3; round += 1) {
    collect();
    await sleep(20);
  }
  const { heapUsed, external } = process.memoryUsage();
  return { heap: heapUsed, outside: external };
}

function kib(bytes: number): string {
  return `${(bytes / 1024).toFixed(1)} KiB`;
}
