import fc from "fast-check";
import {
  type Frame,
  type FrameDirection,
  FrameProcessor,
  LLMContext,
  LLMContextFrame,
  LLMTextFrame,
  PipelineTask,
} from "turnwire";
import {
  BotStartedSpeakingFrame,
  TTSAudioRawFrame,
  TTSStartedFrame,
  UserStartedSpeakingFrame,
  UserStoppedSpeakingFrame,
  VADUserStartedSpeakingFrame,
  VADUserStoppedSpeakingFrame,
} from "turnwire/internal";
import { formatWaterfall, TurnLatencyObserver, type VoiceTurnRecord } from "@turnwire/voice";
import { describe, expect, it } from "vitest";
import { RecordingLogger, settle, VirtualClock } from "@turnwire/test-kit";
import { Sink } from "./support.ts";

const pcm = { audio: new Uint8Array(2), sampleRate: 16_000, channels: 1 };

class Pass extends FrameProcessor {
  protected override async processFrame(frame: Frame, direction: FrameDirection): Promise<void> {
    await this.pushFrame(frame, direction);
  }
}

async function observe(): Promise<{
  clock: VirtualClock;
  records: VoiceTurnRecord[];
  /** Sends a frame through, after so many milliseconds. */
  after(ms: number, frame: Frame): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}> {
  const clock = new VirtualClock(5000);
  const latency = new TurnLatencyObserver({ logger: new RecordingLogger() });
  const records: VoiceTurnRecord[] = [];
  latency.on("turn", (record) => void records.push(record));
  const sink = new Sink();
  // Every frame is pushed three times.
  const task = new PipelineTask([new Pass(), new Pass(), sink], { environment: { clock }, observers: [latency] });
  void task.run();
  await settle();
  return {
    clock,
    records,
    async after(ms, frame) {
      await clock.advance(ms);
      // As the output transport says it: both ways.
      if (frame instanceof BotStartedSpeakingFrame) void sink.up(new BotStartedSpeakingFrame());
      void task.queueFrame(frame);
      await settle();
    },
    [Symbol.asyncDispose]: () => task.cancel(),
  };
}

const context = (): LLMContextFrame => new LLMContextFrame(new LLMContext());

/** A turn from start to end: the wait before each frame, in order. */
const whole = [
  [10, new VADUserStartedSpeakingFrame({ startMs: 200 })],
  [0, new UserStartedSpeakingFrame()],
] as const;

