/** One conversation of 10,000 turns: whether the last turns cost as much as the first. */
import { noteBetter } from "../support/better.ts";
import { CannedServer } from "../support/canned-server.ts";
import { Lab, nameOf } from "../support/lab.ts";
import { floor, type PeerId } from "../support/peers.ts";
import { kilobytes, type Report, times, whole } from "../support/report.ts";
import type { Marathon } from "../tasks/marathon.ts";

const deltas = 20;

interface Ran extends Marathon {
  client: PeerId;
  sentBytes: { second: number; last: number };
}

export async function marathon(report: Report, quick: boolean): Promise<void> {
  const turns = quick ? 1000 : 10_000;
  const all: Ran[] = [];
  await using server = await CannedServer.start();
  await using lab = await Lab.start(false);
  for (const client of lab.clients) {
    const limitMs = quick ? 500 : 60_000;
    const ran = await client.ask("marathon", { baseURL: server.url, turns, deltas, limitMs });
    const received = (await server.received()).slice(-ran.turns);
    all.push({ ...ran, client: client.peer.id as PeerId, sentBytes: { second: received[1]!, last: received.at(-1)! } });
  }
  const tenth = whole(turns / 10);
  report.title(`A conversation of ${whole(turns)} turns, each answered with ${deltas} deltas at once`);
  report.table(
    ["", "turns", `CPU per turn, 1–${tenth}`, `last ${tenth}`, "ratio", "sent in turn 2", "in the last", "heap growth"],
    all.map(({ client, turns: came, cpuUsByPart, sentBytes, heapBytes }) => [
      nameOf(client),
      whole(came),
      us(cpuUsByPart[0]!),
      us(cpuUsByPart.at(-1)!),
      times(cpuUsByPart.at(-1)! / cpuUsByPart[0]!, 2),
      whole(sentBytes.second),
      whole(sentBytes.last),
      kilobytes(heapBytes[1] - heapBytes[0]),
    ]),
  );
  report.note(
    "clients with fewer turns were stopped, because each of their turns costs more the longer the conversation is",
  );
  noteBetter(
    report,
    "CPU per turn of the last tenth",
    new Map(all.map(({ client, cpuUsByPart }) => [client, cpuUsByPart.at(-1)!])),
    us,
  );
  const ours = all.find(({ client }) => client === "turnwire-ws")!;
  const base = all.find(({ client }) => client === floor)!;
  const growth = ({ cpuUsByPart }: Ran): number => cpuUsByPart.at(-1)! / cpuUsByPart[0]!;
  report.note(
    `for comparison: the ratio of the raw loop, whose work per turn never changes, is ${times(growth(base), 2)}`,
  );
  report.goal(`CPU time of the last ${tenth} turns against the first ${tenth}`, growth(ours), 1.1, "×");
  report.goal("bytes of the last turn against the second", ours.sentBytes.last / ours.sentBytes.second, 1.05, "×");
  report.keep("marathon", all);
}

function us(value: number): string {
  return `${whole(value)} µs`;
}
