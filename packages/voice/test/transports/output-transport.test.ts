import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DataFrame, EndFrame, InterruptionFrame, LLMFullResponseEndFrame, TextFrame } from "turnwire";
import { OutputAudioRawFrame, TTSStartedFrame, TTSStoppedFrame } from "turnwire/internal";
import type { Interrupted, Underrun } from "../../src/transports/index.ts";
import { settle } from "@turnwire/test-kit";
import { audio, speech, Stage, words } from "./support.ts";

const quick = { chunkMs: 20, leadMs: 60 };

describe("the pace", () => {
  it("sends ahead by the lead at first, then a chunk at a time", async () => {
    await using stage = new Stage(quick);
    await stage.queue(speech(200));
    await stage.clock.advance(500);
    expect(stage.output.sent.map(({ atMs, ms }) => [atMs, ms])).toEqual([
      [1000, 20],
      [1000, 20],
      [1000, 20],
      // Sixty milliseconds before it is played.
      [1000, 20],
      ...[1020, 1040, 1060, 1080, 1100, 1120].map((at) => [at, 20]),
    ]);
    expect(stage.output.sent.map(({ startsAtMs }) => startsAtMs)).toEqual(
      Array.from({ length: 10 }, (_, index) => 1000 + index * 20),
    );
  });

  it("does not drift, however long the speech and whatever its pieces", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 70 }), { minLength: 1, maxLength: 40 }), async (pieces) => {
        await using stage = new Stage({ ...quick, sampleRate: 11_025 });
        await stage.queue(...pieces.map((ms) => new OutputAudioRawFrame(audio(ms, 1, 11_025))));
        const totalMs = stage.output.sent.length + pieces.reduce((sum, ms) => sum + ms, 0);
        await stage.clock.advance(totalMs + 100);
        let beforeMs = 0;
        for (const { atMs, ms, startsAtMs } of stage.output.sent) {
          expect(startsAtMs).toBeCloseTo(1000 + beforeMs, 6);
          expect(atMs).toBeGreaterThanOrEqual(startsAtMs - 60 - 1e-6);
          // The test's clock, as Node's, waits for a millisecond at least.
          expect(atMs).toBeLessThanOrEqual(Math.max(1000, startsAtMs - 60 + 1));
          beforeMs += ms;
        }
        expect(stage.output.stats.underruns).toBe(0);
      }),
      { numRuns: 25 },
    );
  });

  it("catches up after it was held up", async () => {
    await using stage = new Stage(quick);
    await stage.queue(speech(200));
    const late = Promise.withResolvers<void>();
    stage.output.blocked = late.promise;
    await stage.clock.advance(50);
    stage.output.blocked = undefined;
    late.resolve();
    await stage.clock.advance(0);
    expect(stage.output.sent.at(-1)).toMatchObject({ atMs: 1050, startsAtMs: 1100 });
    expect(stage.output.stats.underruns).toBe(0);
  });

  it("holds up who makes audio faster than it is played", async () => {
    await using stage = new Stage(quick);
    await settle();
    let accepted = 0;
    for (let index = 0; index < 200; index += 1) void stage.task.queueFrame(speech(20)).then(() => (accepted += 1));
    await settle();
    // Four that were sent, and at the output and at the witness in front of it one in work and a queue of 64.
    expect(accepted).toBe(4 + 2 * 65);
    await stage.clock.advance(20 * 100);
    expect(accepted).toBe(200);
  });

  it("brings audio of any format to the one that is sent", async () => {
    await using stage = new Stage({ ...quick, sampleRate: 8000, channels: 2 });
    await stage.queue(new OutputAudioRawFrame(audio(100, 0, 48_000)), new TTSStoppedFrame());
    await stage.clock.advance(200);
    expect(stage.output.bytes.length).toBe(800 * 4);
    expect(stage.output.stats.sentMs).toBeCloseTo(100, 6);
  });

  it("refuses audio that ends within a sample, and goes on", async () => {
    await using stage = new Stage(quick);
    const errors: string[] = [];
    stage.task.on("error", (error) => void errors.push(error.message));
    await stage.queue(new OutputAudioRawFrame({ audio: new Uint8Array(3), sampleRate: 24_000, channels: 1 }));
    await stage.queue(speech(20));
    expect(errors).toEqual(["audio: expected whole samples of 2 bytes, got 3 bytes"]);
    expect(stage.output.sent.length).toBe(1);
  });

  it("sends at once what is not to be paced, and passes on at once what comes after", async () => {
    await using stage = new Stage({ pace: "none" });
    await stage.queue(speech(5000, "u"), words("all of it"), speech(5000, "u"), new TTSStoppedFrame("u"));
    expect(stage.output.stats).toMatchObject({ sentMs: 10_000, playedMs: 10_000, underruns: 0 });
    expect(stage.below.said.map(([, what]) => what)).toEqual(["all of it", "TTSStopped"]);
  });
});

