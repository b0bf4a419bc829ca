import { availableParallelism, cpus, loadavg, release, type } from "node:os";
import type { Results } from "./report.ts";

/** The kind of machine and the measurements. It holds nothing that identifies the machine. */
export interface Run {
  at: string;
  node: string;
  cores: number;
  cpu: string;
  system: string;
  /** How busy the machine was at the start: the load average of one minute. */
  load: number;
  figures: Record<string, Results>;
}

export function machine(): Omit<Run, "figures"> {
  return {
    at: new Date().toISOString(),
    node: process.versions.node,
    cores: availableParallelism(),
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    system: `${type()} ${release().split(".", 2).join(".")}`,
    load: loadavg()[0] ?? 0,
  };
}

/** Returns what a figure has kept under a name; undefined if the figure was not measured. */
export function kept(run: Run, figure: string, name: string): unknown {
  return run.figures[figure]?.figures[name];
}
