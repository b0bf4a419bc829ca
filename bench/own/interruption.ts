/** How long it takes from an interruption to the first text of the next turn. */
import type { CancelMode } from "@turnwire/server";
import { Caller, type Verdict, verdictOn } from "../support/caller.ts";
import { type Calm, calmly, noteBusy } from "../support/calm.ts";
import { FarEnd } from "../support/far-end.ts";
import { handshakeMs } from "../support/handshake.ts";
import { newQuestion } from "../support/model.ts";
import { ms, type Report, times } from "../support/report.ts";
import { median, p99 } from "../support/statistics.ts";

const rttMs = 40;
const firstTokenMs = 100;
const tokenMs = 5;
const cutAfter = 10;
/** The tolerance for times that are equal apart from measurement noise, as a share of an ordinary turn. */
const allowance = 0.02;

interface Kind {
  lanes: boolean;
  cancel: CancelMode;
}

const kinds: Kind[] = [
  { lanes: true, cancel: "honour" },
  { lanes: true, cancel: "refuse" },
  { lanes: true, cancel: "ignore" },
  { lanes: false, cancel: "honour" },
  { lanes: false, cancel: "refuse" },
  { lanes: false, cancel: "ignore" },
];

const named: Record<CancelMode, string> = { honour: "honoured", refuse: "refused", ignore: "ignored" };

/** Milliseconds to first text. */
interface Pair {
  /** Of an uninterrupted incremental turn. */
  ideal: number;
  /** After an interruption, counted from the interruption. */
  after: number;
}

interface Measured {
  name: string;
  lanes: boolean;
  pairs: Calm<Pair>;
  /** The cost of sending the whole conversation over an open connection; `handshakeMs`: the cost of opening one. */
  fullMs: number;
  handshakeMs: number;
  connections: number;
  verdict: Verdict;
}

export async function interruption(report: Report, quick: boolean): Promise<void> {
  const all: Measured[] = [];
  for (const kind of kinds) {
    // A refused cancel costs as much as an ignored one.
    if (quick && kind.cancel === "refuse") continue;
    const pairs = kind.lanes ? (quick ? 3 : 60) : quick ? 2 : 20;
    all.push(await measure(kind, pairs));
  }
  report.title(
    `From an interruption to the first text of the next turn: ${rttMs} ms round trip, first token after ${firstTokenMs} ms, ` +
      `a reply of 300 tokens, one every ${tokenMs} ms, interrupted after ${cutAfter}`,
  );
  printTimes(report, all);
  printChecks(report, all);
  for (const measured of all) judge(report, measured);
  const total = (of: (verdict: Verdict) => number): number => all.reduce((sum, { verdict }) => sum + of(verdict), 0);
  report.goal(
    "stale words in later turns, all servers",
    total(({ stale }) => stale),
    0,
    "",
  );
  report.goal(
    "incomplete answers, all servers",
    total(({ wrong }) => wrong),
    0,
    "",
  );
  report.goal(
    "requests with another conversation than the application's, all servers",
    total(({ different }) => different),
    0,
    "",
  );
  report.keep("interruption", all);
}

function printTimes(report: Report, all: readonly Measured[]): void {
  report.table(
    ["", "pairs", "ideal", "p99", "after", "p99", "after / ideal", "p99 / ideal", "extra", "left out", "p99 of all"],
    all.map(({ name, pairs }) => {
      const { ideal, after } = columns(pairs.samples);
      return [
        name,
        String(after.length),
        ms(median(ideal)),
        ms(p99(ideal)),
        ms(median(after)),
        ms(p99(after)),
        times(median(ratios(pairs.samples))),
        times(p99(after) / median(ideal)),
        ms(median(extras(pairs.samples))),
        `${pairs.all.length - pairs.samples.length} (> ${ms(pairs.waitedMs)})`,
        ms(p99(columns(pairs.all).after)),
      ];
    }),
  );
  report.note(
    "ideal: an uninterrupted incremental turn of a twin conversation, one beside each interruption; after / ideal and extra are medians over these pairs",
  );
  report.note(
    "left out: pairs in which other processes kept the benchmark's threads waiting for a CPU for longer than the time in brackets; p99 of all includes them",
  );
  noteBusy(report, Math.max(...all.map(({ pairs }) => pairs.waitedMs)));
}