describe("frames after audio", () => {
  it("are passed on when that audio has been played, and do not hold up the audio after them", async () => {
    await using stage = new Stage(quick);
    const said = [
      new TTSStartedFrame("u"),
      speech(100),
      words("one "),
      speech(100),
      words("two"),
      new TTSStoppedFrame("u"),
    ];
    await stage.queue(...said, new LLMFullResponseEndFrame());
    await stage.clock.advance(1000);
    expect(stage.below.said).toEqual([
      [1000, "TTSStarted"],
      [1100, "one "],
      [1200, "two"],
      [1200, "TTSStopped"],
      [1200, "LLMFullResponseEnd"],
    ]);
    expect(stage.output.sent.map(({ startsAtMs }) => startsAtMs)).toEqual(
      Array.from({ length: 10 }, (_, index) => 1000 + index * 20),
    );
    expect(stage.output.stats).toMatchObject({ underruns: 0, playedMs: 200 });
  });

  it("keep their order, each after its audio, whatever the mix", async () => {
    const item = fc.oneof(
      fc.record({ kind: fc.constant("audio" as const), ms: fc.integer({ min: 1, max: 120 }) }),
      fc.record({ kind: fc.constant("text" as const), ms: fc.constant(0) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(item, { maxLength: 40 }), async (items) => {
        await using stage = new Stage(quick);
        const frames = items.map(({ kind, ms }, index) => (kind === "audio" ? speech(ms) : words(String(index))));
        await stage.queue(...frames);
        const totalMs = items.reduce((sum, { ms }) => sum + ms, 0);
        await stage.clock.advance(totalMs + 10);
        let beforeMs = 1000;
        const expected: Array<[number, string]> = [];
        for (const [index, { kind, ms }] of items.entries()) {
          beforeMs += ms;
          if (kind === "text") expected.push([beforeMs, String(index)]);
        }
        expect(stage.below.said).toEqual(expected);
      }),
      { numRuns: 40 },
    );
  });

  it("hold up who pushes more when there are too many of them", async () => {
    await using stage = new Stage({ chunkMs: 20, leadMs: 10_000 });
    await stage.queue(speech(5000));
    let accepted = 0;
    for (let index = 0; index < 500; index += 1) void stage.task.queueFrame(words("x")).then(() => (accepted += 1));
    await settle();
    expect(accepted).toBeLessThan(300);
    await stage.clock.advance(5000);
    expect(stage.below.said.length).toBe(500);
  });

  it("that travel up pass at once", async () => {
    await using stage = new Stage(quick);
    await stage.queue(speech(1000));
    await stage.below.pushFrame(new TextFrame("up"), "upstream");
    await settle();
    expect(stage.above.up.map(([at, what]) => `${at} ${what}`)).toContain("1000 up");
  });
});

describe("the bot's speech", () => {
  it("starts with the first audio and stops when the end has been played, both ways", async () => {
    await using stage = new Stage(quick);
    const told: string[] = [];
    stage.output.on("botStartedSpeaking", () => void told.push(`started ${stage.clock.now()}`));
    stage.output.on("botStoppedSpeaking", () => void told.push(`stopped ${stage.clock.now()}`));
    await stage.clock.advance(100);
    await stage.queue(new TTSStartedFrame("u"), speech(300, "u"), new TTSStoppedFrame("u"));
    await stage.clock.advance(1000);
    const speaking = [
      [1100, "BotStartedSpeaking"],
      [1400, "BotStoppedSpeaking"],
    ];
    expect(stage.below.speaking).toEqual(speaking);
    expect(stage.above.up).toEqual(speaking);
    expect(told).toEqual(["started 1100", "stopped 1400"]);
    expect(stage.clock.pending).toBe(0);
  });

  it("goes on from one utterance to the next when there is no silence between them", async () => {
    await using stage = new Stage(quick);
    for (const id of ["a", "b"]) await stage.queue(new TTSStartedFrame(id), speech(100, id), new TTSStoppedFrame(id));
    await stage.clock.advance(1000);
    expect(stage.below.speaking.map(([at]) => at)).toEqual([1000, 1200]);
    expect(stage.output.sent.map(({ utteranceId }) => utteranceId).join("")).toBe("aaaaabbbbb");
  });

  it("stops after silence if nothing says that it has ended", async () => {
    await using stage = new Stage({ ...quick, silenceMs: 300 });
    await stage.queue(new OutputAudioRawFrame(audio(100)));
    await stage.clock.advance(200);
    await stage.queue(new OutputAudioRawFrame(audio(100)));
    await stage.clock.advance(1000);
    await stage.queue(new OutputAudioRawFrame(audio(100)));
    expect(stage.below.speaking.map(([at]) => at)).toEqual([1000, 1600, 2200]);
  });
});

describe("an underrun", () => {
  const told = (stage: Stage): Underrun[] => {
    const underruns: Underrun[] = [];
    stage.output.on("underrun", (what) => void underruns.push(what));
    return underruns;
  };

  it("is counted when audio comes late in the middle of speech", async () => {
    await using stage = new Stage(quick);
    const underruns = told(stage);
    await stage.queue(new TTSStartedFrame("u"), speech(100, "u"));
    await stage.clock.advance(130);
    await stage.queue(speech(100, "u"), words("late"), new TTSStoppedFrame("u"));
    await stage.clock.advance(1000);
    expect(underruns).toEqual([{ lateMs: 30, cause: "source", utteranceId: "u" }]);
    expect(stage.output.stats).toMatchObject({ underruns: 1, pacingUnderruns: 0, lateMs: 30, playedMs: 200 });
    expect(stage.below.said.find(([, what]) => what === "late")).toEqual([1230, "late"]);
  });

  it("is counted within an utterance even after the bot counts as silent", async () => {
    await using stage = new Stage({ ...quick, silenceMs: 200 });
    await stage.queue(new TTSStartedFrame("u"), speech(100, "u"));
    await stage.clock.advance(1000);
    await stage.queue(speech(100, "u"));
    expect(stage.output.stats).toMatchObject({ underruns: 1, lateMs: 900 });
  });

  it("is none when audio comes within the lead, or after the end of an utterance, or after silence", async () => {
    await using stage = new Stage({ ...quick, silenceMs: 200 });
    const underruns = told(stage);
    await stage.queue(new TTSStartedFrame("u"), speech(100, "u"));
    await stage.clock.advance(99);
    await stage.queue(speech(100, "u"), new TTSStoppedFrame("u"));
    await stage.clock.advance(300);
    await stage.queue(new OutputAudioRawFrame(audio(100)));
    await stage.clock.advance(1000);
    await stage.queue(new OutputAudioRawFrame(audio(100)));
    expect(underruns).toEqual([]);
  });

  it("is the client's when it did not take what was there", async () => {
    await using stage = new Stage(quick);
    const underruns = told(stage);
    await stage.queue(speech(200, "u"));
    const late = Promise.withResolvers<void>();
    stage.output.blocked = late.promise;
    await stage.clock.advance(100);
    stage.output.blocked = undefined;
    late.resolve();
    await settle();
    expect(underruns).toEqual([{ lateMs: 20, cause: "client", utteranceId: "u" }]);
    expect(stage.output.stats).toMatchObject({ underruns: 1, pacingUnderruns: 0 });
  });

  it("is ours when we woke too late for audio that was there", async () => {
    await using stage = new Stage(quick, { wakesLateMs: 100 });
    const underruns = told(stage);
    await stage.queue(speech(100, "u"));
    await stage.clock.advance(500);
    expect(underruns).toEqual([{ lateMs: 40, cause: "pacing", utteranceId: "u" }]);
    expect(stage.output.stats).toMatchObject({ underruns: 1, pacingUnderruns: 1, lateMs: 40 });
  });
});

describe("an interruption", () => {
  it("stops within a chunk, and nothing after audio that was not played comes out", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 650 }), async (atMs) => {
        await using stage = new Stage(quick);
        const parts = Array.from({ length: 6 }, (_, index) => [speech(100, "u"), words(`${index} `)]);
        await stage.queue(new TTSStartedFrame("u"), ...parts.flat(), new TTSStoppedFrame("u"));
        await stage.clock.advance(atMs);
        await stage.task.interrupt();
        await settle();
        const sent = stage.output.sent.length;
        await stage.clock.advance(2000);
        expect(stage.output.sent.length).toBe(sent);
        const heard = stage.below.said.map(([, what]) => what).filter((what) => what.endsWith(" "));
        expect(heard).toEqual(Array.from({ length: Math.floor(Math.min(atMs, 600) / 100) }, (_, index) => `${index} `));
        expect(stage.below.said.some(([, what]) => what === "TTSStopped")).toBe(atMs >= 600);
        expect(stage.output.stats.playedMs).toBe(Math.min(atMs, 600));
        expect(stage.output.clearedAtMs).toEqual([1000 + atMs]);
        expect(stage.below.speaking.map(([at]) => at)).toEqual([1000, 1000 + Math.min(atMs, 600)]);
        expect(stage.clock.pending).toBe(0);
      }),
      { numRuns: 40 },
    );
  });

  it("says what was played and what was not", async () => {
    await using stage = new Stage(quick);
    const told: Interrupted[] = [];
    stage.output.on("interrupted", (what) => void told.push(what));
    await stage.queue(speech(500, "u"));
    await stage.clock.advance(110);
    await stage.task.interrupt();
    await settle();
    await stage.task.interrupt();
    await settle();
    expect(told).toEqual([{ playedMs: 110, droppedMs: 70, utteranceId: "u" }]);
    expect(stage.output.stats).toMatchObject({ sentMs: 180, playedMs: 110, interruptions: 1 });
  });

  it("lets uninterruptible frames come out after it, in order", async () => {
    await using stage = new Stage({ chunkMs: 20, leadMs: 1000 });
    class Kept extends TextFrame {
      override get uninterruptible(): boolean {
        return true;
      }
    }
    await stage.queue(speech(100), words("dropped"), new Kept("one"), words("dropped"), new Kept("two"));
    // This one does not fit within the lead: it waits in the queue in front, and so does what comes after it.
    await stage.queue(speech(5000), new Kept("three"), words("dropped"));
    await stage.task.interrupt();
    await settle();
    expect(stage.below.said).toEqual([
      [1000, "Interruption"],
      [1000, "one"],
      [1000, "two"],
      [1000, "three"],
    ]);
  });

  it("does not touch what is said after it", async () => {
    await using stage = new Stage(quick);
    await stage.queue(speech(500, "old"), words("old"));
    await stage.clock.advance(50);
    await stage.queue(new InterruptionFrame(), new TTSStartedFrame("new"), speech(100, "new"), words("new"));
    await stage.clock.advance(500);
    expect(stage.below.said).toEqual([
      [1050, "Interruption"],
      [1050, "TTSStarted"],
      [1150, "new"],
    ]);
    expect(stage.output.sent.filter(({ utteranceId }) => utteranceId === "new").map(({ atMs }) => atMs)).toEqual([
      1050, 1050, 1050, 1050, 1070,
    ]);
    expect(stage.output.stats).toMatchObject({ underruns: 0, playedMs: 150 });
  });

  it("frees those that wait for room after it", async () => {
    await using stage = new Stage({ chunkMs: 20, leadMs: 10_000 });
    class Kept extends DataFrame {
      override get uninterruptible(): boolean {
        return true;
      }
    }
    await stage.queue(speech(5000), ...Array.from({ length: 64 }, () => words("x")), new Kept());
    await stage.task.interrupt();
    await settle();
    expect(stage.below.said.map(([, what]) => what)).toEqual(["Interruption", "Kept"]);
  });
});

