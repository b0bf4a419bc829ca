/**
 * Shows where the client spends its time: runs the work of `client-cost` and of `marathon` under V8's CPU profiler and prints
 * shares of self time by origin, file and function. Use `npm run bench -- --profile`, or `node bench/profile.ts [client]` with
 * the existing build.
 */
import { type Profiler, Session } from "node:inspector/promises";
import { fileURLToPath } from "node:url";
import type { Client } from "./clients/client.ts";
import { CannedServer, cannedQuestion } from "./support/canned-server.ts";
import { Report } from "./support/report.ts";
import { burst } from "./tasks/burst.ts";

const deltas = 20_000;
const shortDeltas = 20;
const root = fileURLToPath(new URL("..", import.meta.url));

export async function profile(report: Report, quick: boolean, id = "turnwire-ws"): Promise<void> {
  const { client } = (await import(new URL(`clients/${id}.ts`, import.meta.url).href)) as { client: Client };
  await using server = await CannedServer.start();
  const bursts = async (count: number): Promise<void> => {
    for (let round = 0; round < count; round += 1) await burst(client, { baseURL: server.url, deltas });
  };
  const rounds = quick ? 5 : 20;
  await bursts(8);
  const inBursts = await profiled(() => bursts(rounds));
  report.title(`Where the time of an event goes: ${rounds} responses of ${deltas} deltas in a burst`);
  print(report, inBursts, { what: "an event", count: rounds * deltas });

  const conversation = client.open({ baseURL: server.url });
  const { signal } = new AbortController();
  const talk = async (count: number): Promise<void> => {
    const question = cannedQuestion(shortDeltas);
    for (let turn = 0; turn < count; turn += 1) await conversation.say(question, () => undefined, signal);
  };
  const turns = quick ? 1000 : 10_000;
  await talk(1000);
  const inTurns = await profiled(() => talk(turns));
  await conversation.close();
  report.title(`Where the time of a turn goes: ${turns} turns of ${shortDeltas} deltas, one after the other`);
  print(report, inTurns, { what: "a turn", count: turns });
  report.note(
    "self time of the thread that runs JavaScript, without idle time; native functions such as JSON.parse count for their caller",
  );
  report.note("the profiler itself takes time, so read the shares, not the absolute times");
}

function print(report: Report, profile: Profiler.Profile, { what, count }: { what: string; count: number }): void {
  const selfUs = selfTimes(profile);
  const total = [...selfUs.values()].reduce((sum, us) => sum + us, 0);
  const each = (us: number): string => `${(us / count).toFixed(3)} µs`;
  const share = (us: number): string => `${((100 * us) / total).toFixed(1)} %`;
  const rows = (of: (frame: Frame) => string | undefined, most: number): string[][] =>
    grouped(selfUs, of)
      .slice(0, most)
      .map(([name, us]) => [name, share(us), each(us)]);
  report.table(["by origin", "share", what], [...rows(originOf, 20), ["all", share(total), each(total)]]);
  report.table(["by file of turnwire", "share", what], rows(fileOf, 10));
  report.table(["by function", "share", what], rows(functionOf, 12));
  report.keep(`profile of ${what}`, Object.fromEntries(grouped(selfUs, functionOf)));
}

type Frame = Profiler.Profile["nodes"][number]["callFrame"];

async function profiled(work: () => Promise<void>): Promise<Profiler.Profile> {
  const session = new Session();
  session.connect();
  await session.post("Profiler.enable");
  await session.post("Profiler.setSamplingInterval", { interval: 100 });
  await session.post("Profiler.start");
  await work();
  const { profile: taken } = await session.post("Profiler.stop");
  session.disconnect();
  return taken;
}

/** Returns the microseconds that each place took itself, without the functions it called. */
function selfTimes({ nodes, samples = [], timeDeltas = [] }: Profiler.Profile): Map<Frame, number> {
  const byNode = new Map<number, number>();
  for (const [index, node] of samples.entries()) byNode.set(node, (byNode.get(node) ?? 0) + (timeDeltas[index] ?? 0));
  const busy = nodes.filter(
    ({ callFrame: { functionName, url } }) => functionName !== "(idle)" && url !== "node:inspector",
  );
  return new Map(busy.map(({ id: node, callFrame }) => [callFrame, byNode.get(node) ?? 0]));
}

function grouped(times: ReadonlyMap<Frame, number>, of: (frame: Frame) => string | undefined): Array<[string, number]> {
  const sums = new Map<string, number>();
  for (const [frame, us] of times) {
    const key = of(frame);
    if (key !== undefined) sums.set(key, (sums.get(key) ?? 0) + us);
  }
  return [...sums].toSorted((a, b) => b[1] - a[1]);
}

function originOf({ url, functionName }: Frame): string {
  const [, name] = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url) ?? [];
  if (name !== undefined) return name;
  if (url.includes("/dist/")) return "turnwire";
  if (url.includes("/bench/")) return "this benchmark";
  if (url.startsWith("node:")) return "Node";
  return functionName === "(garbage collector)" ? "garbage collection" : "the engine (natives, system calls)";
}

function fileOf(frame: Frame): string | undefined {
  return originOf(frame) === "turnwire"
    ? fileURLToPath(frame.url).replace(`${root}dist/`, "").replace(/\.js$/, ".ts")
    : undefined;
}

function functionOf(frame: Frame): string {
  const { url, functionName, lineNumber } = frame;
  const path = url.startsWith("file:") ? fileURLToPath(url).replace(root, "") : url;
  const place = path === "" ? "" : ` ${path.replace(/^.*node_modules\//, "")}:${lineNumber + 1}`;
  return `${functionName || "(anonymous)"}${place}`;
}

if (import.meta.main) await profile(new Report(), false, process.argv[2]);
