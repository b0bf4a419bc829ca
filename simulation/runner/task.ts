import { run, scenarioOf } from "./run.ts";
import { shrink } from "./shrink.ts";
import { addStats, emptyStats } from "./stats.ts";
import type { Task, TaskResult } from "./threads.ts";

/**
 * Runs seeds until one fails, and shrinks that one. Writes the seed that is running to `current`, for the main thread to read.
 */
export async function runTask({ from, count, keep, traced }: Task, current: Int32Array): Promise<TaskResult> {
  const stats = emptyStats();
  // Without a trace no one reads the stacks, and collecting them takes a fifth of the time.
  Error.stackTraceLimit = traced ? 20 : 0;
  for (let seed = from; seed < from + count; seed += 1) {
    Atomics.store(current, 0, seed);
    const outcome = await run(scenarioOf(seed, keep), { trace: traced });
    addStats(stats, outcome.stats);
    if (outcome.breaches.length > 0) {
      const failure =
        keep === undefined
          ? await shrink(seed, outcome)
          : { seed, steps: [...keep], stepsBefore: keep.length, outcome };
      return { stats, failure };
    }
    if (traced) return { stats, trace: outcome.trace };
  }
  return { stats };
}