describe("a client that reports what it has played", () => {
  it("decides when frames are passed on and the speech is over", async () => {
    await using stage = new Stage({ ...quick, reportTimeoutMs: 1000 }, { reportsPlayed: true });
    await stage.queue(speech(100), words("one"), speech(100), words("two"), new TTSStoppedFrame());
    await stage.clock.advance(300);
    expect(stage.below.said).toEqual([]);
    stage.output.reportPlayed(99);
    await settle();
    expect(stage.below.said).toEqual([]);
    stage.output.reportPlayed(150);
    await settle();
    expect(stage.below.said).toEqual([[1300, "one"]]);
    expect(stage.output.stats.playedMs).toBe(150);
    await stage.clock.advance(50);
    stage.output.reportPlayed(9999);
    await stage.clock.advance(0);
    expect(stage.below.said.slice(1)).toEqual([
      [1350, "two"],
      [1350, "TTSStopped"],
    ]);
    expect(stage.below.speaking.map(([at]) => at)).toEqual([1000, 1350]);
    expect(stage.output.stats.playedMs).toBe(200);
  });

  it("does not change what is sent when", async () => {
    await using stage = new Stage(quick, { reportsPlayed: true });
    await stage.queue(speech(200));
    await stage.clock.advance(500);
    expect(stage.output.sent.at(-1)).toMatchObject({ atMs: 1120, startsAtMs: 1180 });
  });

  it("is not waited for beyond the limit", async () => {
    await using stage = new Stage({ ...quick, reportTimeoutMs: 1000 }, { reportsPlayed: true });
    await stage.queue(speech(100), words("one"), new TTSStoppedFrame());
    await stage.clock.advance(5000);
    expect(stage.below.said[0]).toEqual([2100, "one"]);
    expect(stage.below.speaking.map(([at]) => at)).toEqual([1000, 2100]);
    expect(stage.clock.pending).toBe(0);
  });

  it("is what an interruption goes by", async () => {
    await using stage = new Stage(quick, { reportsPlayed: true });
    await stage.queue(speech(100), words("one "), speech(100), words("two"));
    await stage.clock.advance(190);
    stage.output.reportPlayed(120);
    await stage.task.interrupt();
    await stage.clock.advance(5000);
    expect(stage.below.said.map(([, what]) => what)).toEqual(["one ", "Interruption"]);
    expect(stage.output.stats.playedMs).toBe(120);
  });
});

