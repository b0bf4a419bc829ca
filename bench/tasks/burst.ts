import type { Client } from "../clients/client.ts";
import { cannedQuestion } from "../support/canned-server.ts";

export interface BurstOptions {
  readonly baseURL: string;
  /** Deltas in the response. */
  readonly deltas: number;
}

/** Measures the CPU time of all threads, in microseconds, for each event of one long response that comes at once. */
export async function burst(client: Client, { baseURL, deltas }: BurstOptions): Promise<number> {
  const conversation = client.open({ baseURL });
  const { signal } = new AbortController();
  await conversation.say(cannedQuestion(1), () => undefined, signal);
  let pieces = 0;
  let text = "";
  const before = process.cpuUsage();
  await conversation.say(
    cannedQuestion(deltas),
    (piece) => {
      pieces += 1;
      text += piece;
    },
    signal,
  );
  const { user, system } = process.cpuUsage(before);
  if (text.split(" ").length !== deltas + 1) throw new Error(`${pieces} of ${deltas} deltas came`);
  await conversation.close();
  return (user + system) / deltas;
}
