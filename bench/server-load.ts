/**
 * Measures the embedded server under load, in a process of its own: `node bench/server-load.ts`. Each client holds one
 * conversation over its own WebSocket and runs a turn each second; the brain takes no time.
 * `--quick`: 500 connections for 10 seconds. `--connections`, `--seconds`: other numbers. `--profile`: writes a CPU profile of
 * the server into the current directory.
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { availableParallelism, cpus, loadavg } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { LoadClient, Measurements } from "./support-server/client.ts";
import { summaryLine } from "./support-server/samples.ts";
import type { Report } from "./support-server/server.ts";

const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    connections: { type: "string" },
    seconds: { type: "string" },
    profile: { type: "boolean", default: false },
  },
});
const connections = Number(values.connections ?? (values.quick ? 500 : 2000));
const seconds = Number(values.seconds ?? (values.quick ? 10 : 60));
const everyMs = 1000;
/** The times of these first seconds do not count, because a server that has just started is still compiling. */
const warmUpSeconds = 5;

const child = fork(fileURLToPath(new URL("support-server/server.ts", import.meta.url)), {
  execArgv: ["--expose-gc", ...(values.profile ? ["--cpu-prof", "--cpu-prof-name=server-load.cpuprofile"] : [])],
});
const { wsURL } = await answer<{ wsURL: string }>(child);
await report();
const empty = await report();

const all = new Measurements(connections * seconds);
const loadBefore = loadavg()[0] ?? 0;
const connectingMs = performance.now();
const clients = await connectAll();
const connectedMs = performance.now() - connectingMs;
const idle = await report();

const startMs = performance.now() + 500;
let cpuBefore = process.cpuUsage();
let machineBefore = machineBusyMs();
let measuringMs = 0;
setTimeout(
  () => {
    child.send("forget");
    all.forgetTimes();
    cpuBefore = process.cpuUsage();
    machineBefore = machineBusyMs();
    measuringMs = performance.now();
  },
  500 + warmUpSeconds * 1000,
);
await Promise.all(
  clients.map((client, index) => {
    const at = startMs + (index * everyMs) / connections;
    return client.converse(at, everyMs, at + (warmUpSeconds + seconds) * 1000 - everyMs / 2);
  }),
);
const tookMs = performance.now() - measuringMs;
const ours = process.cpuUsage(cpuBefore);
const machineMs = machineBusyMs() - machineBefore;
const busy = await report();
for (const client of clients) client.close();
child.send("end");
await once(child, "exit");
print();

/** Connects a few clients at a time, like a fleet that restarts in an orderly way. */
async function connectAll(): Promise<LoadClient[]> {
  const opened: LoadClient[] = [];
  for (let number = 0; number < connections; number += 50) {
    const some = Array.from({ length: Math.min(50, connections - number) }, (_, index) =>
      LoadClient.connect(number + index, wsURL, all),
    );
    opened.push(...(await Promise.all(some)));
  }
  return opened;
}

async function report(): Promise<Report> {
  child.send("report");
  return await answer<Report>(child);
}

async function answer<T>(from: ChildProcess): Promise<T> {
  const [message] = (await once(from, "message")) as [T];
  return message;
}

/** How long all cores together have been busy with any work. */
function machineBusyMs(): number {
  return cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0);
}

function print(): void {
  const expected = connections * (warmUpSeconds + seconds);
  const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`;
  const each = (after: Report, of: "rss" | "heap"): string =>
    `${((after[of] - empty[of]) / connections / 1000).toFixed(1)} kB`;
  const percent = (ms: number): string => `${((100 * ms) / tookMs).toFixed(0)} %`;
  const seconds99 = busy.p99BySecond.toSorted((a, b) => a - b);
  const second = (part: number): string =>
    (seconds99[Math.min(seconds99.length - 1, Math.floor(part * seconds99.length))] ?? 0).toFixed(2);
  const oursMs = (ours.user + ours.system) / 1000;
  const lines = [
    `${connections} connections, a turn every ${everyMs} ms each, ${seconds} s after ${warmUpSeconds} s of warming up; Node ${process.versions.node}, ` +
      `${availableParallelism()} cores of ${cpus()[0]?.model.trim()}, load average before ${loadBefore.toFixed(2)}`,
    `  turns ${all.turns} of ${expected}, errors ${all.errors.length}, ` +
      `overdue ${all.overdue}; ${(all.events / Math.max(1, all.turns)).toFixed(0)} events a turn; ` +
      `connected in ${(connectedMs / 1000).toFixed(1)} s`,
    "The server's own delay in ms:",
    summaryLine("from its start to the first output", busy.firstOutput),
    summaryLine("from the request's arrival to its end", busy.wholeTurn),
    `  its p99 second by second                best ${second(0)}   median ${second(0.5)}   worst ${second(1)}`,
    "The clients' view, ms:",
    summaryLine("from sending to the first event", all.firstEvent.summary()),
    summaryLine("from sending to the last event", all.wholeTurn.summary()),
    summaryLine("how late the clients sent", all.lateness.summary()),
    `CPU of the server ${percent(busy.cpuMs)} of a core, of the clients ${percent(oursMs)}, ` +
      `of other processes on this machine ${percent(Math.max(0, machineMs - busy.cpuMs - oursMs))}`,
    `  the server waited for a core ${percent(busy.waitedMs)} of the time, and collected garbage ${percent(busy.gcMs)}`,
    `Memory of the server: ${megabytes(empty.rss)} empty, ${megabytes(idle.rss)} connected, ${megabytes(busy.rss)} at the end`,
    `  an open connection: ${each(idle, "rss")} (heap ${each(idle, "heap")}); ` +
      `with a conversation of ${2 * (warmUpSeconds + seconds)} items: ${each(busy, "rss")} (heap ${each(busy, "heap")})`,
    `Outcomes by the server: ${JSON.stringify(busy.outcomes)}`,
  ];
  console.log(lines.join("\n"));
  for (const error of all.errors.slice(0, 10)) console.error(`  ${error}`);
  if (all.errors.length > 0 || all.turns !== expected) process.exitCode = 1;
}
