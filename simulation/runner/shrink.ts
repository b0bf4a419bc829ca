import { type Outcome, run, scenarioOf } from "./run.ts";

/** A scenario that breaks a law, reduced to few steps. */
export interface Failure {
  seed: number;
  /** The numbers of the steps that are left; `stepsBefore` counts the steps before shrinking. */
  steps: number[];
  stepsBefore: number;
  outcome: Outcome;
}

/** Removes steps as long as the same law stays broken. Then runs the rest once more with a trace. */
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
