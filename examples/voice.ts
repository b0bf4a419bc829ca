/**
 * A voice agent that reads a WAV file and writes one. It hears the user, answers and speaks; the user interrupts it once.
 *
 *   node examples/voice.ts [--in user.wav] [--out bot.wav]
 *
 * Without OPENAI_API_KEY and DEEPGRAM_API_KEY it uses embedded servers: a script has the model's replies, eSpeak NG or tones
 * are the speech, and the transcription is the text from which the user's audio was made.
 */
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { LLMContext, LLMContextAggregatorPair, OpenAIResponsesLLMService, PipelineTask } from "turnwire";
import {
  DeepgramSTTService,
  DeepgramTTSService,
  EnergyVADAnalyzer,
  FileTransport,
  formatWaterfall,
  readWav,
  rms,
  SilenceStopStrategy,
  splitAudio,
  TurnLatencyObserver,
  UserTurnProcessor,
  VADProcessor,
  type PcmAudio,
} from "@turnwire/voice";
import { ResponsesServer, scriptBrain } from "@turnwire/server";
import { sayScript, SpeechServer, type TimedWord } from "@turnwire/server/speech";

const lines = [
  { atMs: 500, text: "Tell me about the sea." },
  { atMs: 6500, text: "Wait, what is my name?" },
];
const brain = scriptBrain({
  turns: [
    {
      when: { user: { pattern: "sea", flags: "i" } },
      reply:
        "The sea covers most of the earth. It is deep and salty and full of life. Rivers end in it, winds begin over it, " +
        "and nobody has seen all of its floor. People have crossed it for thousands of years.",
    },
    { when: { user: { pattern: "name", flags: "i" } }, reply: "I do not know it yet. Will you tell me?" },
  ],
});

/** The user's speech: a file, or audio made for the script. */
async function userAudio(file: string | undefined): Promise<{ from: string | PcmAudio; words: TimedWord[] }> {
  if (file !== undefined) return { from: file, words: [] };
  const { audio, words } = await sayScript(lines);
  return { from: audio, words };
}

/** The time in milliseconds at which the last sound before `beforeMs` ends. */
function lastSoundBefore(audio: PcmAudio, beforeMs: number): number {
  const pieceMs = 10;
  const pieces = splitAudio(audio, pieceMs).slice(0, beforeMs / pieceMs);
  return (pieces.findLastIndex((piece) => rms(piece) > 0.005) + 1) * pieceMs;
}

const { values } = parseArgs({ options: { in: { type: "string" }, out: { type: "string" } } });
const { from, words } = await userAudio(values.in);
const to = values.out ?? join(tmpdir(), "turnwire-bot.wav");
await using models = await ResponsesServer.start({ brain, timing: { firstTokenMs: 150, perTokenMs: 10 } });
await using speech = await SpeechServer.start({ script: words, interimMs: 200, firstByteMs: 80, realtimeFactor: 8 });
const ownModel = process.env["OPENAI_API_KEY"] ? {} : { apiKey: "none", baseURL: models.url };
const ownSpeech = process.env["DEEPGRAM_API_KEY"] ? {} : { apiKey: "none", baseURL: speech.url };

const context = new LLMContext();
const { user, assistant } = new LLMContextAggregatorPair(context);
const files = new FileTransport({ input: { from, trailingSilenceMs: 2500 }, output: { to } });
const llm = new OpenAIResponsesLLMService({ ...ownModel, model: "gpt-4.1" });
const latency = new TurnLatencyObserver();
const task = new PipelineTask(
  [
    files.input(),
    // 40 ms of voice are enough to interrupt here; a microphone in a room needs a higher value.
    new VADProcessor({ analyzer: new EnergyVADAnalyzer(), startMs: 40 }),
    new DeepgramSTTService(ownSpeech),
    new UserTurnProcessor({ stop: [new SilenceStopStrategy({ pauseMs: 300 })] }),
    user,
    llm,
    new DeepgramTTSService(ownSpeech),
    files.output(),
    assistant,
  ],
  { observers: [latency] },
);
task.on("error", (error) => console.log(`error: ${error.message}`));
latency.on("turn", (record) => console.log(`\n${formatWaterfall(record)}`));
llm.on("inference", ({ mode, interrupted, times }) =>
  console.log(`\nthe model: ${mode}${interrupted ? ", interrupted" : ""}, waited ${times.waitingMs.toFixed(0)} ms`),
);
files
  .output()
  .on("interrupted", ({ playedMs, droppedMs }) =>
    console.log(
      `\ninterrupted after ${(playedMs / 1000).toFixed(1)} s of speech; ${droppedMs.toFixed(0)} ms of audio dropped`,
    ),
  );

console.log(`speech by ${process.env["DEEPGRAM_API_KEY"] ? "Deepgram" : speech.voice}, in real time; please wait`);
await task.run();
console.log("\nthe conversation:");
for (const message of context.messages) {
  if ("role" in message) console.log(`${message.role}: ${JSON.stringify(message.content)}`);
}
const bargeIn = words.find(({ startMs }) => startMs >= lines[1]!.atMs);
if (bargeIn !== undefined) {
  const silentMs = lastSoundBefore(readWav(await readFile(to)), bargeIn.startMs + 1000) - bargeIn.startMs;
  console.log(`\nthe bot fell silent ${silentMs} ms after the user began to speak`);
}
console.log(`\nthe bot's audio: ${to}`);
