/** An agent's loop: 25 calls of a function, one after the other, and an answer. */
import { noteBetter } from "../support/better.ts";
import { FarEnd } from "../support/far-end.ts";
import { Lab, nameOf } from "../support/lab.ts";
import { newQuestion, newTask } from "../support/model.ts";
import { floor, type PeerId } from "../support/peers.ts";
import { kilobytes, ms, type Report, times } from "../support/report.ts";
import { median, quantile } from "../support/statistics.ts";
import { TalkWithCount } from "../support/talk.ts";
import type { UplinkOptions } from "../support/uplink.ts";

const calls = 25;
const model = { firstTokenMs: 20, tokenMs: 1 };
/** An upload link such as homes have, and results such as files are. */
const uplink: UplinkOptions = { megabits: 20 };

interface Shape {
  rttMs: number;
  resultBytes: number;
  uplink?: UplinkOptions;
}

export interface ToolLoop {
  client: PeerId;
  rttMs: number;
  /** Whether the link had a bandwidth and TCP's slow start. */
  limited: boolean;
  totalMs: number[];
  bytes: number[];
  errors: string[];
}

export async function toolLoop(report: Report, quick: boolean): Promise<void> {
  const all: ToolLoop[] = [];
  await using lab = await Lab.start(quick);
  const shapes: Shape[] = (quick ? [40] : [0, 40, 150]).map((rttMs) => ({ rttMs, resultBytes: 1000 }));
  for (const shape of [...shapes, { rttMs: 40, resultBytes: 8000, uplink }]) {
    const loops = await measure(lab, shape, quick ? 1 : shape.rttMs === 150 || shape.uplink ? 5 : 10, quick);
    print(report, shape, loops);
    if (shape.rttMs === 40) judge(report, shape, loops);
    all.push(...loops);
  }
  report.keep("toolLoop", all);
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
  // The first of a full run does not count: the engine compiles what has never run.
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
  const ideal = median(loops.find(({ client }) => client === floor)!.totalMs);
  report.title(
    `A tool loop of ${calls} calls, ${rttMs} ms round trip${up ? `, ${up.megabits} Mbit/s up, TCP's slow start` : ""}: first output after ${model.firstTokenMs} ms, ` +
      `results of ${resultBytes} bytes (loops: ${Math.max(...loops.map(({ totalMs }) => totalMs.length))})`,
  );
  report.table(
    ["", "whole loop", "p90", "against the raw loop", "a call", "sent"],
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
    "the whole loop",
    new Map(totals.map(({ client, totalMs }) => [client, median(totalMs)])),
    (total) => ms(total, 0),
  );
  for (const { client, totalMs, errors } of loops) {
    if (errors.length > 0 && totalMs.length > 0)
      report.note(`${nameOf(client)}: ${errors.length} loops failed: ${errors[0]}`);
  }
}

function judge(report: Report, { uplink: up }: Shape, loops: readonly ToolLoop[]): void {
  const totalOf = (id: PeerId): number => median(loops.find(({ client }) => client === id)!.totalMs);
  const ours = totalOf("turnwire-ws");
  const where = up ? `tool loop at 40 ms, ${up.megabits} Mbit/s up` : "tool loop at 40 ms";
  for (const id of ["turnwire-http", "openai-http", "ai-sdk"] as const) {
    report.goalAtLeast(`${where}: ${nameOf(id)} against turnwire WebSocket`, totalOf(id) / ours, 1.5, "×");
  }
  const stored = totalOf("openai-http-stored") / ours;
  report.note(
    `with a conversation that the provider keeps, HTTP sends what is new, too: ${times(stored)}, without a goal`,
  );
}
