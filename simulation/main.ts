/**
 * Runs the simulation from the command line:
 *
 *   npm run simulate -- --seeds 10000 [--from 1] [--threads 2] [--keep-going] [--mutant NAME] [--source DIR]
 *   npm run simulate -- --seed 42 [--steps 0,3] [--mutant NAME]
 *
 * The second form runs one seed and prints what happened.
 */
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { failureReport, summary } from "./runner/report.ts";
import { simulate, type SimulateResult } from "./runner/threads.ts";

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "2000" },
    from: { type: "string", default: "1" },
    threads: { type: "string", default: String(Math.min(2, availableParallelism())) },
    seed: { type: "string" },
    steps: { type: "string" },
    mutant: { type: "string" },
    source: { type: "string" },
    "keep-going": { type: "boolean", default: false },
  },
});

const startedMs = performance.now();
let shownMs = startedMs;

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

async function replay(seed: number): Promise<SimulateResult> {
  const keep = values.steps?.split(",").map(Number);
  return simulate({
    from: seed,
    seeds: 1,
    threads: 1,
    keep,
    traced: true,
    mutant: values.mutant,
    sourceDir: values.source,
  });
}

async function many(): Promise<SimulateResult> {
  return simulate({
    from: Number(values.from),
    seeds: Number(values.seeds),
    threads: Number(values.threads),
    mutant: values.mutant,
    sourceDir: values.source,
    keepGoing: values["keep-going"],
    onProgress({ seeds }, failures) {
      const now = performance.now();
      if (now - shownMs < 5000) return;
      shownMs = now;
      say(`${seeds} seeds, ${Math.round((seeds * 1000) / (now - startedMs))} per second, ${failures} failures`);
    },
  });
}

const result = await (values.seed === undefined ? many() : replay(Number(values.seed)));
for (const line of result.trace) say(line);
for (const failure of values["keep-going"] ? result.failures.slice(0, 40) : []) {
  say(`seed ${failure.seed}: ${failure.outcome.breaches[0]?.law}: ${failure.outcome.breaches[0]?.what}`);
}
if (result.failures[0] !== undefined) say(failureReport(result.failures[0], values));
say(summary(result.stats, performance.now() - startedMs));
if (result.failures.length > 0) process.exitCode = 1;
