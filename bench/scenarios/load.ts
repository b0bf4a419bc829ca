/** Many conversations in one process. */
import { noteBetter } from "../support/better.ts";
import { FarEnd } from "../support/far-end.ts";
import { Lab, nameOf } from "../support/lab.ts";
import { floor, type PeerId, peers } from "../support/peers.ts";
import { kilobytes, ms, type Report } from "../support/report.ts";
import { median, p99 } from "../support/statistics.ts";
import type { Loaded } from "../tasks/load.ts";

const model = { firstTokenMs: 100, tokenMs: 100 };

export interface Summary {
  client: PeerId;
  conversations: number;
  firstTextMs: { p50: number; p99: number };
  loopDelay: Loaded["loopDelay"];
  cpuUsPerEvent: number;
  turns: number;
  errors: string[];
}

export async function load(report: Report, quick: boolean): Promise<void> {
  const all: Summary[] = [];
  for (const conversations of quick ? [100] : [1, 100, 1000]) {
    const runs = new Map<PeerId, Loaded[]>(peers.map(({ id }) => [id, []]));
    const shape = quick ? { turns: 1, words: 5 } : { turns: conversations === 1 ? 5 : 3, words: 20 };
    const rounds = quick ? 1 : conversations === 100 ? 7 : 1;
    await using farEnd = await FarEnd.start({ rttMs: 0, model });
    await using lab = await Lab.start(false);
    const spreadMs = model.firstTokenMs + shape.words * model.tokenMs;
    const options = { baseURL: farEnd.directURL, conversations, spreadMs, ...shape };
    for (let round = 0; round < rounds; round += 1) {
      // Clients that a goal compares run in every round, one right after the other, in changing order.
      const wanted = lab.clients.filter(({ peer: { id } }) => round < 2 || id === "turnwire-ws" || id === floor);
      for (const client of round % 2 === 0 ? wanted : wanted.toReversed()) {
        runs.get(client.peer.id as PeerId)!.push(await client.ask("load", options));
        await farEnd.ask("reset");
      }
    }
    const summaries = [...runs].map(([client, loaded]) => summarise(client, conversations, loaded));
    print(report, conversations, shape.words, summaries);
    if (conversations === 100) judge(report, runs);
    all.push(...summaries);
  }
  await idle(report, quick);
  report.keep("load", all);
}

function summarise(client: PeerId, conversations: number, loaded: readonly Loaded[]): Summary {
  const first = loaded.flatMap(({ firstTextMs }) => firstTextMs);
  const of = (pick: (run: Loaded) => number): number => median(loaded.map(pick));
  return {
    client,
    conversations,
    firstTextMs: {
      p50: first.length > 0 ? median(first) : NaN,
      p99: of(({ firstTextMs }) => p99([...firstTextMs, 0])),
    },
    loopDelay: {
      p50: of(({ loopDelay }) => loopDelay.p50),
      p99: of(({ loopDelay }) => loopDelay.p99),
      max: of(({ loopDelay }) => loopDelay.max),
    },
    cpuUsPerEvent: of(({ cpuUsPerEvent }) => cpuUsPerEvent),
    turns: first.length,
    errors: loaded.flatMap(({ errors }) => errors),
  };
}

function print(report: Report, conversations: number, words: number, summaries: readonly Summary[]): void {
  report.title(
    `${conversations === 1 ? "One conversation" : `${conversations} conversations at once`} in a process: answers of ${words} words, ` +
      `one every ${model.tokenMs} ms, first after ${model.firstTokenMs} ms, loopback`,
  );
  const base = summaries.find(({ client }) => client === floor)!;
  report.table(
    ["", "to first text", "p99", "p99 beyond the raw loop's", "event loop delay, p99", "most", "CPU per word", "turns"],
    summaries.map(({ client, firstTextMs, loopDelay, cpuUsPerEvent, turns }) => [
      nameOf(client),
      ms(firstTextMs.p50),
      ms(firstTextMs.p99),
      ms(firstTextMs.p99 - base.firstTextMs.p99),
      ms(loopDelay.p99),
      ms(loopDelay.max),
      conversations === 1 ? "" : `${cpuUsPerEvent.toFixed(0)} µs`,
      String(turns),
    ]),
  );
  if (conversations === 1) return;
  report.note(
    "CPU per word: every word comes in a packet of its own, so most of this is the system's work for a packet; it includes the cost of the turns",
  );
  noteBetter(
    report,
    "CPU per word",
    new Map(summaries.map(({ client, cpuUsPerEvent }) => [client, cpuUsPerEvent])),
    (value) => `${value.toFixed(0)} µs`,
  );
  for (const { client, errors } of summaries) {
    if (errors.length > 0) report.note(`${nameOf(client)}: ${errors[0]}`);
  }
}

/** Compares the p99 of each run with that of the raw loop's run just before or after. */
function judge(report: Report, runs: ReadonlyMap<PeerId, readonly Loaded[]>): void {
  const p99Of = (id: PeerId): number[] => runs.get(id)!.map(({ firstTextMs }) => p99([...firstTextMs, 0]));
  const floors = p99Of(floor);
  const added = p99Of("turnwire-ws").map((value, round) => value - floors[round]!);
  const what = `added to the time to first text, p99, 100 conversations, median of ${added.length} pairs with the raw loop`;
  report.goal(what, median(added), 1, "ms");
}

async function idle(report: Report, quick: boolean): Promise<void> {
  const conversations = quick ? 50 : 200;
  await using farEnd = await FarEnd.start({ rttMs: 0, model: { firstTokenMs: 0, tokenMs: 0 } });
  await using lab = await Lab.start(quick);
  const all = await lab.each(async (client) => await client.ask("idle", { baseURL: farEnd.directURL, conversations }));
  report.title(`Memory of an idle conversation after its first turn (${conversations} in a process)`);
  report.table(
    ["", "heap", "outside the heap", "process"],
    [...all].map(([id, { heap, external, rss }]) => [nameOf(id), kilobytes(heap), kilobytes(external), kilobytes(rss)]),
  );
  report.note(
    "after garbage collection; the figure for the process is rough, because a process takes memory in large pieces",
  );
  noteBetter(report, "heap", new Map([...all].map(([id, { heap }]) => [id, heap])), kilobytes);
  report.keep("idleMemory", Object.fromEntries(all));
}
