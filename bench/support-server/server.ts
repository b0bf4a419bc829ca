/** The server of the load test, in a process of its own. It reports its measurements when its parent asks for them. */
import { readFileSync } from "node:fs";
import { PerformanceObserver } from "node:perf_hooks";
import { type Brain, ResponsesServer } from "@turnwire/server";
import { type Summary, Samples } from "./samples.ts";

/** What the server has measured since the previous report. */
export interface Report {
  readonly firstOutput: Summary;
  readonly wholeTurn: Summary;
  /** The p99 of the whole turns of each second, because other processes spoil some seconds but not all. */
  readonly p99BySecond: readonly number[];
  readonly rss: number;
  readonly heap: number;
  readonly cpuMs: number;
  /** How long the main thread could have run but had no core; 0 if the system does not tell. */
  readonly waitedMs: number;
  /** How long garbage collection took. */
  readonly gcMs: number;
  readonly connections: number;
  /** The number of responses by status, and by error code if there is one. */
  readonly outcomes: Readonly<Record<string, number>>;
}

/**
 * Repeats the user's message and the length of the conversation, so that a client can recognise an answer of another
 * conversation.
 */
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
  // As the command does: the load test does not look at the requests.
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

/** Linux reports nanoseconds: running, waiting, and how often. */
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
  // Garbage is not memory that the connections use.
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
