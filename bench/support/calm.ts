import { readFileSync } from "node:fs";
import type { Report } from "./report.ts";

/** How long this thread has been kept from running by others, in milliseconds; 0 where the system does not say. */
export function cpuWaitMs(): number {
  try {
    // Nanoseconds on a CPU, nanoseconds waiting for one, time slices.
    return Number(readFileSync("/proc/thread-self/schedstat", "utf8").split(" ")[1]) / 1e6;
  } catch {
    return 0;
  }
}

export interface Calm<T> {
  /** The samples during which our threads waited least for a CPU. */
  samples: T[];
  /** All that were taken. */
  all: T[];
  /** The most that our threads waited during one of `samples`, in milliseconds. */
  waitedMs: number;
}

/**
 * Measures on a machine that others use, too: again and again until there are as many samples as wanted during which our
 * threads waited for a CPU no longer than `limitMs`, at most half as many again. Those with the least waiting count.
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

/** What was left out, for the reader. */
export function calmNote({ samples, all, waitedMs }: Calm<unknown>): string {
  const left = all.length - samples.length;
  return `${left} of ${all.length} left out, in which others kept our threads from running for more than ${waitedMs.toFixed(1)} ms`;
}

/** So much waiting in what counts, in a measurement of a few hundred milliseconds, is seen in its figures. */
const busyMs = 10;

/** Warns of figures that say more about the machine's other users than about us. */
export function noteBusy(report: Report, waitedMs: number): void {
  if (waitedMs <= busyMs) return;
  report.note(
    `BUSY: even in what counts our threads waited up to ${waitedMs.toFixed(0)} ms for a CPU; measure again when it is quiet`,
  );
}
