/** What an event costs the client, against a bare socket and `JSON.parse`. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { type Profiler, Session } from "node:inspector/promises";
import { fileURLToPath } from "node:url";
import { WebSocket } from "ws";
import { LLMContext, LLMTextFrame, OpenAIResponsesLLMService } from "../src/index.ts";
import { type Report, times } from "./support/report.ts";
import { median } from "./support/statistics.ts";

const deltas = 20_000;
const script = fileURLToPath(new URL("./support/delta-server.ts", import.meta.url));
const here = fileURLToPath(new URL("..", import.meta.url));

export async function clientCost(report: Report, quick: boolean): Promise<void> {
  const server = fork(script, [String(deltas)]);
  const [port] = (await once(server, "message")) as [number];
  const wsURL = `ws://127.0.0.1:${port}`;
  const socket = new WebSocket(wsURL, { perMessageDeflate: false });
  await once(socket, "open");
  await using llm = new OpenAIResponsesLLMService({ apiKey: "none", wsURL });
  for (let round = 0; round < 6; round += 1) {
    await bare(socket);
    await ours(llm);
  }
  const raw: number[] = [];
  const own: number[] = [];
  for (let pair = 0; pair < (quick ? 5 : 25); pair += 1) {
    if (pair % 2 === 0) raw.push(await cpuPerEvent(() => bare(socket)));
    own.push(await cpuPerEvent(() => ours(llm)));
    if (pair % 2 === 1) raw.push(await cpuPerEvent(() => bare(socket)));
  }
  const profile = await profiled(async () => {
    for (let round = 0; round < (quick ? 5 : 20); round += 1) await ours(llm);
  });
  const ratio = median(own.map((cost, pair) => cost / raw[pair]!));
  report.title(`CPU time of the client per event: one response of ${deltas} deltas in a burst (${own.length} pairs)`);
  report.table(
    ["", "median", "least"],
    [
      ["bare ws and JSON.parse", us(median(raw)), us(Math.min(...raw))],
      ["llm.stream()", us(median(own)), us(Math.min(...own))],
    ],
  );
  report.note(`${times(ratio)} the bare loop (median over pairs); a later issue's goal is 1.5 ×`);
  report.title("Where the client's time goes: self time by origin, and our functions that take most");
  report.table(
    ["", "share"],
    profile.origins.map(([origin, share]) => [origin, percent(share)]),
  );
  report.table(
    ["", "share"],
    profile.functions.slice(0, 5).map(([name, share]) => [name, percent(share)]),
  );
  report.note("shares of all that was not idle; the time of JSON.parse is its caller's");
  report.keep("clientCost", { deltas, bareUs: raw, oursUs: own, ratio, profile });
  await llm.stop();
  socket.terminate();
  server.disconnect();
}

/** What anybody would write. */
async function bare(socket: WebSocket): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let text = "";
  let pieces = 0;
  const onMessage = (data: Buffer): void => {
    const event = JSON.parse(data.toString()) as { type: string; delta: string };
    if (event.type === "response.output_text.delta") {
      text += event.delta;
      pieces += 1;
    } else if (event.type === "response.completed") resolve();
  };
  socket.on("message", onMessage);
  socket.send(JSON.stringify({ type: "response.create", model: "gpt-4.1", input: "Go." }));
  await promise;
  socket.off("message", onMessage);
  check(pieces, text);
}

async function ours(llm: OpenAIResponsesLLMService): Promise<void> {
  let text = "";
  let pieces = 0;
  for await (const frame of llm.stream(new LLMContext({ messages: [{ role: "user", content: "Go." }] }))) {
    if (!(frame instanceof LLMTextFrame)) continue;
    text += frame.text;
    pieces += 1;
  }
  check(pieces, text);
}

function check(pieces: number, text: string): void {
  if (pieces !== deltas || !text.endsWith(" w999")) throw new Error(`${pieces} of ${deltas} deltas came`);
}

/** Microseconds of this process, whatever the thread. */
async function cpuPerEvent(run: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  await run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / deltas;
}

interface Profile {
  /** Shares of the time that was not idle. */
  origins: Array<[string, number]>;
  functions: Array<[string, number]>;
}

async function profiled(run: () => Promise<void>): Promise<Profile> {
  using session = new DisposableSession();
  session.connect();
  await session.post("Profiler.enable");
  await session.post("Profiler.setSamplingInterval", { interval: 200 });
  await session.post("Profiler.start");
  await run();
  const { profile } = await session.post("Profiler.stop");
  return summarise(profile);
}

class DisposableSession extends Session implements Disposable {
  [Symbol.dispose](): void {
    this.disconnect();
  }
}

function summarise({ nodes, samples = [], timeDeltas = [] }: Profiler.Profile): Profile {
  const selfUs = new Map<number, number>();
  for (const [index, id] of samples.entries()) selfUs.set(id, (selfUs.get(id) ?? 0) + (timeDeltas[index] ?? 0));
  const origins = new Map<string, number>();
  const functions = new Map<string, number>();
  for (const { id, callFrame } of nodes) {
    const us = selfUs.get(id) ?? 0;
    if (callFrame.functionName === "(idle)") continue;
    const origin = originOf(callFrame);
    add(origins, origin, us);
    if (origin === "turnwire") add(functions, nameOf(callFrame), us);
  }
  const total = [...origins.values()].reduce((sum, us) => sum + us, 0);
  return { origins: shares(origins, total), functions: shares(functions, total) };
}

function originOf({ url, functionName }: Profiler.Profile["nodes"][number]["callFrame"]): string {
  if (url.includes("/node_modules/ws/")) return "ws";
  if (url.includes("/node_modules/")) return "other packages";
  if (url.includes("/src/")) return "turnwire";
  if (url.includes("/bench/")) return "this benchmark";
  if (url.startsWith("node:")) return "Node";
  return functionName === "(garbage collector)" ? "garbage collection" : "the engine (natives, system calls)";
}

function nameOf({ url, functionName, lineNumber }: Profiler.Profile["nodes"][number]["callFrame"]): string {
  const file = fileURLToPath(url).replace(here, "");
  return `${functionName || "(anonymous)"} ${file}:${lineNumber + 1}`;
}

function add(sums: Map<string, number>, key: string, value: number): void {
  sums.set(key, (sums.get(key) ?? 0) + value);
}

function shares(sums: Map<string, number>, total: number): Array<[string, number]> {
  return [...sums].map(([key, us]): [string, number] => [key, us / total]).toSorted((a, b) => b[1] - a[1]);
}

function us(value: number): string {
  return `${value.toFixed(2)} µs`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
