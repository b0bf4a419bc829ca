/** A hundred voice agents in one process for a minute, each with a client that speaks in real time. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { LLMContext, LLMContextAggregatorPair, OpenAIResponsesLLMService, PipelineTask } from "turnwire";
import { sayScript, type TimedWord } from "@turnwire/server/speech";
import {
  DeepgramSTTService,
  DeepgramTTSService,
  EnergyVADAnalyzer,
  silence,
  TurnLatencyObserver,
  UserTurnProcessor,
  VADProcessor,
  type VoiceTurnRecord,
  WebsocketServerTransport,
  type WebsocketTransport,
  writeWav,
} from "@turnwire/voice";
import type { Report } from "../support/report.ts";
import { median, quantile } from "../support/statistics.ts";

const periodMs = 12_000;
const question = "Tell me about the sea.";
const reply =
  "It is deep and salty and full of life. Rivers end in it, winds begin over it, and nobody has seen all of its floor.";

interface Observed {
  agents: WebsocketTransport[];
  turns: VoiceTurnRecord[];
  errors: string[];
}

export async function voice(report: Report, quick: boolean): Promise<void> {
  const [sessions, seconds] = quick ? [20, 18] : [100, 60];
  const folder = mkdtempSync(join(tmpdir(), "turnwire-voice-"));
  const wav = join(folder, "caller.wav");
  const script = await makeCaller(wav, seconds);
  const providers = fork(here("providers.ts"), [JSON.stringify([script, reply])]);
  const [{ models, speech }] = (await once(providers, "message")) as [{ models: string; speech: string }];
  const seen: Observed = { agents: [], turns: [], errors: [] };
  const transport = new WebsocketServerTransport({ onConnection: (client) => serve(client, models, speech, seen) });
  const url = await transport.listen();
  const callers = fork(here("callers.ts"), [JSON.stringify([url, wav, sessions, seconds])]);
  // Measure the middle: all callers are there, and none leaves.
  const [startMs, endMs] = [periodMs + 1000, seconds * 1000];
  let cpu: NodeJS.CpuUsage = process.cpuUsage();
  setTimeout(() => (cpu = process.cpuUsage()), startMs);
  setTimeout(() => (cpu = process.cpuUsage(cpu)), endMs);
  await once(callers, "message");
  await transport.close();
  providers.disconnect();
  rmSync(folder, { recursive: true });
  const cpuShare = (cpu.user + cpu.system) / 1000 / (endMs - startMs);
  tell(report, seen, { sessions, seconds, cpuShare });
}

/** Writes the audio that each caller speaks again and again. Returns the times of its words. */
async function makeCaller(wav: string, seconds: number): Promise<TimedWord[]> {
  const { audio, words } = await sayScript([{ atMs: 500, text: question }], { voice: "tones", tailMs: 0 });
  const period = silence(periodMs, audio);
  period.audio.set(audio.audio);
  writeFileSync(wav, writeWav(period));
  return Array.from({ length: Math.ceil((seconds * 1000) / periodMs) + 1 }, (_, index) =>
    words.map(({ word, startMs, endMs }) => ({
      word,
      startMs: startMs + index * periodMs,
      endMs: endMs + index * periodMs,
    })),
  ).flat();
}

async function serve(client: WebsocketTransport, models: string, speech: string, seen: Observed): Promise<void> {
  seen.agents.push(client);
  const { user, assistant } = new LLMContextAggregatorPair(new LLMContext());
  const latency = new TurnLatencyObserver();
  latency.on("turn", (record) => void seen.turns.push(record));
  const task = new PipelineTask(
    [
      client.input(),
      new VADProcessor({ analyzer: new EnergyVADAnalyzer() }),
      new DeepgramSTTService({ apiKey: "none", baseURL: speech }),
      new UserTurnProcessor(),
      user,
      new OpenAIResponsesLLMService({ apiKey: "none", baseURL: models, model: "any" }),
      new DeepgramTTSService({ apiKey: "none", baseURL: speech }),
      client.output(),
      assistant,
    ],
    { observers: [latency] },
  );
  task.on("error", ({ code }) => void seen.errors.push(code));
  await task.run();
}

function tell(
  report: Report,
  { agents, turns, errors }: Observed,
  { sessions, seconds, cpuShare }: { sessions: number; seconds: number; cpuShare: number },
): void {
  const stats = agents.map((client) => client.output().stats);
  const sum = (of: (one: (typeof stats)[number]) => number): number => stats.reduce((all, one) => all + of(one), 0);
  const totals = turns.filter(({ interrupted }) => !interrupted).map(({ totalMs }) => totalMs);
  const pacing = sum(({ pacingUnderruns }) => pacingUnderruns);
  report.title(`${sessions} voice agents in one process for ${seconds} s, a turn of each every ${periodMs / 1000} s`);
  report.table(
    [
      "turns",
      "errors",
      "voice to voice",
      "p99",
      "audio played",
      "ran dry",
      "caused by this process",
      "CPU per session",
    ],
    [
      [
        String(totals.length),
        String(errors.length),
        `${median(totals).toFixed(0)} ms`,
        `${quantile(totals, 0.99).toFixed(0)} ms`,
        `${(sum(({ playedMs }) => playedMs) / 1000).toFixed(0)} s`,
        String(sum(({ underruns }) => underruns)),
        String(pacing),
        `${((100 * cpuShare) / sessions).toFixed(2)} % of a core`,
      ],
    ],
  );
  report.note("the providers' servers and the clients run in other processes on the same machine");
  report.note(
    "voice to voice: includes 200 ms of silence for the VAD, 600 ms until the turn ends, and 150 ms until the model's first token",
  );
  report.goal("voice clients that ran dry because of this process", pacing, 0, "");
  report.keep("voice", { sessions, seconds, totals, pacing, cpuShare });
}

function here(file: string): string {
  return fileURLToPath(new URL(`../support-voice/${file}`, import.meta.url));
}
