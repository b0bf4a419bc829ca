/** Counts over a number of runs. */
export interface Stats {
  seeds: number;
  turns: number;
  inferences: number;
  interruptions: number;
  failures: number;
  faults: number;
  requests: number;
  bytes: number;
  bytesFull: number;
  sockets: number;
  tools: number;
  modes: Record<string, number>;
}

export function emptyStats(): Stats {
  return {
    seeds: 0,
    turns: 0,
    inferences: 0,
    interruptions: 0,
    failures: 0,
    faults: 0,
    requests: 0,
    bytes: 0,
    bytesFull: 0,
    sockets: 0,
    tools: 0,
    modes: {},
  };
}

export function addStats(sum: Stats, more: Stats): void {
  for (const [field, value] of Object.entries(more)) {
    if (typeof value === "number") sum[field as Exclude<keyof Stats, "modes">] += value;
  }
  for (const [mode, count] of Object.entries(more.modes)) sum.modes[mode] = (sum.modes[mode] ?? 0) + count;
}
