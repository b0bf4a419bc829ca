import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import type { Client, Conversation } from "../clients/client.ts";
import { newQuestion } from "../support/model.ts";
import { monotonicMs } from "../support/time.ts";

export interface LoadOptions {
  readonly baseURL: string;
  readonly conversations: number;
  /** Turns of each conversation, one after the other. */
  readonly turns: number;
  readonly words: number;
  /** The time over which the first turns of the conversations begin. */
  readonly spreadMs: number;
}

export interface Loaded {
  readonly firstTextMs: number[];
  /** How late the event loop came round, in milliseconds. */
  readonly loopDelay: { readonly p50: number; readonly p99: number; readonly max: number };
  /** CPU time of the client for each word that it delivered. */
  readonly cpuUsPerEvent: number;
  readonly errors: string[];
}

/** Short enough to see the delays that matter, and long enough not to show in the CPU time. */
const loopResolutionMs = 10;

/** Runs many conversations at the same time, each over a socket of its own if that is the client's way. */
export async function load(client: Client, options: LoadOptions): Promise<Loaded> {
  const { baseURL, conversations, turns, words, spreadMs } = options;
  const errors: string[] = [];
  const firstTextMs: number[] = [];
  let heard = 0;

  const turn = async (conversation: Conversation, counts: boolean): Promise<void> => {
    const { text } = newQuestion(words);
    const startedAt = monotonicMs();
    let first = true;
    const onText = (): void => {
      if (!counts) return;
      if (first) firstTextMs.push(monotonicMs() - startedAt);
      first = false;
      heard += 1;
    };
    try {
      // A new signal for each turn, as in an application: adding a listener gets slower the more listeners a signal has.
      await conversation.say(text, onText, new AbortController().signal);
    } catch (error) {
      errors.push(error instanceof Error ? error.message : String(error));
    }
  };

  const all: Conversation[] = [];
  for (let count = 0; count < conversations; count += 200) {
    const some = Array.from({ length: Math.min(200, conversations - count) }, () => client.open({ baseURL }));
    await Promise.all(some.map((conversation) => turn(conversation, false)));
    all.push(...some);
  }

  const delay = monitorEventLoopDelay({ resolution: loopResolutionMs });
  delay.enable();
  const before = process.cpuUsage();
  await Promise.all(
    all.map(async (conversation, index) => {
      await sleep((index * spreadMs) / conversations);
      for (let count = 0; count < turns; count += 1) await turn(conversation, true);
    }),
  );
  const { user, system } = process.cpuUsage(before);
  delay.disable();
  await Promise.all(all.map((conversation) => conversation.close()));
  const beyond = (ns: number): number => Math.max(0, ns / 1e6 - loopResolutionMs);
  return {
    firstTextMs,
    loopDelay: { p50: beyond(delay.percentile(50)), p99: beyond(delay.percentile(99)), max: beyond(delay.max) },
    cpuUsPerEvent: (user + system) / heard,
    errors: [...new Set(errors)],
  };
}
