import fc from "fast-check";
import {
  type Frame,
  type FrameDirection,
  FrameProcessor,
  LLMContext,
  LLMContextAggregatorPair,
  LLMContextFrame,
  PipelineTask,
  TranscriptionFrame,
} from "turnwire";
import { expect, it } from "vitest";
import { delay, TTSAudioRawFrame, UserStartedSpeakingFrame, UserStoppedSpeakingFrame } from "turnwire/internal";
import { gist, until, VirtualClock } from "@turnwire/test-kit";
import { answer, FakeTTS, heard, speak } from "./tts-support.ts";

/** Says its lines in order, one per question. */
class LineLLM extends FrameProcessor {
  readonly #lines: string[];

  constructor(...lines: string[]) {
    super();
    this.#lines = lines;
  }

  protected override async processFrame(frame: Frame, direction: FrameDirection, signal: AbortSignal): Promise<void> {
    if (!(frame instanceof LLMContextFrame)) return this.pushFrame(frame, direction);
    for (const one of answer(...(this.#lines.shift() ?? "").split(/(?<= )/))) {
      await this.pushFrame(one, "downstream", signal);
    }
  }
}

/** Plays audio at its own pace, and lets everything else through in order: what gets after it has been heard. */
class PlayingOutput extends FrameProcessor {
  readonly played: TTSAudioRawFrame[] = [];
  readonly #clock: VirtualClock;

  constructor(clock: VirtualClock) {
    super();
    this.#clock = clock;
  }

  protected override async processFrame(frame: Frame, direction: FrameDirection, signal: AbortSignal): Promise<void> {
    if (!(frame instanceof TTSAudioRawFrame)) return this.pushFrame(frame, direction);
    await delay((frame.audio.length / 2 / frame.sampleRate) * 1000, { signal, clock: this.#clock });
    this.played.push(frame);
  }
}

it("an interruption keeps exactly the words whose audio was played", async () => {
  const line = fc
    .array(fc.constantFrom("one", "three", "a", "seventeen", "stop.", "No!"), { minLength: 1, maxLength: 10 })
    .map((list) => list.join(" "));
  await fc.assert(
    fc.asyncProperty(line, fc.nat({ max: 700 }), async (said, afterMs) => {
      const clock = new VirtualClock();
      const tts = new FakeTTS({ exact: true, environment: { clock } });
      let unspoken = "";
      tts.onSay = (text) => void (unspoken += text);
      tts.onFinish = (part) => {
        const text = unspoken;
        unspoken = "";
        const times = [...text.matchAll(/\S+/g)].map((word) => [word[0], (word.index + word[0].length) * 10] as const);
        tts.timestamps(part, times);
        void tts.audio(part, speak(text)).then(() => tts.ended(part));
      };
      const context = new LLMContext();
      const pair = new LLMContextAggregatorPair(context);
      const output = new PlayingOutput(clock);
      const llm = new LineLLM(said, "Yes?");
      await using task = new PipelineTask([pair.user, llm, tts, output, pair.assistant], { environment: { clock } });
      void task.run();
      await task.queueFrame(new TranscriptionFrame("Count."));
      await until(() => tts.asked.some((asked) => asked.startsWith("finish")));
      await clock.advance(afterMs);
      const played = heard(output.played);
      await task.queueFrame(new UserStartedSpeakingFrame());
      await task.queueFrame(new TranscriptionFrame("Wait."));
      await task.queueFrame(new UserStoppedSpeakingFrame());
      await until(() => tts.asked.some((asked) => asked.includes("Yes?")));
      await clock.advance(1000);
      await until(() => gist(context).length >= (played === "" ? 3 : 4));
      const kept = played.trimEnd();
      // Audio is cut at the ends of words, so that what was played are whole words.
      expect(`${said} `.startsWith(`${kept} `) || kept === "").toBe(true);
      expect(gist(context)).toEqual([
        "user: Count.",
        ...(kept === "" ? [] : [`assistant: ${kept}`]),
        "user: Wait.",
        "assistant: Yes?",
      ]);
      expect(heard(output.played)).toBe(`${played}Yes?`);
    }),
    { numRuns: Number(process.env["TURNWIRE_RUNS"] ?? 60) },
  );
});
