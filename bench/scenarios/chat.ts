/** A chat: the time to first text and the bytes sent, turn by turn. */
import { noteBetter } from "../support/better.ts";
import { FarEnd } from "../support/far-end.ts";
import { firstTextMs } from "../support/heard.ts";
import { Lab, nameOf } from "../support/lab.ts";
import { newQuestion } from "../support/model.ts";
import type { PeerId } from "../support/peers.ts";
import { ms, type Report, whole } from "../support/report.ts";
import { median, p99, quantile } from "../support/statistics.ts";
import type { ClientUnderTest } from "../support/client-under-test.ts";
import { TalkWithCount } from "../support/talk.ts";

const turns = 50;
const model = { firstTokenMs: 50, tokenMs: 1 };
const words = 40;
const questionBytes = 120;

export interface Chat {
  client: PeerId;
  rttMs: number;
  firstTextMs: number[];
  /** The bytes of each turn on the wire, with headers and framing. */
  bytes: number[];
  /** How many items of the conversation the model saw in the last turn. */
  itemsShown: number;
  stale: number;
  errors: string[];
}

export async function chat(report: Report, quick: boolean): Promise<void> {
  const all: Chat[] = [];
  await using lab = await Lab.start(quick);
  for (const rttMs of quick ? [40] : [0, 40, 150]) {
    await using farEnd = await FarEnd.start({ rttMs, model });
    // An uncounted run first: the engine compiles code that has never run.
    if (!quick) await converse(lab, farEnd, rttMs, 5);
    const chats = [...(await converse(lab, farEnd, rttMs, turns)).values()];
    print(report, rttMs, chats);
    all.push(...chats);
  }
  report.keep("chat", all);
}

/** Runs every client's conversation, turn by turn side by side. */
async function converse(lab: Lab, farEnd: FarEnd, rttMs: number, count: number): Promise<Map<PeerId, Chat>> {
  const talks = await lab.each((client) => TalkWithCount.start(client, farEnd, rttMs));
  const chats = await lab.each(async ({ peer }): Promise<Chat> => ({
    client: peer.id as PeerId,
    rttMs,
    firstTextMs: [],
    bytes: [],
    itemsShown: 0,
    stale: 0,
    errors: [],
  }));
  const turn = async ({ peer }: ClientUnderTest): Promise<void> => {
    const chatOf = chats.get(peer.id as PeerId)!;
    const question = newQuestion(words, questionBytes);
    const { heard, bytes } = await talks.get(peer.id as PeerId)!.say(question);
    chatOf.firstTextMs.push(firstTextMs(heard));
    chatOf.bytes.push(bytes);
    chatOf.stale += heard.stale;
    if (heard.error !== undefined) chatOf.errors.push(heard.error);
  };
  await lab.turns(count, turn);
  for (const { question, items } of await farEnd.ask("shown")) {
    for (const [id, talk] of talks) if (talk.lastQuestion === question) chats.get(id)!.itemsShown = items;
  }
  for (const talk of talks.values()) await talk[Symbol.asyncDispose]();
  return chats;
}

function print(report: Report, rttMs: number, chats: readonly Chat[]): void {
  report.title(
    `A chat of ${turns} turns, ${rttMs} ms round trip: first token after ${model.firstTokenMs} ms, ` +
      `questions of ${questionBytes} characters, answers of ${words} words`,
  );
  report.table(
    [
      "",
      "to first text",
      "p90",
      "p99",
      "turns 2–11",
      "turns 41–50",
      "bytes of turn 2",
      "of turn 25",
      "of turn 50",
      "items shown",
    ],
    chats.map(({ client, firstTextMs: times, bytes, itemsShown }) => [
      nameOf(client),
      ms(median(times.slice(1))),
      ms(quantile(times.slice(1), 0.9)),
      ms(p99(times.slice(1))),
      ms(median(times.slice(1, 11))),
      ms(median(times.slice(-10))),
      ...[1, 24, 49].map((turn) => whole(bytes[turn]!)),
      String(itemsShown),
    ]),
  );
  report.note(
    "time to first text: without the first turn, which connects; bytes: on the wire, with headers and framing",
  );
  report.note(
    `items shown: how many items the model saw in turn ${turns}; right is ${2 * turns - 1}, or one more if the instructions are an item`,
  );
  noteBetter(
    report,
    "time to first text",
    new Map(chats.map(({ client, firstTextMs: times }) => [client, median(times.slice(1))])),
    (value) => ms(value),
  );
  noteBetter(report, "bytes", new Map(chats.map(({ client, bytes }) => [client, bytes.at(-1)!])), whole);
  for (const { client, stale, errors } of chats) {
    if (errors.length > 0) report.note(`${nameOf(client)}: ${errors.length} turns failed: ${errors[0]}`);
    if (stale > 0) report.note(`${nameOf(client)}: ${stale} words of another answer`);
  }
}
