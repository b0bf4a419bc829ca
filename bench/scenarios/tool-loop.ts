/** An agent's loop: 25 calls of a function, one after the other, and an answer. */
import { noteBetter } from "../support/better.ts";
import { FarEnd } from "../support/far-end.ts";
import { Lab, nameOf } from "../support/lab.ts";
import { newQuestion, newTask } from "../support/model.ts";
import { floor, type PeerId, peers } from "../support/peers.ts";
import { kilobytes, ms, type Report, times } from "../support/report.ts";
import { median, quantile } from "../support/statistics.ts";
import { TalkWithCount } from "../support/talk.ts";
import type { UplinkOptions } from "../support/uplink.ts";

const calls = 25;
const model = { firstTokenMs: 20, tokenMs: 1 };
/** An upload link like that of a home. */
const uplink: UplinkOptions = { megabits: 20 };
const fileBytes = 8000;
/** The other links, from a data centre's to a telephone's. */
const otherMegabits = [undefined, 100, 5];
const overHttp = ["turnwire-http", "openai-http", "ai-sdk"] as const satisfies readonly PeerId[];

interface Shape {
  rttMs: number;
  resultBytes: number;
  uplink?: UplinkOptions;
}

export interface ToolLoop {
  client: PeerId;
  rttMs: number;
  /** Whether the link had limited bandwidth and TCP's slow start. */
  limited: boolean;
  totalMs: number[];
  bytes: number[];
  errors: string[];
}

export async function toolLoop(report: Report, quick: boolean): Promise<void> {
  const all: ToolLoop[] = [];
  {
    await using lab = await Lab.start(quick);
    const shapes: Shape[] = (quick ? [40] : [0, 40, 150]).map((rttMs) => ({ rttMs, resultBytes: 1000 }));
    for (const shape of [...shapes, { rttMs: 40, resultBytes: fileBytes, uplink }]) {
      const loops = await measure(lab, shape, quick ? 1 : shape.rttMs === 150 || shape.uplink ? 5 : 10, quick);
      print(report, shape, loops);
      if (shape.rttMs === 40) judge(report, shape, loops);
      all.push(...loops);
    }
  }
  report.keep("toolLoop", all);
  if (!quick) await otherLinks(report, new Map([[uplink.megabits, all.filter(({ limited }) => limited)]]));
}

/** Compares links, to show at which bandwidth the size of requests begins to matter. */
async function otherLinks(report: Report, byLink: Map<number | undefined, readonly ToolLoop[]>): Promise<void> {
  const wanted: readonly PeerId[] = ["turnwire-ws", ...overHttp, "openai-http-stored"];
  await using lab = await Lab.start(
    false,
    peers.filter(({ id }) => wanted.includes(id)),
  );
  for (const megabits of otherMegabits) {
    const shape = { rttMs: 40, resultBytes: fileBytes, ...(megabits !== undefined && { uplink: { megabits } }) };
    byLink.set(megabits, await measure(lab, shape, 3, false));
  }
  report.title(`The tool loop by link: 40 ms round trip, results of ${fileBytes} bytes, time of the whole loop`);
  const links = [...byLink].toSorted(([one = Infinity], [other = Infinity]) => other - one);
  report.table(
    ["", ...wanted.map(nameOf), ...overHttp.map((id) => `${nameOf(id)}, against turnwire WebSocket`)],
    links.map(([megabits, loops]) => {
      const total = (id: PeerId): number => totalOf(loops, id);
      return [
        megabits === undefined ? "no limit" : `${megabits} Mbit/s up`,
        ...wanted.map((id) => ms(total(id), 0)),
        ...overHttp.map((id) => times(total(id) / total("turnwire-ws"), 2)),
      ];
    }),
  );
  report.keep("toolLoopByLink", [...byLink]);
}

async function measure(lab: Lab, shape: Shape, rounds: number, quick: boolean): Promise<ToolLoop[]> {
  const { rttMs, resultBytes: toolBytes, uplink: up } = shape;
  await using farEnd = await FarEnd.start({ rttMs, model });
  const loops = await lab.each(async ({ peer }): Promise<ToolLoop> => ({
    client: peer.id as PeerId,
    rttMs,
    limited: up !== undefined,
    totalMs: [],
    bytes: [],
    errors: [],
  }));
  // The first round of a full run does not count: the engine compiles code that has never run.
  for (let round = quick ? 0 : -1; round < rounds; round += 1) {
    await lab.each(async (client) => {
      await using talk = await TalkWithCount.start(client, farEnd, rttMs, { toolBytes, ...(up && { uplink: up }) });
      await talk.say(newQuestion("short"));
      const { heard, bytes } = await talk.say(newTask(calls));
      const loop = loops.get(client.peer.id as PeerId)!;
      if (heard.error !== undefined || heard.words !== 5) loop.errors.push(heard.error ?? `${heard.words} of 5 words`);
      else if (round >= 0) {
        loop.totalMs.push(heard.endedAt - heard.startedAt);
        loop.bytes.push(bytes);
      }
    });
  }
  return [...loops.values()];
}

function print(report: Report, { rttMs, resultBytes, uplink: up }: Shape, loops: readonly ToolLoop[]): void {
  const ideal = totalOf(loops, floor);
  report.title(
    `A tool loop of ${calls} calls, ${rttMs} ms round trip${up ? `, ${up.megabits} Mbit/s up, TCP's slow start` : ""}: first output after ${model.firstTokenMs} ms, ` +
      `results of ${resultBytes} bytes (loops: ${Math.max(...loops.map(({ totalMs }) => totalMs.length))})`,
  );
  report.table(
    ["", "whole loop", "p90", "against the raw loop", "per call", "sent"],
    loops.map(({ client, totalMs, bytes, errors }) =>
      totalMs.length === 0
        ? [nameOf(client), `fails: ${errors[0]}`]
        : [
            nameOf(client),
            ms(median(totalMs), 0),
            ms(quantile(totalMs, 0.9), 0),
            times(median(totalMs) / ideal),
            ms(median(totalMs) / (calls + 1)),
            kilobytes(median(bytes)),
          ],
    ),
  );
  const totals = loops.filter(({ totalMs }) => totalMs.length > 0);
  noteBetter(
    report,
    "time of the whole loop",
    new Map(totals.map(({ client, totalMs }) => [client, median(totalMs)])),
    (total) => ms(total, 0),
  );
  for (const { client, totalMs, errors } of loops) {
    if (errors.length > 0 && totalMs.length > 0)
      report.note(`${nameOf(client)}: ${errors.length} loops failed: ${errors[0]}`);
  }
}

function judge(report: Report, { uplink: up }: Shape, loops: readonly ToolLoop[]): void {
  const ours = totalOf(loops, "turnwire-ws");
  const where = up ? `tool loop at 40 ms, ${up.megabits} Mbit/s up` : "tool loop at 40 ms";
  for (const id of overHttp) {
    report.goalAtLeast(`${where}: ${nameOf(id)} against turnwire WebSocket`, totalOf(loops, id) / ours, 1.5, "×");
  }
  const stored = totalOf(loops, "openai-http-stored") / ours;
  report.note(
    `HTTP also sends only new items if the provider keeps the conversation: ${times(stored)}, without a goal`,
  );
}

function totalOf(loops: readonly ToolLoop[], id: PeerId): number {
  return median(loops.find(({ client }) => client === id)!.totalMs);
}
