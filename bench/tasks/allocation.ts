import { type HeapProfiler, Session } from "node:inspector/promises";
import type { Client } from "../clients/client.ts";
import { cannedQuestion } from "../support/canned-server.ts";

export interface AllocationOptions {
  readonly baseURL: string;
  readonly turns: number;
  /** Deltas in each answer. */
  readonly deltas: number;
}

export interface Allocated {
  /** Bytes allocated on the JavaScript heap, whether or not they are still in use. */
  readonly bytesPerTurn: number;
}

/** Measures what a turn allocates, with the sampling heap profiler. */
export async function allocation(client: Client, options: AllocationOptions): Promise<Allocated> {
  const { baseURL, turns, deltas } = options;
  const conversation = client.open({ baseURL });
  const { signal } = new AbortController();
  const turn = (): Promise<void> => conversation.say(cannedQuestion(deltas), () => undefined, signal);
  for (let count = 0; count < turns; count += 1) await turn();
  const session = new Session();
  session.connect();
  await session.post("HeapProfiler.startSampling", {
    samplingInterval: 4096,
    includeObjectsCollectedByMajorGC: true,
    includeObjectsCollectedByMinorGC: true,
  });
  for (let count = 0; count < turns; count += 1) await turn();
  const { profile } = await session.post("HeapProfiler.stopSampling");
  session.disconnect();
  await conversation.close();
  return { bytesPerTurn: bytesOf(profile.head) / turns };
}

function bytesOf({ selfSize, children }: HeapProfiler.SamplingHeapProfileNode): number {
  return children.reduce((sum, child) => sum + bytesOf(child), selfSize);
}
