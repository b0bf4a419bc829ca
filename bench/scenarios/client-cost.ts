/** What an event and a turn cost the client's process. */
import { noteBetter } from "../support/better.ts";
import { CannedServer } from "../support/canned-server.ts";
import type { ClientUnderTest } from "../support/client-under-test.ts";
import { Lab, nameOf } from "../support/lab.ts";
import { floor, type PeerId } from "../support/peers.ts";
import { kilobytes, type Report, times } from "../support/report.ts";
import { median, quantile } from "../support/statistics.ts";
import { monotonicMs } from "../support/time.ts";

const deltas = 20_000;
const turnDeltas = 40;

export interface ClientCost {
  client: PeerId;
  /** CPU time for each event, in microseconds. */
  cpuUs: number[];
  /** The ratio to the raw loop's time just before or after. */
  ratio: number;
  bytesPerTurn: number;
}

export async function clientCost(report: Report, quick: boolean): Promise<void> {
  await using server = await CannedServer.start();
  await using lab = await Lab.start(quick);
  const burst = { baseURL: server.url, deltas };
  // Clients that a goal compares get all their rounds even in a quick run.
  const isCompared = ({ peer: { id } }: ClientUnderTest): boolean => id === "turnwire-ws" || id === floor;
  // Several rounds let the compiler finish its work; the slow clients get fewer of them.
  for (const client of lab.clients) {
    const until = monotonicMs() + (quick && !isCompared(client) ? 300 : 3000);
    const most = isCompared(client) ? 20 : 8;
    for (let round = 0; round < most && monotonicMs() < until; round += 1) await client.ask("burst", burst);
  }
  const rounds = await lab.rounds(
    25,
    (client) => client.ask("burst", burst),
    (client, round) => !quick || round === 0 || isCompared(client),
  );
  const floors = rounds.get(floor)!;
  const all: ClientCost[] = [];
  for (const client of lab.clients) {
    const id = client.peer.id as PeerId;
    const cpuUs = rounds.get(id)!;
    const ratio = median(cpuUs.map((cost, round) => cost / floors[round]!));
    const turns = { baseURL: server.url, turns: quick ? 30 : 200, deltas: turnDeltas };
    const { bytesPerTurn } = await client.ask("allocation", turns);
    all.push({ client: id, cpuUs, ratio, bytesPerTurn });
  }
  report.title(
    `CPU time of the client for each event: one response of ${deltas} deltas in a burst (${quick ? "25 rounds of the first and the raw loop, 1 of the others" : "25 rounds"})`,
  );
  report.table(
    ["", "median", "minimum", "p90", "against the raw loop", `allocated in a turn of ${turnDeltas} deltas`],
    all.map(({ client, cpuUs, ratio, bytesPerTurn }) => [
      nameOf(client),
      us(median(cpuUs)),
      us(Math.min(...cpuUs)),
      us(quantile(cpuUs, 0.9)),
      times(ratio, 2),
      kilobytes(bytesPerTurn),
    ]),
  );
  report.note(
    "CPU time: of the whole process, all threads; against the raw loop: the median over pairs, one in each round",
  );
  report.note(
    "the raw loop does what every client must do: it parses each event's JSON, gathers the text, and notices the last event",
  );
  report.note(
    "allocated: on the JavaScript heap, measured by V8's sampling heap profiler while the conversation grows",
  );
  noteBetter(report, "CPU time", new Map(all.map(({ client, cpuUs }) => [client, median(cpuUs)])), us);
  noteBetter(report, "allocated", new Map(all.map(({ client, bytesPerTurn }) => [client, bytesPerTurn])), kilobytes);
  const ratioOf = (id: PeerId): number => all.find(({ client }) => client === id)!.ratio;
  report.goal("CPU time for an event, against the raw loop", ratioOf("turnwire-ws"), 1.5, "×");
  report.keep("clientCost", all);
}

function us(value: number): string {
  return `${value.toFixed(2)} µs`;
}
