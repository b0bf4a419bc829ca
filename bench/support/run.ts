import { availableParallelism, cpus, loadavg, release, type } from "node:os";
import type { Results } from "./report.ts";

/** What kind of machine measured, and what; nothing that names it. */
export interface Run {
  at: string;
  node: string;
  cores: number;
  cpu: string;
  system: string;
  /** How busy it was at the beginning: what waits for a core, one minute's average. */
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

/** What a figure has kept under a name, if it was measured. */
export function kept(run: Run, figure: string, name: string): unknown {
  return run.figures[figure]?.figures[name];
}
