import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { laws } from "../laws/laws.ts";
import { type Mutant, mutants } from "../mutants.ts";
import { patchText } from "../runner/patch.ts";
import { failureReport, replayCommand } from "../runner/report.ts";
import type { Failure } from "../runner/shrink.ts";
import { simulate } from "../runner/threads.ts";

const seeds = Number(process.env["TURNWIRE_SEEDS"] ?? 4000);

function lawsOf(failure: Failure | undefined): string[] {
  return (failure?.outcome.breaches ?? []).map(({ law }) => law);
}

async function firstFailure(mutant: Mutant): Promise<Failure> {
  const { failures } = await simulate({ from: 1, seeds: 1000, threads: 1, mutant: mutant.name });
  if (failures[0] === undefined) throw new Error(`the mutant ${mutant.name} survives 1,000 seeds`);
  return failures[0];
}

describe("the simulation", () => {
  it("breaks no law", async () => {
    const { failures, stats } = await simulate({ from: 1, seeds, threads: 2 });
    expect(failures.map((failure) => failureReport(failure, {}))).toEqual([]);
    // Runs in which nothing happens would keep every law as well.
    expect(stats.interruptions).toBeGreaterThan(seeds / 4);
    expect(stats.faults).toBeGreaterThan(seeds / 4);
    expect(stats.tools).toBeGreaterThan(seeds / 4);
    expect(stats.modes["websocket incremental"]).toBeGreaterThan(seeds / 4);
  }, 120_000);

  it.each([155_455, 185_736, 204_132, 518_105, 755_033, 993_258])(
    "breaks no law in a seed that once found a bug: seed %d",
    async (seed) => {
      const { failures } = await simulate({ from: seed, seeds: 1, threads: 1 });
      expect(failures.map((failure) => failureReport(failure, {}))).toEqual([]);
    },
  );

  it("runs a seed the same way every time", async () => {
    const replay = { from: 16, seeds: 1, threads: 1, traced: true };
    const [first, second] = await Promise.all([simulate(replay), simulate(replay)]);
    expect(first.trace.length).toBeGreaterThan(5);
    expect(second.trace).toEqual(first.trace);
  });
});

describe("a deliberate bug", () => {
  it.concurrent.each(mutants)(
    "is found within 1,000 seeds: $name",
    async (mutant) => {
      const failure = await firstFailure(mutant);
      expect(mutant.breaks.filter((law) => lawsOf(failure).includes(law))).not.toEqual([]);
    },
    60_000,
  );

  it("is reported with fewer steps and a command that repeats it", async () => {
    const mutant = mutants.find(({ name }) => name === "no-end-frame-on-abort")!;
    const failure = await firstFailure(mutant);
    expect(failure.steps.length).toBeLessThan(failure.stepsBefore);
    expect(failureReport(failure, { mutant: mutant.name })).toContain(laws.frames);
    expect(replayCommand(failure, mutant.name)).toBe(
      `npm run simulate -- --seed ${failure.seed} --steps ${failure.steps.join(",")} --mutant ${mutant.name}`,
    );
    const again = await simulate({
      from: failure.seed,
      seeds: 1,
      threads: 1,
      keep: failure.steps,
      traced: true,
      mutant: mutant.name,
    });
    expect(again.failures[0]?.outcome).toEqual(failure.outcome);
  });

  it.each(mutants)("finds its place in the source: $name", ({ patches }) => {
    for (const { file } of patches) {
      const text = readFileSync(new URL(`../../packages/turnwire/src/${file}`, import.meta.url), "utf8");
      expect(patchText(text, file, patches)).not.toBe(text);
    }
  });

  it("is rejected if its place in the source is missing or ambiguous", () => {
    const patches = [{ file: "a.ts", find: "here", replace: "there" }];
    expect(() => patchText("here and here", "a.ts", patches)).toThrow(
      "packages/turnwire/src/a.ts contains a mutant's text 2 times",
    );
    expect(() => patchText("nowhere", "a.ts", [{ ...patches[0]!, find: "here " }])).toThrow(
      "packages/turnwire/src/a.ts contains a mutant's text 0 times",
    );
  });
});