describe("the end", () => {
  it("waits until everything has been played", async () => {
    const stage = new Stage(quick);
    await stage.queue(speech(500), words("last"), new EndFrame());
    await stage.clock.advance(499);
    expect(stage.output.stopped).toEqual([]);
    await stage.clock.advance(1);
    await stage.ran;
    expect(stage.below.said).toEqual([
      [1500, "last"],
      [1500, "End"],
    ]);
    expect(stage.below.speaking.at(-1)).toEqual([1500, "BotStoppedSpeaking"]);
    expect(stage.output.stopped).toEqual(["ended"]);
    expect(stage.clock.pending).toBe(0);
    stage.output.reportPlayed(500);
    await settle();
    expect(stage.clock.pending).toBe(0);
  });

  it("comes at once when an interruption takes away what it waits for", async () => {
    const stage = new Stage(quick);
    await stage.queue(speech(5000), words("never"), new EndFrame());
    await stage.clock.advance(100);
    await stage.task.interrupt();
    await stage.ran;
    expect(stage.below.said.map(([, what]) => what)).toEqual(["Interruption", "End"]);
    expect(stage.clock.pending).toBe(0);
  });

  it("does not wait when it is cancelled", async () => {
    const stage = new Stage(quick);
    await stage.queue(speech(5000), words("never"), new EndFrame());
    await stage.clock.advance(100);
    await stage.task.cancel();
    await stage.ran;
    expect(stage.output.stopped).toEqual(["cancelled"]);
    expect(stage.below.said.map(([, what]) => what)).toEqual(["Cancel"]);
    expect(stage.clock.pending).toBe(0);
  });
});
