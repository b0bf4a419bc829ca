import {
  EnergyVADAnalyzer,
  type VADAnalyzer,
  VADProcessor,
  type VADProcessorOptions,
  WebRTCVADAnalyzer,
} from "@turnwire/voice";
import { afterEach, describe, expect, it, vi } from "vitest";
import {
  resample,
  type PcmAudio,
  InputAudioRawFrame,
  VADUserStartedSpeakingFrame,
  VADUserStoppedSpeakingFrame,
} from "turnwire/internal";
import { settle } from "@turnwire/test-kit";
import { inputFrames, noise, run, type Running, twoSentences } from "./support.ts";

/** Says what the test says, of windows of 20 ms. */
class Scripted implements VADAnalyzer {
  readonly sampleRate = 16_000;
  readonly windowSamples = 320;
  readonly answer: (window: number) => number | Promise<number>;
  windows = 0;
  resets = 0;
  closes = 0;

  constructor(answer: (window: number) => number | Promise<number>) {
    this.answer = answer;
  }
  analyze(): number | Promise<number> {
    return this.answer(this.windows++);
  }
  reset(): void {
    this.resets += 1;
  }
  close(): void {
    this.closes += 1;
  }
}

const runVad = (analyzer: VADAnalyzer, options: Partial<VADProcessorOptions> = {}): Promise<Running> =>
  run((ports) => [new VADProcessor({ analyzer, ...ports, ...options })]);

/** Loud enough for any analyzer that goes by its script. */
const loud = (ms: number): InputAudioRawFrame[] => inputFrames(noise(ms, 3000));

/** After how many ms of audio the voice started and stopped, and for how long it had when that was said. */
function edges({ sink }: Running, chunkMs = 20): Array<[what: string, atMs: number, forMs: number | undefined]> {
  let atMs = 0;
  const found: Array<[string, number, number | undefined]> = [];
  for (const frame of sink.taken) {
    if (frame instanceof InputAudioRawFrame) atMs += chunkMs;
    else if (frame instanceof VADUserStartedSpeakingFrame) found.push(["started", atMs, frame.startMs]);
    else if (frame instanceof VADUserStoppedSpeakingFrame) found.push(["stopped", atMs, frame.stopMs]);
  }
  return found;
}

describe("a voice", () => {
  it("starts after 200 ms of it and stops after 200 ms without", async () => {
    await using running = await runVad(new Scripted((window) => (window >= 10 && window < 30 ? 0.9 : 0.1)));
    await running.down(...loud(1000));
    expect(edges(running)).toEqual([
      ["started", 400, 200],
      ["stopped", 800, 200],
    ]);
  });

  it.each([
    ["is not heard in 180 ms", (window: number) => window < 9, []],
    ["begins again after a gap", (window: number) => window < 9 || (window > 9 && window < 12), []],
    ["goes on over 180 ms without", (window: number) => window < 10 || window >= 19, [["started", 200, 200]]],
  ])("%s", async (_what, voiced, expected) => {
    await using running = await runVad(new Scripted((window) => (voiced(window) ? 1 : 0)));
    await running.down(...loud(600));
    expect(edges(running)).toEqual(expected);
  });

  it("has to be as sure and as loud as is asked for", async () => {
    await using unsure = await runVad(new Scripted(() => 0.8), { confidence: 0.81 });
    await unsure.down(...loud(400));
    expect(edges(unsure)).toEqual([]);
    await using soft = await runVad(new Scripted(() => 0.8), { minVolume: 0.2 });
    await soft.down(...loud(400));
    expect(edges(soft)).toEqual([]);
  });

  it("is timed in audio, whatever the size of its pieces and however fast they come", async () => {
    await using running = await runVad(new Scripted((window) => (window >= 10 && window < 30 ? 1 : 0)));
    const frames = inputFrames(noise(1000, 3000), 7);
    await Promise.all(frames.map((frame) => running.task.queueFrame(frame)));
    await settle();
    expect(edges(running, 7)).toEqual([
      ["started", 406, 200],
      ["stopped", 805, 200],
    ]);
  });

  it("has stopped when no audio comes any more", async () => {
    await using running = await runVad(new Scripted((window) => (window < 10 ? 1 : 0)), { audioTimeoutMs: 500 });
    await running.down(...loud(240));
    await running.clock.advance(499);
    expect(edges(running).map(([what]) => what)).toEqual(["started"]);
    await running.clock.advance(1);
    expect(edges(running)).toEqual([
      ["started", 200, 200],
      ["stopped", 240, 540],
    ]);
    expect(running.clock.pending).toBe(0);
  });
});

