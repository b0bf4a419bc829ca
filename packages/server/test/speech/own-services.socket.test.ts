import { EndFrame, type Frame, PipelineTask } from "turnwire";
import { beforeAll, describe, expect, it } from "vitest";
import {
  type PcmAudio,
  splitAudio,
  InputAudioRawFrame,
  TTSAudioRawFrame,
  TTSSpeakFrame,
  TTSStoppedFrame,
} from "turnwire/internal";
import { DeepgramSTTService, DeepgramTTSService } from "@turnwire/voice";
import { TranscriptionFrame } from "turnwire";
import {
  sayScript,
  type SpeechFault,
  SpeechServer,
  type SpeechServerOptions,
  type TimedWord,
  toneAudio,
} from "../../src/speech/index.ts";
import { RecordingLogger } from "@turnwire/test-kit";

const lines = [
  { text: "Hello, my name is Ada.", atMs: 300 },
  { text: "What is the weather like today?", atMs: 2_600 },
];
const backoff = { initialDelayMs: 1, maxDelayMs: 5 };

/** Returns the output of a pipeline with one service, which ends when everything has come. */
async function run(
  service: DeepgramSTTService | DeepgramTTSService,
  frames: readonly Frame[],
  complete: (out: readonly Frame[]) => boolean,
): Promise<Frame[]> {
  const out: Frame[] = [];
  const task = new PipelineTask([service]);
  task.on("frameReachedDownstream", (frame) => void out.push(frame));
  const finished = task.run();
  for (const frame of frames) await task.queueFrame(frame);
  await expect.poll(() => complete(out)).toBe(true);
  await task.queueFrame(new EndFrame());
  await finished;
  return out;
}

function textOf(out: readonly Frame[]): string {
  const texts = out.filter((frame) => frame instanceof TranscriptionFrame).map(({ text }) => text);
  return texts.filter((text) => text !== "").join(" ");
}

describe("turnwire's own services", () => {
  let audio: PcmAudio;
  let words: TimedWord[];
  beforeAll(async () => {
    ({ audio, words } = await sayScript(lines, { voice: "tones" }));
  });

  const heard = async (options: SpeechServerOptions): Promise<{ text: string; connections: number }> => {
    await using server = await SpeechServer.start({
      voice: "tones",
      script: words,
      timeline: ({ previous }) => previous?.finalMs ?? 0,
      ...options,
    });
    const logger = new RecordingLogger();
    const stt = new DeepgramSTTService({ apiKey: "none", baseURL: server.url, backoff, logger });
    const frames = splitAudio(audio, 20).map((chunk) => new InputAudioRawFrame(chunk));
    const out = await run(stt, frames, (out) => textOf(out).endsWith("today?"));
    return { text: textOf(out), connections: server.connections.length };
  };
  const said = lines.map(({ text }) => text).join(" ");

  it("hear what the script says", async () => {
    expect(await heard({})).toEqual({ text: said, connections: 1 });
  });

  it.each([200, 450, 1_000, 1_733, 2_400, 3_100, 4_000])(
    "lose no word and double none when the connection is dropped after %i ms, and again",
    async (afterAudioMs) => {
      const faults: SpeechFault[] = [1, 2].map((connection) => ({ fault: "drop", connection, afterAudioMs }));
      const { text, connections } = await heard({ faults });
      expect(text).toBe(said);
      expect(connections).toBeGreaterThan(1);
    },
  );

  it("get text spoken, all of it, also when the connection is dropped in the middle", async () => {
    const whole = toneAudio("Hello there, Ada.", 16_000).audio;
    for (const faults of [[], [{ fault: "drop", afterAudioMs: 350 }]] satisfies SpeechFault[][]) {
      await using server = await SpeechServer.start({ voice: "tones", faults });
      const logger = new RecordingLogger();
      const tts = new DeepgramTTSService({ apiKey: "none", baseURL: server.url, sampleRate: 16_000, backoff, logger });
      const out = await run(tts, [new TTSSpeakFrame("Hello there, Ada.")], (out) =>
        out.some((frame) => frame instanceof TTSStoppedFrame),
      );
      const bytes = Buffer.concat(out.filter((frame) => frame instanceof TTSAudioRawFrame).map((frame) => frame.audio));
      if (faults.length === 0) expect(bytes.equals(whole)).toBe(true);
      else expect(bytes.length).toBeGreaterThanOrEqual(whole.length);
    }
  });
});
