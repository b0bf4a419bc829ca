/** What a lost connection costs each client, or whether its turn fails. */
import { noteBetter } from "../support/better.ts";
import { setTimeout as sleep } from "node:timers/promises";
import type { ClientUnderTest } from "../support/client-under-test.ts";
import { FarEnd } from "../support/far-end.ts";
import { firstTextMs, type Heard } from "../support/heard.ts";
import { Lab, nameOf } from "../support/lab.ts";
import { newQuestion } from "../support/model.ts";
import type { PeerId } from "../support/peers.ts";
import { ms, type Report, spread } from "../support/report.ts";
import { median } from "../support/statistics.ts";

const rttMs = 40;
const model = { firstTokenMs: 100, tokenMs: 5 };

export interface Recovery {
  client: PeerId;
  /** Milliseconds beyond an ordinary turn. */
  betweenMs: number[];
  insideMs: number[];
  betweenErrors: string[];
  insideErrors: string[];
  /** How often the turn after a failed one fails as well. */
  nextFails: number;
}

export async function recovery(report: Report, quick: boolean): Promise<void> {
  const rounds = quick ? 1 : 10;
  await using lab = await Lab.start(quick);
  const all = [...(await lab.each((client) => measure(client, rounds))).values()];
  report.title(
    `A lost connection: ${rttMs} ms round trip, first token after ${model.firstTokenMs} ms (${rounds} of each)`,
  );
  report.table(
    ["time to first text beyond an ordinary turn", "lost between turns", "lost before the first token"],
    all.map(({ client, betweenMs, insideMs, betweenErrors, insideErrors }) => [
      nameOf(client),
      outcome(betweenMs, betweenErrors, rounds),
      outcome(insideMs, insideErrors, rounds),
    ]),
  );
  report.note("lost before the first token: counted from the moment when the client can know of the loss");
  report.note("a handshake takes two round trips here, 80 ms");
  const between = all.filter(({ betweenMs }) => betweenMs.length > 0);
  noteBetter(
    report,
    "time beyond an ordinary turn, lost between turns",
    new Map(between.map(({ client, betweenMs }) => [client, median(betweenMs)])),
    (value) => ms(value),
  );
  const inside = all.filter(({ insideMs }) => insideMs.length > 0);
  noteBetter(
    report,
    "time beyond an ordinary turn, lost before the first token",
    new Map(inside.map(({ client, insideMs }) => [client, median(insideMs)])),
    (value) => ms(value),
  );
  for (const { client, insideErrors, betweenErrors, nextFails } of all) {
    const [error] = [...insideErrors, ...betweenErrors];
    if (error === undefined) continue;
    report.note(
      `${nameOf(client)}: "${error.slice(0, 160)}"${nextFails > 0 ? `; the next turn failed as well, ${nextFails} times` : ""}`,
    );
  }
  report.keep("recovery", all);
}

function outcome(costs: readonly number[], errors: readonly string[], rounds: number): string {
  if (costs.length === 0) return "the turn fails";
  return errors.length === 0 ? spread(costs) : `${spread(costs)}; fails ${errors.length} of ${rounds}`;
}

async function measure(client: ClientUnderTest, rounds: number): Promise<Recovery> {
  await using farEnd = await FarEnd.start({ rttMs, model });
  await using conversation = await client.open(farEnd.url);
  const result: Recovery = {
    client: client.peer.id as PeerId,
    betweenMs: [],
    insideMs: [],
    betweenErrors: [],
    insideErrors: [],
    nextFails: 0,
  };
  const ordinary = async (): Promise<number> => {
    const heard = await conversation.say(newQuestion("short"));
    if (heard.error !== undefined) result.nextFails += 1;
    return firstTextMs(heard);
  };
  const take = (heard: Heard, costs: number[], errors: string[], costMs: number): void => {
    if (heard.error === undefined && heard.words === 5) costs.push(costMs);
    else errors.push(heard.error ?? `${heard.words} of 5 words came, without an error`);
  };
  await ordinary();
  for (let round = 0; round < rounds; round += 1) {
    const idealMs = await ordinary();
    await farEnd.ask("cut");
    await sleep(2 * rttMs);
    const heard = await conversation.say(newQuestion("short"));
    take(heard, result.betweenMs, result.betweenErrors, firstTextMs(heard) - idealMs);
    if (heard.error !== undefined) await ordinary();
  }
  for (let round = 0; round < rounds; round += 1) {
    const idealMs = await ordinary();
    const cut = farEnd.ask("cutDuring", model.firstTokenMs / 2);
    const heard = await conversation.say(newQuestion("short"));
    take(heard, result.insideMs, result.insideErrors, heard.firstTextAt - ((await cut) + rttMs / 2) - idealMs);
    if (heard.error !== undefined) await ordinary();
  }
  return result;
}
