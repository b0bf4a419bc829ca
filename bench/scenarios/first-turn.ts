/** The first turn of a conversation, and a turn after a silence. */
import { noteBetter } from "../support/better.ts";
import { setTimeout as sleep } from "node:timers/promises";
import { ClientUnderTest } from "../support/client-under-test.ts";
import { FarEnd } from "../support/far-end.ts";
import { firstTextMs } from "../support/heard.ts";
import { Lab, nameOf } from "../support/lab.ts";
import { newQuestion } from "../support/model.ts";
import type { PeerId } from "../support/peers.ts";
import { ms, type Report, spread } from "../support/report.ts";
import { median } from "../support/statistics.ts";

const rttMs = 40;
const model = { firstTokenMs: 50, tokenMs: 1 };
const silenceMs = 6000;

export interface FirstTurn {
  client: PeerId;
  /** Milliseconds to the first text: of the first turn in a process; `coldMs`: of the first turns of later conversations. */
  processMs: number[];
  coldMs: number[];
  warmMs: number[];
  laterMs: number[];
  silentMs: number[];
}

export async function firstTurn(report: Report, quick: boolean): Promise<void> {
  const rounds = quick ? 2 : 10;
  await using farEnd = await FarEnd.start({ rttMs, model });
  await using lab = await Lab.start(quick);
  const all = await lab.each((client) => measure(client, farEnd, rounds));
  // All clients are silent at the same time, because a silence needs no CPU.
  await Promise.all(
    lab.clients.map(async (client) => {
      await using conversation = await client.open((await farEnd.link(rttMs)).url);
      await conversation.say(newQuestion("short"));
      for (let round = 0; round < (quick ? 1 : 5); round += 1) {
        await sleep(silenceMs);
        all.get(client.peer.id as PeerId)!.silentMs.push(firstTextMs(await conversation.say(newQuestion("short"))));
      }
    }),
  );
  report.title(
    `The first turn: ${rttMs} ms round trip, first token after ${model.firstTokenMs} ms (${rounds} conversations)`,
  );
  report.table(
    [
      "time to first text",
      "the first in a process",
      "cold",
      "warmed up",
      "the second turn",
      `after ${silenceMs / 1000} s of silence`,
    ],
    [...all.values()].map(({ client, processMs, coldMs, warmMs, laterMs, silentMs }) => [
      nameOf(client),
      spread(processMs),
      spread(coldMs),
      warmMs.length === 0 ? "has no warm-up" : spread(warmMs),
      spread(laterMs),
      spread(silentMs),
    ]),
  );
  report.note("the first in a process: measured in half as many new processes, after they have loaded their modules");
  report.note("there is no TLS, which would cost a new connection another round trip or two");
  report.note(
    "Node's fetch closes a connection after 4 s without a request, so over HTTP a silence costs a new connection",
  );
  report.note("warmed up: turnwire has the server prepare the conversation; the others only open a socket");
  const of = (pick: (turn: FirstTurn) => number): Map<PeerId, number> =>
    new Map([...all].map(([id, turn]) => [id, pick(turn)]));
  noteBetter(
    report,
    "the first in a process",
    of(({ processMs }) => median(processMs)),
    (value) => ms(value),
  );
  noteBetter(
    report,
    "cold",
    of(({ coldMs }) => median(coldMs)),
    (value) => ms(value),
  );
  report.keep("firstTurn", [...all.values()]);
}

async function measure(client: ClientUnderTest, farEnd: FarEnd, rounds: number): Promise<FirstTurn> {
  const result: FirstTurn = {
    client: client.peer.id as PeerId,
    processMs: [],
    coldMs: [],
    warmMs: [],
    laterMs: [],
    silentMs: [],
  };
  for (let round = 0; round < rounds; round += 2) {
    await using fresh = await ClientUnderTest.start(client.peer);
    await using conversation = await fresh.open((await farEnd.link(rttMs)).url);
    result.processMs.push(firstTextMs(await conversation.say(newQuestion("short"))));
  }
  // The first round does not count: the engine compiles code that has never run.
  for (let round = -1; round < rounds; round += 1) {
    // A link of its own, so that a conversation cannot use a connection of the previous one.
    await using cold = await client.open((await farEnd.link(rttMs)).url);
    const coldMs = firstTextMs(await cold.say(newQuestion("short")));
    const laterMs = firstTextMs(await cold.say(newQuestion("short")));
    if (round >= 0) {
      result.coldMs.push(coldMs);
      result.laterMs.push(laterMs);
    }
    await using warm = await client.open((await farEnd.link(rttMs)).url);
    if (!(await warm.canWarmUp())) continue;
    await warm.warmUp();
    const warmMs = firstTextMs(await warm.say(newQuestion("short")));
    if (round >= 0) result.warmMs.push(warmMs);
  }
  return result;
}
