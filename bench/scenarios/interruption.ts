/** From an interruption to the first text of the next turn, for every client and kind of server. */
import { noteBetter } from "../support/better.ts";
import type { CancelMode } from "@turnwire/server";
import { FarEnd } from "../support/far-end.ts";
import { firstTextMs } from "../support/heard.ts";
import { Lab, nameOf } from "../support/lab.ts";
import { newQuestion } from "../support/model.ts";
import { type PeerId, peersAndStandby } from "../support/peers.ts";
import { ms, type Report, times, whole } from "../support/report.ts";
import { median, quantile } from "../support/statistics.ts";
import { TalkWithCount } from "../support/talk.ts";

const rttMs = 40;
const model = { firstTokenMs: 100, tokenMs: 5 };
const cutAfter = 10;

const kinds: Array<{ name: string; lanes: boolean; cancel: CancelMode }> = [
  { name: "lanes", lanes: true, cancel: "refuse" },
  { name: "honours cancel", lanes: false, cancel: "honour" },
  { name: "neither", lanes: false, cancel: "ignore" },
];

export interface Interrupted {
  client: PeerId;
  server: string;
  /** The times from the interruption to the first text of the next answer; `idealMs`: of an uninterrupted turn just before. */
  afterMs: number[];
  idealMs: number[];
  stale: number;
  notWhole: number;
  /** How many words of abandoned answers the model saw in later turns beyond those that the user heard. */
  unheardShown: number;
  connections: number;
  interruptions: number;
  errors: string[];
}

export async function interruptionOfPeers(report: Report, quick: boolean): Promise<void> {
  const all: Interrupted[] = [];
  await using lab = await Lab.start(quick, peersAndStandby);
  for (const kind of kinds) {
    await using farEnd = await FarEnd.start({ rttMs, model, ...kind });
    const measured = [...(await lab.each((client) => TalkWithCount.start(client, farEnd, rttMs))).entries()].map(
      ([client, talk]) => new Interruptions(client, kind.name, talk),
    );
    const of = new Map(measured.map((each) => [each.result.client, each]));
    await lab.each(({ peer }) => of.get(peer.id as PeerId)!.round(false));
    await lab.turns(quick ? 2 : 15, ({ peer }) => of.get(peer.id as PeerId)!.round(true));
    const results = await Promise.all(measured.map((each) => each.end(farEnd)));
    print(report, kind.name, results);
    all.push(...results);
  }
  report.keep("interruptionOfPeers", all);
}

class Interruptions {
  readonly result: Interrupted;
  readonly #talk: TalkWithCount;
  /** The questions after interruptions, each with the words of abandoned answers that the user had heard until then. */
  readonly #asked: Array<{ text: string; heard: ReadonlyMap<string, number> }> = [];
  readonly #heard = new Map<string, number>();

  constructor(client: PeerId, server: string, talk: TalkWithCount) {
    const none = { stale: 0, notWhole: 0, unheardShown: 0, connections: 0, interruptions: 0 };
    this.result = { client, server, afterMs: [], idealMs: [], errors: [], ...none };
    this.#talk = talk;
  }

  async round(counts: boolean): Promise<void> {
    const ordinary = await this.#talk.say(newQuestion("short"));
    const long = newQuestion("long");
    const short = newQuestion("short");
    const [cut, next] = await this.#talk.sayBoth(long, cutAfter, short);
    this.#heard.set(long.word, cut.words);
    this.#asked.push({ text: short.text, heard: new Map(this.#heard) });
    if (!counts) return;
    const { result } = this;
    result.interruptions += 1;
    for (const { error, stale } of [ordinary.heard, cut, next]) {
      if (error !== undefined) result.errors.push(error);
      result.stale += stale;
    }
    if (next.words !== 5) result.notWhole += 1;
    if (next.firstTextAt === 0 || ordinary.heard.firstTextAt === 0) return;
    result.afterMs.push(next.firstTextAt - cut.cutAt);
    result.idealMs.push(firstTextMs(ordinary.heard));
  }

  async end(farEnd: FarEnd): Promise<Interrupted> {
    const shown = new Map((await farEnd.ask("shown")).map(({ question, conversation }) => [question, conversation]));
    for (const { text, heard } of this.#asked) {
      const words = shown.get(text)?.split(/[ \n]/) ?? [];
      for (const [word, count] of heard) {
        // The question itself contains the word once.
        const times = words.filter((each) => each === word.trim()).length - 1;
        this.result.unheardShown += Math.max(0, times - count);
      }
    }
    this.result.connections = (await this.#talk.counts()).accepted;
    await this.#talk[Symbol.asyncDispose]();
    return this.result;
  }
}

function print(report: Report, server: string, results: readonly Interrupted[]): void {
  // All clients share one ideal: the uninterrupted turn of the fastest client.
  const ideal = Math.min(...results.flatMap(({ idealMs }) => (idealMs.length > 0 ? [median(idealMs)] : [])));
  report.title(
    `An interruption after ${cutAfter} of 300 words; server: ${server}; ${rttMs} ms round trip, first token after ` +
      `${model.firstTokenMs} ms, then one every ${model.tokenMs} ms`,
  );
  report.table(
    [
      "",
      "to the next first text",
      "p90",
      "against the ideal",
      "stale words",
      "unheard words shown",
      "incomplete",
      "connections",
      "interruptions",
    ],
    results.map(({ client, afterMs, stale, unheardShown, notWhole, connections, interruptions, errors }) =>
      afterMs.length === 0
        ? [nameOf(client), `fails: ${errors[0]}`]
        : [
            nameOf(client),
            ms(median(afterMs)),
            ms(quantile(afterMs, 0.9)),
            times(median(afterMs) / ideal, 2),
            String(stale),
            whole(unheardShown),
            String(notWhole),
            String(connections),
            String(interruptions),
          ],
    ),
  );
  report.note(
    `the ideal: an uninterrupted turn, ${ms(ideal)}; a stale word is a word of the abandoned answer that appears in the next one`,
  );
  report.note(
    "unheard words shown: how many words of abandoned answers the model saw in later turns although the user had not heard them",
  );
  const some = results.filter(({ afterMs }) => afterMs.length > 0);
  noteBetter(
    report,
    "time to the next first text",
    new Map(some.map(({ client, afterMs }) => [client, median(afterMs)])),
    (value) => ms(value),
  );
  for (const { client, afterMs, errors } of results) {
    if (errors.length > 0 && afterMs.length > 0)
      report.note(`${nameOf(client)}: ${errors.length} turns failed: ${errors[0]}`);
  }
}
