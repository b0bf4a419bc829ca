import { type Outcome, run, scenarioOf } from "./run.ts";

/** A scenario that breaks a law, with as few steps as were found to do. */
export interface Failure {
  seed: number;
  /** The numbers of the steps that are left, and how many there were. */
  steps: number[];
  stepsBefore: number;
  outcome: Outcome;
}

/** Drops steps for as long as the same law stays broken; then runs what is left once more, with its trace. */
export async function shrink(seed: number, first: Outcome, keep?: readonly number[]): Promise<Failure> {
  const law = first.breaches[0]?.law;
  let steps = scenarioOf(seed, keep).steps.map(({ index }) => index);
  const stepsBefore = steps.length;
  for (let dropped = true; dropped;) {
    dropped = false;
    for (const step of steps.toReversed()) {
      const fewer = steps.filter((other) => other !== step);
      if (fewer.length === 0) break;
      const { breaches } = await run(scenarioOf(seed, fewer));
      if (!breaches.some((breach) => breach.law === law)) continue;
      steps = fewer;
      dropped = true;
    }
  }
  const outcome = await run(scenarioOf(seed, steps), { trace: true });
  return { seed, steps, stepsBefore, outcome };
}
