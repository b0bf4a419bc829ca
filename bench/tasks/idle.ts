import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "../clients/client.ts";
import { newQuestion } from "../support/model.ts";

export interface IdleOptions {
  readonly baseURL: string;
  readonly conversations: number;
}

export interface IdleMemory {
  /** Bytes per conversation on the JavaScript heap; `external`: outside of the heap; `rss`: of the whole process. */
  readonly heap: number;
  readonly external: number;
  readonly rss: number;
}

/** Measures the memory of a conversation that has had a turn and waits for the next. */
export async function idle(client: Client, { baseURL, conversations }: IdleOptions): Promise<IdleMemory> {
  // The first run lets the engine allocate memory for compiled code, which would otherwise count for the conversations.
  await hold(client, baseURL, Math.ceil(conversations / 4));
  return await hold(client, baseURL, conversations);
}

async function hold(client: Client, baseURL: string, count: number): Promise<IdleMemory> {
  const { signal } = new AbortController();
  const before = await memory();
  const all = Array.from({ length: count }, () => client.open({ baseURL }));
  for (let from = 0; from < count; from += 25) {
    const some = all.slice(from, from + 25);
    await Promise.all(some.map((conversation) => conversation.say(newQuestion(10).text, () => undefined, signal)));
  }
  const after = await memory();
  await Promise.all(all.map((conversation) => conversation.close()));
  return {
    heap: (after.heapUsed - before.heapUsed) / count,
    external: (after.external - before.external) / count,
    rss: (after.rss - before.rss) / count,
  };
}

async function memory(): Promise<NodeJS.MemoryUsage> {
  // The engine releases some memory only after the event loop has turned.
  for (let round = 0; round < 3; round += 1) {
    globalThis.gc!();
    await sleep(50);
  }
  return process.memoryUsage();
}
