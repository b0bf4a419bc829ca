import { Worker } from "node:worker_threads";
import type { Failure } from "./shrink.ts";
import { addStats, emptyStats, type Stats } from "./stats.ts";

export interface WorkerOptions {
  mutant?: string | undefined;
  /** The folder of the client's source; default: this repository's. */
  sourceDir?: string | undefined;
  /** Holds one number: the seed that is running. */
  current: SharedArrayBuffer;
}

export interface Task {
  from: number;
  count: number;
  /** The numbers of the steps to keep; all if undefined. */
  keep?: readonly number[] | undefined;
  traced: boolean;
}

export interface TaskResult {
  stats: Stats;
  failure?: Failure;
  trace?: readonly string[];
}

export interface SimulateOptions {
  from: number;
  seeds: number;
  threads: number;
  keep?: readonly number[] | undefined;
  traced?: boolean;
  mutant?: string | undefined;
  sourceDir?: string | undefined;
  /** Whether to continue after a failure. The result keeps the first failures. */
  keepGoing?: boolean;
  onProgress?: (stats: Stats, failures: number) => void;
}

export interface SimulateResult {
  stats: Stats;
  failures: Failure[];
  trace: readonly string[];
}

const batch = 250;
/** Most objects of a run are garbage when it ends. */
const resourceLimits = { maxYoungGenerationSizeMb: 128 };
/** A batch takes a fraction of a second, so a thread that is silent this long is in an endless loop. */
const hangMs = 60_000;

/** Runs seeds on worker threads until all have run or one has failed. */
export async function simulate(options: SimulateOptions): Promise<SimulateResult> {
  const result: SimulateResult = { stats: emptyStats(), failures: [], trace: [] };
  const end = options.from + options.seeds;
  let next = options.from;
  const take = (): Task | undefined => {
    if (next >= end || (result.failures.length > 0 && options.keepGoing !== true)) return undefined;
    const from = next;
    next = Math.min(end, from + batch);
    return { from, count: next - from, keep: options.keep, traced: options.traced ?? false };
  };
  const note = (answer: TaskResult, task: Task): Task | undefined => {
    addStats(result.stats, answer.stats);
    if (answer.failure !== undefined) result.failures.push(answer.failure);
    if (answer.trace !== undefined) result.trace = answer.trace;
    options.onProgress?.(result.stats, result.failures.length);
    const failedAt = answer.failure?.seed;
    if (failedAt === undefined || options.keepGoing !== true) return take();
    const left = task.from + task.count - failedAt - 1;
    return left > 0 ? { ...task, from: failedAt + 1, count: left } : take();
  };
  const threads = Math.max(1, Math.min(options.threads, Math.ceil(options.seeds / batch)));
  await Promise.all(Array.from({ length: threads }, () => runThread(options, take, note)));
  result.failures.sort((one, other) => one.seed - other.seed);
  return result;
}

async function runThread(
  { mutant, sourceDir }: SimulateOptions,
  take: () => Task | undefined,
  note: (answer: TaskResult, task: Task) => Task | undefined,
): Promise<void> {
  const current = new SharedArrayBuffer(4);
  const workerData: WorkerOptions = { mutant, sourceDir, current };
  const worker = new Worker(new URL("worker.ts", import.meta.url), {
    workerData,
    execArgv: ["--conditions=turnwire-source"],
    resourceLimits,
  });
  try {
    let task = take();
    while (task !== undefined) {
      const given = task;
      const answer = await ask(worker, given, current);
      task = note(answer, given);
    }
  } finally {
    await worker.terminate();
  }
}

function ask(worker: Worker, task: Task, current: SharedArrayBuffer): Promise<TaskResult> {
  const { promise, resolve, reject } = Promise.withResolvers<TaskResult>();
  const hang = setTimeout(() => {
    reject(new Error(`seed ${new Int32Array(current)[0]} hangs: it loops while virtual time stands still`));
  }, hangMs);
  worker.once("message", resolve);
  worker.once("error", reject);
  worker.postMessage(task);
  return promise.finally(() => {
    clearTimeout(hang);
    worker.removeAllListeners("message");
    worker.removeAllListeners("error");
  });
}