describe("audio", () => {
  it("is passed on before the analyzer has answered, and what it finds follows in order", async () => {
    const answers: Array<(confidence: number) => void> = [];
    const analyzer = new Scripted(() => new Promise((resolve) => answers.push(resolve)));
    await using running = await runVad(analyzer);
    await running.down(...loud(400));
    expect(running.sink.taken.filter((frame) => frame instanceof InputAudioRawFrame)).toHaveLength(20);
    expect(analyzer.windows).toBe(1);
    for (let window = 0; window < 20; window += 1) {
      answers[window]!(1);
      await settle();
    }
    expect(edges(running)).toEqual([["started", 400, 200]]);
  });

  it("that waits for a slow analyzer is bounded, which is reported once", async () => {
    const go = Promise.withResolvers<number>();
    const analyzer = new Scripted((window) => (window === 0 ? go.promise : 0));
    await using running = await runVad(analyzer);
    await running.down(...loud(3000));
    go.resolve(0);
    await settle();
    expect(analyzer.windows).toBe(101);
    expect(running.logger.warned).toEqual([
      expect.stringMatching(/^the analyzer of VADProcessor#\d+ is slower than the audio; some audio is skipped$/),
    ]);
  });
});

describe("an analyzer", () => {
  it.each([
    [
      "throws",
      () => {
        throw new Error("broken");
      },
    ],
    ["rejects", () => Promise.reject(new Error("broken"))],
  ] as const)("that %s is reported once until it works again, and ends the voice", async (_how, fail) => {
    await using running = await runVad(new Scripted((window) => (window < 10 || window === 30 ? 1 : fail())));
    await running.down(...loud(800));
    expect(edges(running).map(([what]) => what)).toEqual(["started", "stopped"]);
    expect(running.errors.map(({ message }) => message.replace(/#\d+/, ""))).toEqual([
      "the analyzer of VADProcessor failed",
      "the analyzer of VADProcessor failed",
    ]);
  });

  it.each(["end", "cancel"] as const)("is closed at the %s, and no timer is left", async (how) => {
    const analyzer = new Scripted(() => 1);
    await using running = await runVad(analyzer);
    await running.down(...loud(400));
    expect(running.clock.pending).toBe(1);
    await (how === "end" ? running.end() : running.task.cancel());
    expect(analyzer.closes).toBe(1);
    expect(running.clock.pending).toBe(0);
  });
});

describe.each([
  // It goes on hearing a voice for a while.
  ["WebRTC", () => WebRTCVADAnalyzer.create(), 160],
  ["WebRTC at 8 kHz", () => WebRTCVADAnalyzer.create({ sampleRate: 8000 }), 160],
  ["energy", () => Promise.resolve(new EnergyVADAnalyzer()), 100],
])("%s", (_name, make, holdsMs) => {
  const voices = [600, 1505, 2305, 3085];

  it.each([
    ["16 kHz", () => twoSentences()],
    ["48 kHz, two channels", () => stereo(resample(twoSentences(), 48_000))],
  ])("finds real speech at %s where it is", async (_format, audio) => {
    await using running = await runVad(await make());
    await running.down(...inputFrames(audio()));
    const found = edges(running);
    expect(found.map(([what]) => what)).toEqual(["started", "stopped", "started", "stopped"]);
    for (const [index, [what, atMs, forMs]] of found.entries()) {
      const offMs = atMs - forMs! - voices[index]!;
      expect(offMs).toBeGreaterThanOrEqual(-40);
      expect(offMs).toBeLessThanOrEqual(what === "started" ? 40 : holdsMs);
    }
  });

  it.each([
    ["silence", 0],
    ["faint noise", 50],
    ["noise", 1000],
  ])("finds no voice in %s", async (_what, amplitude) => {
    await using running = await runVad(await make());
    await running.down(...inputFrames(noise(3000, amplitude)));
    expect(edges(running)).toEqual([]);
  });
});

describe("the energy analyzer", () => {
  it("gets used to noise, and hears speech in it", async () => {
    await using running = await runVad(new EnergyVADAnalyzer());
    const speech = twoSentences();
    await running.down(...inputFrames(noise(1000, 200)), ...inputFrames(mixed(speech, noise(3785, 200))));
    expect(edges(running).map(([what]) => what)).toEqual(["started", "stopped", "started", "stopped"]);
  });
});

describe("the WebRTC analyzer", () => {
  afterEach(() => {
    vi.doUnmock("@ozymandiasthegreat/vad");
    vi.resetModules();
  });

  it("can be used again after a reset", async () => {
    const analyzer = await WebRTCVADAnalyzer.create();
    const heard = (): number[] =>
      inputFrames(twoSentences())
        .slice(0, 60)
        .map((frame) => analyzer.analyze(frame));
    const first = heard();
    analyzer.reset();
    expect(heard()).toEqual(first);
    expect(first).toContain(1);
    analyzer.close();
  });

  it("says which package is missing", async () => {
    vi.doMock("@ozymandiasthegreat/vad", () => {
      throw new Error("Cannot find package");
    });
    vi.resetModules();
    const fresh = await import("../../src/turns/index.ts");
    await expect(fresh.WebRTCVADAnalyzer.create()).rejects.toMatchObject({
      code: "missing_package",
      message:
        "WebRTCVADAnalyzer needs the package @ozymandiasthegreat/vad; install it: npm install @ozymandiasthegreat/vad",
    });
  });
});

function stereo({ audio, sampleRate }: PcmAudio): PcmAudio {
  const mono = new Int16Array(audio.slice().buffer);
  const both = new Int16Array(mono.length * 2);
  for (const [at, sample] of mono.entries()) both.fill(sample, at * 2, at * 2 + 2);
  return { audio: new Uint8Array(both.buffer), sampleRate, channels: 2 };
}

function mixed(one: PcmAudio, other: PcmAudio): PcmAudio {
  const [a, b] = [new Int16Array(one.audio.slice().buffer), new Int16Array(other.audio.slice().buffer)];
  const sum = a.map((sample, at) => sample + (b[at] ?? 0));
  return { ...one, audio: new Uint8Array(sum.buffer) };
}