describe("a voice turn", () => {
  it("is reported in stages from the end of the voice to the bot's", async () => {
    await using run = await observe();
    for (const [ms, frame] of whole) await run.after(ms, frame);
    await run.after(2000, new VADUserStoppedSpeakingFrame({ stopMs: 200 }));
    await run.after(130, new UserStoppedSpeakingFrame());
    await run.after(2, context());
    await run.after(310, new LLMTextFrame("It "));
    await run.after(40, new LLMTextFrame("is. "));
    await run.after(20, new TTSStartedFrame("u1"));
    await run.after(90, new TTSAudioRawFrame(pcm, "u1"));
    await run.after(5, new TTSAudioRawFrame(pcm, "u1"));
    await run.after(3, new BotStartedSpeakingFrame());
    expect(run.records).toEqual([
      {
        turn: 1,
        startMs: 5000 + 2010 - 200,
        stages: [
          { name: "vad", ms: 200 },
          { name: "turnEnd", ms: 130 },
          { name: "context", ms: 2 },
          { name: "llm", ms: 310 },
          { name: "sentence", ms: 60 },
          { name: "tts", ms: 90 },
          { name: "output", ms: 8 },
        ],
        totalMs: 800,
        interrupted: false,
      },
    ]);
    expect(run.clock.now() - run.records[0]!.startMs).toBe(800);
  });

  it("is interrupted when the user speaks before the bot", async () => {
    await using run = await observe();
    await run.after(0, new UserStartedSpeakingFrame());
    await run.after(100, new UserStoppedSpeakingFrame());
    await run.after(5, context());
    await run.after(300, new LLMTextFrame("It "));
    await run.after(50, new UserStartedSpeakingFrame());
    expect(run.records).toEqual([
      expect.objectContaining({
        stages: [
          { name: "turnEnd", ms: 0 },
          { name: "context", ms: 5 },
          { name: "llm", ms: 300 },
        ],
        totalMs: 305,
        interrupted: true,
      }),
    ]);
  });

  it("is not reported if the model is not asked, and the next has its own times", async () => {
    await using run = await observe();
    await run.after(0, new VADUserStartedSpeakingFrame());
    await run.after(0, new UserStartedSpeakingFrame());
    await run.after(100, new VADUserStoppedSpeakingFrame({ stopMs: 200 }));
    await run.after(500, new UserStoppedSpeakingFrame());
    await run.after(5000, new UserStartedSpeakingFrame());
    await run.after(100, new UserStoppedSpeakingFrame());
    await run.after(7, context());
    await run.after(9, new BotStartedSpeakingFrame());
    expect(run.records.map(({ turn, stages, totalMs }) => ({ turn, stages, totalMs }))).toEqual([
      {
        turn: 1,
        stages: [
          { name: "turnEnd", ms: 0 },
          { name: "context", ms: 7 },
          { name: "output", ms: 9 },
        ],
        totalMs: 16,
      },
    ]);
  });

  it("does not count what still comes of an older answer", async () => {
    await using run = await observe();
    await run.after(0, new UserStartedSpeakingFrame());
    await run.after(100, new UserStoppedSpeakingFrame());
    await run.after(1, new LLMTextFrame("old"));
    await run.after(1, new TTSAudioRawFrame(pcm));
    await run.after(1, new BotStartedSpeakingFrame());
    await run.after(1, context());
    await run.after(100, new LLMTextFrame("new"));
    await run.after(100, new BotStartedSpeakingFrame());
    expect(run.records.map(({ totalMs }) => totalMs)).toEqual([204]);
  });

  it("adds up exactly, whatever the times", async () => {
    const wait = fc.double({ min: 0, max: 3000, noNaN: true });
    await fc.assert(
      fc.asyncProperty(fc.array(wait, { minLength: 7, maxLength: 7 }), async (waits) => {
        await using run = await observe();
        const frames = [
          new VADUserStoppedSpeakingFrame({ stopMs: 200 }),
          new UserStoppedSpeakingFrame(),
          context(),
          new LLMTextFrame("a"),
          new TTSStartedFrame(),
          new TTSAudioRawFrame(pcm),
          new BotStartedSpeakingFrame(),
        ];
        for (const [index, frame] of frames.entries()) await run.after(waits[index]!, frame);
        const [record] = run.records;
        expect(record!.stages.reduce((sum, { ms }) => sum + ms, 0)).toBe(record!.totalMs);
        expect(record!.totalMs).toBeCloseTo(200 + waits.slice(1).reduce((sum, ms) => sum + ms, 0), 6);
      }),
      { numRuns: 30 },
    );
  });
});

describe("the waterfall", () => {
  const record: VoiceTurnRecord = {
    turn: 3,
    startMs: 0,
    stages: [
      { name: "vad", ms: 200 },
      { name: "turnEnd", ms: 100 },
      { name: "context", ms: 0.4 },
      { name: "llm", ms: 300 },
      { name: "tts", ms: 100 },
      { name: "output", ms: 20 },
    ],
    totalMs: 720.4,
    interrupted: false,
  };

  it("has a bar for each stage where it lies in time", () => {
    expect(formatWaterfall(record)).toBe(
      [
        "turn 3",
        "voice → VAD stop     200 ms  ██████████████",
        "→ end of turn        100 ms                ███████",
        "→ context to LLM       0 ms                       ▏",
        "→ first text         300 ms                       ██████████████████████",
        "→ first audio        100 ms                                             ███████",
        "→ audio played        20 ms                                                    █",
        "total                720 ms",
      ].join("\n"),
    );
  });

  it("fits into 80 columns, marks an interruption, and takes a turn of no time", () => {
    const stages = fc.array(fc.double({ min: 0, max: 1e5, noNaN: true }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(stages, (times) => {
        const parts = times.map((ms, index) => ({ name: record.stages[index]!.name, ms }));
        const totalMs = times.reduce((sum, ms) => sum + ms, 0);
        const lines = formatWaterfall({ ...record, stages: parts, totalMs, interrupted: true }).split("\n");
        expect(lines[0]).toBe("turn 3 (interrupted)");
        expect(lines).toHaveLength(parts.length + 2);
        for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
      }),
    );
  });
});
