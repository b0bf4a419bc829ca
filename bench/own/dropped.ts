/** What a lost connection costs. */
import { setTimeout as sleep } from "node:timers/promises";
import { Caller, verdictOn } from "../support/caller.ts";
import { type Calm, calmly, noteBusy } from "../support/calm.ts";
import { FarEnd } from "../support/far-end.ts";
import { handshakeMs } from "../support/handshake.ts";
import { newQuestion } from "../support/model.ts";
import { ms, type Report } from "../support/report.ts";
import { median, quantile } from "../support/statistics.ts";

const rttMs = 40;
const firstTokenMs = 100;
/** The tolerance for times that are equal apart from measurement noise, as a share of an ordinary turn. */
const allowance = 0.02;

export async function dropped(report: Report, quick: boolean): Promise<void> {
  await using farEnd = await FarEnd.start({ rttMs, model: { firstTokenMs, tokenMs: 5 } });
  await using caller = new Caller({ baseURL: farEnd.url });
  await caller.ordinary();
  const measure = new Measure(farEnd, caller);
  const calm = (of: () => Promise<number>): Promise<Calm<number>> =>
    calmly({ wanted: quick ? 2 : 30, limitMs: 2, waitMs: () => farEnd.cpuWaitMs() }, of);
  const ordinary = await calm(() => caller.ordinary());
  const between = await calm(() => measure.between());
  const inside = await calm(() => measure.inside());
  const handshake = await calm(() => handshakeMs(farEnd.url));
  const full = await calm(() => measure.full());
  const verdict = await verdictOn([caller], farEnd);
  const rows: Array<[string, Calm<number>]> = [
    ["an ordinary turn", ordinary],
    ["lost between turns: beyond an ordinary turn", between],
    ["lost inside a turn, before output: from the loss on, beyond an ordinary turn", inside],
    ["a handshake (bare ws)", handshake],
    ["the full context: beyond an ordinary turn", full],
  ];
  report.title(`A lost connection: ${rttMs} ms round trip, first token after ${firstTokenMs} ms`);
  report.table(
    ["time to first text", "count", "median", "p90", "left out"],
    rows.map(([name, { samples, all, waitedMs }]) => [
      name,
      String(samples.length),
      ms(median(samples)),
      ms(quantile(samples, 0.9)),
      `${all.length - samples.length} (> ${ms(waitedMs)})`,
    ]),
  );
  report.note(
    "left out: measurements in which other processes kept the benchmark's threads waiting for a CPU for longer than the time in brackets",
  );
  noteBusy(report, Math.max(...rows.map(([, { waitedMs }]) => waitedMs)));
  const handshakeAndFull = median(handshake.samples) + Math.max(0, median(full.samples));
  const limitMs = handshakeAndFull + allowance * median(ordinary.samples);
  const most = "a handshake, the full context and 2 % of a turn";
  report.goal(`lost between turns: ${most}`, median(between.samples), limitMs, "ms");
  report.goal(`lost inside a turn: ${most}`, median(inside.samples), limitMs, "ms");
  const wrong = verdict.different + verdict.wrong + verdict.stale;
  report.goal("turns with wrong text or another conversation", wrong, 0, "");
  report.keep("dropped", { ordinary, between, inside, handshake, full, verdict });
}

/** Each method returns the milliseconds to first text beyond an ordinary turn. */
class Measure {
  readonly #farEnd: FarEnd;
  readonly #caller: Caller;

  constructor(farEnd: FarEnd, caller: Caller) {
    this.#farEnd = farEnd;
    this.#caller = caller;
  }

  async between(): Promise<number> {
    const ordinary = await this.#caller.ordinary();
    await this.#farEnd.ask("drop");
    await sleep(rttMs);
    return (await this.#caller.ordinary()) - ordinary;
  }

  async inside(): Promise<number> {
    const ordinary = await this.#caller.ordinary();
    const drop = this.#farEnd.ask("dropDuring", firstTokenMs / 2);
    const { firstTextAt } = await this.#caller.ask(newQuestion("short"));
    // The model's work up to the loss is gone whatever the client does, so time counts from when the client can know of the
    // loss.
    const knownAt = (await drop) + rttMs / 2;
    return firstTextAt - knownAt - ordinary;
  }

  async full(): Promise<number> {
    const { context } = this.#caller;
    const ordinary = await this.#caller.ordinary();
    context.setMessages([{ role: "user", content: newQuestion("short").text }, ...context.messages.slice(1)]);
    return (await this.#caller.ordinary()) - ordinary;
  }
}
