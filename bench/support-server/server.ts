/** The server of the load test, in a process of its own: it says what it measured when its parent asks. */
import { readFileSync } from "node:fs";
import { PerformanceObserver } from "node:perf_hooks";
import { type Brain, ResponsesServer } from "@turnwire/server";
import { type Summary, Samples } from "./samples.ts";

/** What the server has measured since the last time it was asked. */
export interface Report {
  readonly firstOutput: Summary;
  readonly wholeTurn: Summary;
  /** The p99 of the whole turns of each second: others on the machine spoil some seconds, not all. */
  readonly p99BySecond: readonly number[];
  readonly rss: number;
  readonly heap: number;
  readonly cpuMs: number;
  /** How long its main thread could have run but had no core; 0 where the system does not say. */
  readonly waitedMs: number;
  /** How long its garbage collection took. */
  readonly gcMs: number;
  readonly connections: number;
  /** By status, and error code where there is one. */
  readonly outcomes: Readonly<Record<string, number>>;
}

/** Says at once what it was told, and how long the conversation is: an answer of another's would not fit. */
const echo: Brain = function* ({ conversation }) {
  const said = conversation.at(-1);
  const text = said !== undefined && "content" in said && typeof said.content === "string" ? said.content : "?";
  for (const word of [
    "You",
    " said",
    ` "${text}",`,
    " the",
    " conversation",
    " has",
    ` ${conversation.length}`,
    " items.",
  ]) {
    yield { type: "text", delta: word };
  }
};

const firstOutput = new Samples(200_000);
const wholeTurn = new Samples(200_000);
const thisSecond = new Samples(5_000);
let p99BySecond: number[] = [];
setInterval(() => {
  if (thisSecond.count > 0) p99BySecond.push(thisSecond.summary().p99);
  thisSecond.clear();
}, 1000).unref();
let outcomes: Record<string, number> = {};

const server = await ResponsesServer.start({
  brain: echo,
  // As the command has it: nobody looks at them.
  keptRequests: 0,
  onRequest: ({ firstOutputMs, durationMs, status, errorCode }) => {
    if (firstOutputMs !== undefined) firstOutput.add(firstOutputMs);
    if (durationMs !== undefined) {
      wholeTurn.add(durationMs);
      thisSecond.add(durationMs);
    }
    const outcome = errorCode === undefined ? status : `${status} ${errorCode}`;
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
  },
});

let gcMs = 0;
new PerformanceObserver((list) => {
  for (const { duration } of list.getEntries()) gcMs += duration;
}).observe({ entryTypes: ["gc"] });

let cpu = process.cpuUsage();
let waited = waitedForCore();

/** Linux says it in nanoseconds: running, waiting, how often. */
function waitedForCore(): number {
  try {
    return Number(readFileSync("/proc/self/schedstat", "utf8").split(" ")[1]) / 1e6;
  } catch {
    return 0;
  }
}

function report(): Report {
  const { user, system } = process.cpuUsage(cpu);
  const waitedMs = waitedForCore() - waited;
  const gcMsSoFar = gcMs;
  // What is garbage is not the connections' memory.
  globalThis.gc?.();
  const { rss, heapUsed } = process.memoryUsage();
  const answer: Report = {
    firstOutput: firstOutput.summary(),
    wholeTurn: wholeTurn.summary(),
    p99BySecond,
    rss,
    heap: heapUsed,
    cpuMs: (user + system) / 1000,
    waitedMs,
    gcMs: gcMsSoFar,
    connections: server.connections.length,
    outcomes,
  };
  forget();
  return answer;
}

function forget(): void {
  firstOutput.clear();
  wholeTurn.clear();
  p99BySecond = [];
  outcomes = {};
  cpu = process.cpuUsage();
  waited = waitedForCore();
  gcMs = 0;
}

process.on("message", (asked) => {
  if (asked === "report") process.send?.(report());
  else if (asked === "forget") forget();
  else void server.close().then(() => process.disconnect());
});
process.send?.({ wsURL: server.wsURL });
