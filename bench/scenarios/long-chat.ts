/**
 * A long chat at a human pace over a link with limited bandwidth and TCP's slow start: how much time it costs to send the whole
 * conversation.
 */
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
/** Longer than TCP remembers the capacity of a link, and shorter than HTTP keeps an idle connection. */
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
    // In a full run the turns of the other clients are the pause.
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
    ["time to first text", "turns 2–6", "the middle five", "the last five", "sent in the last"],
    all.map(({ client, firstTextMs: times, bytes }) => [
      nameOf(client),
      ms(median(times.slice(1, 6))),
      ms(median(times.slice(times.length / 2 - 2, times.length / 2 + 3))),
      ms(median(times.slice(-5))),
      kilobytes(bytes.at(-1)!),
    ]),
  );
  report.note(`${all[0]!.firstTextMs.length} turns; after each pause TCP's window is ten segments again`);
  noteBetter(
    report,
    "time to first text of the last five turns",
    new Map(all.map(({ client, firstTextMs: times }) => [client, median(times.slice(-5))])),
    (value) => ms(value),
  );
  for (const { client, errors } of all)
    if (errors.length > 0) report.note(`${nameOf(client)}: ${errors.length} turns failed: ${errors[0]}`);
  report.keep("longChat", all);
}
