/**
 * Many voice agents in one process: `npm run build && node bench/voice-load.ts`. Each has a client over a WebSocket that
 * speaks in real time for a minute, voice activity, transcription, turn-taking, a model and speech. The providers' servers
 * and the clients are processes of their own on the same machine.
 *
 * `--sessions`, `--seconds`: of one's choice.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { LLMContext, LLMContextAggregatorPair, OpenAIResponsesLLMService, PipelineTask } from "turnwire";
import { sayScript } from "turnwire/speech-server";
import {
  DeepgramSTTService,
  DeepgramTTSService,
  EnergyVADAnalyzer,
  TurnLatencyObserver,
  UserTurnProcessor,
  VADProcessor,
  type VoiceTurnRecord,
  WebsocketServerTransport,
  type WebsocketTransport,
  writeWav,
} from "turnwire/voice";

const { values } = parseArgs({
  options: { sessions: { type: "string", default: "100" }, seconds: { type: "string", default: "60" } },
});
const sessions = Number(values.sessions);
const seconds = Number(values.seconds);

const periodMs = 12_000;
const reply =
  "It is deep and salty and full of life. Rivers end in it, winds begin over it, and nobody has seen all of its floor.";
const lines = Array.from({ length: Math.ceil((seconds * 1000) / periodMs) + 1 }, (_, index) => ({
  atMs: index * periodMs + 500,
  text: "Tell me about the sea.",
}));
const { audio, words } = await sayScript(lines.slice(0, 1), { voice: "tones", tailMs: 0 });
const period = { ...audio, audio: new Uint8Array((audio.sampleRate * 2 * periodMs) / 1000) };
period.audio.set(audio.audio);
const script = lines.flatMap((_, index) =>
  words.map(({ word, startMs, endMs }) => ({
    word,
    startMs: startMs + index * periodMs,
    endMs: endMs + index * periodMs,
  })),
);

const folder = mkdtempSync(join(tmpdir(), "turnwire-voice-load-"));
const wav = join(folder, "caller.wav");
writeFileSync(wav, writeWav(period));
const providers = fork(here("support-voice/providers.ts"), [JSON.stringify([script, reply])]);
const [{ models, speech }] = (await once(providers, "message")) as [{ models: string; speech: string }];

const turns: VoiceTurnRecord[] = [];
const errors = new Map<string, number>();
const agents: WebsocketTransport[] = [];

async function serve(client: WebsocketTransport): Promise<void> {
  agents.push(client);
  const { user, assistant } = new LLMContextAggregatorPair(new LLMContext());
  const latency = new TurnLatencyObserver();
  latency.on("turn", (record) => void turns.push(record));
  const task = new PipelineTask(
    [
      client.input(),
      new VADProcessor({ analyzer: new EnergyVADAnalyzer() }),
      new DeepgramSTTService({ apiKey: "none", baseURL: speech }),
      new UserTurnProcessor(),
      user,
      new OpenAIResponsesLLMService({ apiKey: "none", baseURL: models, settings: { model: "any" } }),
      new DeepgramTTSService({ apiKey: "none", baseURL: speech }),
      client.output(),
      assistant,
    ],
    { observers: [latency] },
  );
  task.on("error", ({ code }) => void errors.set(code, (errors.get(code) ?? 0) + 1));
  await task.run();
}

const transport = new WebsocketServerTransport({ onConnection: serve });
const url = await transport.listen();
const loadBefore = loadavg()[0] ?? 0;
const callers = fork(here("support-voice/callers.ts"), [JSON.stringify([url, wav, sessions, seconds])]);
// The middle: all callers are there, and nobody leaves.
const [startMs, endMs] = [periodMs + 1000, seconds * 1000];
let cpu: NodeJS.CpuUsage = process.cpuUsage();
setTimeout(() => (cpu = process.cpuUsage()), startMs);
setTimeout(() => (cpu = process.cpuUsage(cpu)), endMs);
const [{ heardBytes }] = (await once(callers, "message")) as [{ heardBytes: number }];
await transport.close();
providers.disconnect();
rmSync(folder, { recursive: true });

const stats = agents.map((client) => client.output().stats);
const sum = (of: (one: (typeof stats)[number]) => number): number => stats.reduce((all, one) => all + of(one), 0);
const share = (cpu.user + cpu.system) / 1000 / (endMs - startMs);
const totals = turns
  .filter(({ interrupted }) => !interrupted)
  .map(({ totalMs }) => totalMs)
  .toSorted((a, b) => a - b);
const at = (part: number): string => `${(totals[Math.floor(totals.length * part)] ?? Number.NaN).toFixed(0)} ms`;
console.log(`${agents.length} voice sessions for ${seconds} s, ${availableParallelism()} cores, load before ${loadBefore.toFixed(2)}
  turns answered           ${totals.length}, errors ${JSON.stringify(Object.fromEntries(errors))}
  voice to voice           median ${at(0.5)}, p99 ${at(0.99)}
  audio played             ${(sum(({ playedMs }) => playedMs) / 1000).toFixed(0)} s (${(heardBytes / 1e6).toFixed(0)} MB reached the clients)
  underruns by this process ${sum(({ pacingUnderruns }) => pacingUnderruns)} of ${sum(({ underruns }) => underruns)}
  CPU of this process      ${(100 * share).toFixed(1)} % of a core, ${((100 * share) / sessions).toFixed(2)} % per session`);

function here(path: string): string {
  return fileURLToPath(new URL(path, import.meta.url));
}
