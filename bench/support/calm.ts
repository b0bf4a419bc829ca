import { readFileSync } from "node:fs";
import type { Report } from "./report.ts";

/** How long other processes have kept this thread waiting for a CPU, in milliseconds; 0 if the system does not tell. */
export function cpuWaitMs(): number {
  try {
    // Nanoseconds on a CPU, nanoseconds waiting for one, time slices.
    return Number(readFileSync("/proc/thread-self/schedstat", "utf8").split(" ")[1]) / 1e6;
  } catch {
    return 0;
  }
}

export interface Calm<T> {
  /** The samples during which the benchmark's threads waited least for a CPU. */
  samples: T[];
  /** All samples. */
  all: T[];
  /** The longest that the threads waited during one of `samples`, in milliseconds. */
  waitedMs: number;
}

/**
 * Measures on a machine that other processes use as well. Repeats the measurement until as many samples as wanted had no more
 * than `limitMs` of waiting for a CPU, or until half as many again were taken. Returns those with the least waiting.
 */
export async function calmly<T>(
  { wanted, limitMs, waitMs = cpuWaitMs }: { wanted: number; limitMs: number; waitMs?: () => number | Promise<number> },
  measure: (round: number) => Promise<T>,
): Promise<Calm<T>> {
  const taken: Array<{ sample: T; waitedMs: number }> = [];
  let before = await waitMs();
  for (let round = 0; round < 1.5 * wanted; round += 1) {
    const sample = await measure(round);
    const now = await waitMs();
    taken.push({ sample, waitedMs: now - before });
    before = now;
    if (taken.filter(({ waitedMs }) => waitedMs <= limitMs).length === wanted) break;
  }
  const best = taken.toSorted((a, b) => a.waitedMs - b.waitedMs).slice(0, wanted);
  return {
    samples: best.map(({ sample }) => sample),
    all: taken.map(({ sample }) => sample),
    waitedMs: best.at(-1)!.waitedMs,
  };
}

/** Describes what was left out. */
export function calmNote({ samples, all, waitedMs }: Calm<unknown>): string {
  const left = all.length - samples.length;
  return `${left} of ${all.length} left out, because other processes kept the benchmark's threads waiting for a CPU for more than ${waitedMs.toFixed(1)} ms`;
}

/** More waiting than this shows in the figures of a measurement of a few hundred milliseconds. */
const busyMs = 10;

/** Warns of figures that depend more on other processes than on the client. */
export function noteBusy(report: Report, waitedMs: number): void {
  if (waitedMs <= busyMs) return;
  report.note(
    `BUSY: even in the samples that count, the benchmark's threads waited up to ${waitedMs.toFixed(0)} ms for a CPU; measure again on a quiet machine`,
  );
}
