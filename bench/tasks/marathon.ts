import type { Client } from "../clients/client.ts";
import { cannedQuestion } from "../support/canned-server.ts";
import { monotonicMs } from "../support/time.ts";

export interface MarathonOptions {
  readonly baseURL: string;
  readonly turns: number;
  readonly deltas: number;
  /** Stops a client whose turns have become so slow that it would not finish. */
  readonly limitMs: number;
}

export interface Marathon {
  /** CPU time per turn in microseconds, averaged over each of ten equal parts. */
  readonly cpuUsByPart: number[];
  readonly turns: number;
  /** Bytes in use after garbage collection, at the start and at the end. */
  readonly heapBytes: readonly [number, number];
}

const parts = 10;

/** Measures one conversation with very many turns. */
export async function marathon(client: Client, options: MarathonOptions): Promise<Marathon> {
  const { baseURL, turns, deltas, limitMs } = options;
  const { signal } = new AbortController();
  const runTurns = async (count: number, conversation = client.open({ baseURL })): Promise<typeof conversation> => {
    for (let turn = 0; turn < count; turn += 1) await conversation.say(cannedQuestion(deltas), () => undefined, signal);
    return conversation;
  };
  // Let the compiler finish its work before the first turn that counts.
  await (await runTurns(Math.min(1000, turns / 10))).close();
  const conversation = client.open({ baseURL });
  const until = monotonicMs() + limitMs;
  const heapBefore = heapBytes();
  const cpuUsByPart: number[] = [];
  while (cpuUsByPart.length < parts && monotonicMs() < until) {
    globalThis.gc!();
    const before = process.cpuUsage();
    await runTurns(turns / parts, conversation);
    const { user, system } = process.cpuUsage(before);
    cpuUsByPart.push((user + system) / (turns / parts));
  }
  const heapAfter = heapBytes();
  await conversation.close();
  return { cpuUsByPart, turns: (cpuUsByPart.length * turns) / parts, heapBytes: [heapBefore, heapAfter] };
}

function heapBytes(): number {
  globalThis.gc!();
  return process.memoryUsage().heapUsed;
}
