import { laws } from "../laws/laws.ts";
import type { Failure } from "./shrink.ts";
import type { Stats } from "./stats.ts";

/** Describes what happened in a failing seed, which laws it broke, and the command that repeats it. */
export function failureReport(
  { seed, steps, stepsBefore, outcome }: Failure,
  { mutant, source }: { mutant?: string | undefined; source?: string | undefined },
): string {
  const breaches = outcome.breaches.map(({ law, what }) => `  ${law} (${laws[law]}):\n    ${what}`);
  return [
    ...outcome.trace,
    "",
    `Seed ${seed} breaks a law, with ${steps.length} of ${stepsBefore} steps:`,
    ...breaches.slice(0, 5),
    "Again:",
    `  ${replayCommand({ seed, steps }, mutant, source)}`,
  ].join("\n");
}

export function replayCommand(failure: Pick<Failure, "seed" | "steps">, mutant?: string, source?: string): string {
  const { seed, steps } = failure;
  return [
    `npm run simulate -- --seed ${seed} --steps ${steps.join(",")}`,
    ...(mutant === undefined ? [] : [`--mutant ${mutant}`]),
    ...(source === undefined ? [] : [`--source ${source}`]),
  ].join(" ");
}

export function summary(stats: Stats, elapsedMs: number): string {
  const { seeds, turns, inferences, interruptions, failures, faults, requests, sockets, tools, modes } = stats;
  const modeList = Object.entries(modes)
    .map(([mode, count]) => `${count} ${mode}`)
    .toSorted()
    .join(", ");
  return [
    `${seeds} seeds in ${(elapsedMs / 1000).toFixed(1)} s (${Math.round((seeds * 1000) / elapsedMs)} per second)`,
    `${turns} turns, ${inferences} inferences: ${modeList}`,
    `${interruptions} interruptions, ${faults} faults, ${failures} failed turns, ${tools} tool runs`,
    `${requests} requests over ${sockets} sockets, ${stats.bytes} bytes (with everything sent each time: ${stats.bytesFull})`,
  ].join("\n");
}