function printChecks(report: Report, all: readonly Measured[]): void {
  report.table(
    [
      "",
      "handshake",
      "full context",
      "connections",
      "turns",
      "stale words",
      "incomplete",
      "requests",
      "wrong conversation",
    ],
    all.map(({ name, lanes, handshakeMs, fullMs, connections, verdict }) => [
      name,
      lanes ? "" : ms(handshakeMs),
      lanes ? "" : `+ ${ms(fullMs)}`,
      String(connections),
      ...[verdict.turns, verdict.stale, verdict.wrong, verdict.requests, verdict.different].map(String),
    ]),
  );
}

async function measure(kind: Kind, wanted: number): Promise<Measured> {
  await using farEnd = await FarEnd.start({ rttMs, model: { firstTokenMs, tokenMs }, ...kind });
  await using caller = new Caller({ baseURL: farEnd.url });
  await using twin = new Caller({ baseURL: farEnd.url });
  await using fresh = new Caller({ baseURL: farEnd.url });
  for (let round = 0; round < 2; round += 1) for (const warmed of [caller, twin]) await warmed.ordinary();
  await afterInterruption(caller);
  const before = (await farEnd.ask("counts")).accepted;
  const options = { wanted, limitMs: 2, waitMs: () => farEnd.cpuWaitMs() };
  const pairs = await calmly(options, async (round): Promise<Pair> => {
    if (round % 2 === 0) return { ideal: await twin.ordinary(), after: await afterInterruption(caller) };
    const after = await afterInterruption(caller);
    return { ideal: await twin.ordinary(), after };
  });
  const connections = (await farEnd.ask("counts")).accepted - before + 1;
  const costs = { handshakeMs: 0, fullMs: 0 };
  if (!kind.lanes) {
    await fresh.ordinary();
    const { samples } = await calmly({ ...options, wanted: Math.ceil(wanted / 2) }, async () => {
      const handshake = await handshakeMs(farEnd.url);
      const ideal = await twin.ordinary();
      return { handshake, full: (await full(fresh, caller)) - ideal };
    });
    costs.handshakeMs = median(samples.map(({ handshake }) => handshake));
    costs.fullMs = Math.max(0, median(samples.map(({ full }) => full)));
  }
  const name = `${kind.lanes ? "lanes" : "no lanes"}, cancel ${named[kind.cancel]}`;
  const verdict = await verdictOn([caller, twin, fresh], farEnd);
  return { name, lanes: kind.lanes, pairs, ...costs, connections, verdict };
}

async function afterInterruption(caller: Caller): Promise<number> {
  const { cutAt } = await caller.ask(newQuestion("long"), cutAfter);
  const { firstTextAt } = await caller.ask(newQuestion("short"));
  return firstTextAt - cutAt;
}

/** Runs a turn in a conversation as long as the caller's of which the server has nothing. */
function full(fresh: Caller, caller: Caller): Promise<number> {
  fresh.context.setMessages([
    { role: "user", content: newQuestion("short").text },
    ...caller.context.messages.slice(1),
  ]);
  return fresh.ordinary();
}

function judge(report: Report, { name, lanes, pairs: { samples }, handshakeMs, fullMs }: Measured): void {
  if (!lanes) {
    const limitMs = handshakeMs + fullMs + allowance * median(columns(samples).ideal);
    const what = `${name}: beyond the ideal; limit: a handshake, the full context and 2 % of a turn`;
    report.goal(what, median(extras(samples)), limitMs, "ms");
    return;
  }
  const { ideal, after } = columns(samples);
  report.goal(`${name}: median against the ideal`, median(ratios(samples)), 1.02, "×");
  report.goal(`${name}: p99 against the median ideal`, p99(after) / median(ideal), 1.1, "×");
}

function columns(pairs: readonly Pair[]): { ideal: number[]; after: number[] } {
  return { ideal: pairs.map(({ ideal }) => ideal), after: pairs.map(({ after }) => after) };
}

function ratios(pairs: readonly Pair[]): number[] {
  return pairs.map(({ ideal, after }) => after / ideal);
}

function extras(pairs: readonly Pair[]): number[] {
  return pairs.map(({ ideal, after }) => after - ideal);
}
