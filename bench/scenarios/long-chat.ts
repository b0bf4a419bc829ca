/** A chat as a person holds it, over a link with a bandwidth and TCP's slow start: what sending everything costs in time. */
import { noteBetter } from "../support/better.ts";
import { setTimeout as sleep } from "node:timers/promises";
import type { ClientUnderTest } from "../support/client-under-test.ts";
import { FarEnd } from "../support/far-end.ts";
import { firstTextMs } from "../support/heard.ts";
import { Lab, nameOf } from "../support/lab.ts";
import { newQuestion } from "../support/model.ts";
import type { PeerId } from "../support/peers.ts";
import { kilobytes, ms, type Report } from "../support/report.ts";
import { median } from "../support/statistics.ts";
import { TalkWithCount } from "../support/talk.ts";

const turns = 50;
const rttMs = 40;
const uplink = { megabits: 20 };
const model = { firstTokenMs: 50, tokenMs: 0.2 };
const words = 250;
const questionBytes = 400;
/** Longer than TCP remembers what a link can take; shorter than a connection without a request is kept over HTTP. */
const pauseMs = 500;

export interface LongChat {
  client: PeerId;
  firstTextMs: number[];
  bytes: number[];
  errors: string[];
}

export async function longChat(report: Report, quick: boolean): Promise<void> {
  await using farEnd = await FarEnd.start({ rttMs, model });
  await using lab = await Lab.start(quick);
  const talks = await lab.each((client) => TalkWithCount.start(client, farEnd, rttMs, { uplink }));
  const chats = await lab.each(async ({ peer }): Promise<LongChat> => ({
    client: peer.id as PeerId,
    firstTextMs: [],
    bytes: [],
    errors: [],
  }));
  const turn = async ({ peer }: ClientUnderTest): Promise<void> => {
    const id = peer.id as PeerId;
    // In a full run the other clients' turns are the pause.
    if (quick) await sleep(pauseMs);
    const { heard, bytes } = await talks.get(id)!.say(newQuestion(words, questionBytes));
    chats.get(id)!.firstTextMs.push(firstTextMs(heard));
    chats.get(id)!.bytes.push(bytes);
    if (heard.error !== undefined) chats.get(id)!.errors.push(heard.error);
  };
  await lab.turns(quick ? 14 : turns, turn);
  await lab.each(({ peer }) => talks.get(peer.id as PeerId)![Symbol.asyncDispose]());
  const all = [...chats.values()];
  report.title(
    `A chat with long answers, ${rttMs} ms round trip, ${uplink.megabits} Mbit/s up, TCP's slow start: first token after ` +
      `${model.firstTokenMs} ms, questions of ${questionBytes} characters, answers of ${words} words`,
  );
  report.table(
    ["time to first text", "turns 2–6", "in the middle", "the last five", "sent in the last"],
    all.map(({ client, firstTextMs: times, bytes }) => [
      nameOf(client),
      ms(median(times.slice(1, 6))),
      ms(median(times.slice(times.length / 2 - 2, times.length / 2 + 3))),
      ms(median(times.slice(-5))),
      kilobytes(bytes.at(-1)!),
    ]),
  );
  report.note(`${all[0]!.firstTextMs.length} turns; the window of TCP is ten segments again after each pause`);
  noteBetter(
    report,
    "the last five",
    new Map(all.map(({ client, firstTextMs: times }) => [client, median(times.slice(-5))])),
    (value) => ms(value),
  );
  for (const { client, errors } of all)
    if (errors.length > 0) report.note(`${nameOf(client)}: ${errors.length} turns failed: ${errors[0]}`);
  report.keep("longChat", all);
}
