import { setImmediate } from "node:timers/promises";
import fc from "fast-check";
import {
  type Frame,
  type FrameDirection,
  FrameProcessor,
  InterruptionFrame,
  LLMContext,
  LLMContextAggregatorPair,
  LLMContextFrame,
  LLMFullResponseEndFrame,
  LLMFullResponseStartFrame,
  LLMTextFrame,
  PipelineTask,
  SystemFrame,
  TextFrame,
  TranscriptionFrame,
} from "turnwire";
import { InputAudioRawFrame, UserStartedSpeakingFrame, UserStoppedSpeakingFrame } from "turnwire/internal";
import { EndpointingStopStrategy, UserTurnProcessor } from "@turnwire/voice";
import { describe, expect, it } from "vitest";
import { gist, RecordingLogger } from "@turnwire/test-kit";

const audio = { audio: new Uint8Array(640), sampleRate: 16_000, channels: 1 };

async function turnsOfLoop(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await setImmediate();
}

/** Passes everything on, each frame after as many turns of the event loop as its delays say, in rotation. */
class Slow extends FrameProcessor {
  readonly #delays: readonly number[];
  #count = 0;

  constructor(delays: readonly number[], capacity: number) {
    super({ capacity });
    this.#delays = delays;
  }

  protected override async processFrame(frame: Frame, direction: FrameDirection): Promise<void> {
    // Audio is many: it is only to be in the way.
    const delay = this.#delays[this.#count++ % this.#delays.length] ?? 0;
    if (!(frame instanceof InputAudioRawFrame)) await turnsOfLoop(delay);
    else if (delay > 0) await Promise.resolve();
    await this.pushFrame(frame, direction);
  }
}

/** Answers every context with the number of the messages in it, after a while. */
class Model extends FrameProcessor {
  asked = 0;
  readonly #thinks: number;

  constructor(thinks: number, capacity: number) {
    super({ capacity });
    this.#thinks = thinks;
  }

  protected override async processFrame(frame: Frame, direction: FrameDirection, signal: AbortSignal): Promise<void> {
    if (!(frame instanceof LLMContextFrame)) return this.pushFrame(frame, direction);
    this.asked += 1;
    const text = `answer to ${frame.context.messages.length}`;
    await this.pushFrame(new LLMFullResponseStartFrame(), "downstream");
    await turnsOfLoop(this.#thinks);
    await this.pushFrame(new LLMTextFrame(text), "downstream", signal);
    await this.pushFrame(new LLMFullResponseEndFrame({ interrupted: signal.aborted }), "downstream");
  }
}

const texts = (context: LLMContext, role: string): string =>
  gist(context)
    .filter((line) => line.startsWith(`${role}: `))
    .map((line) => line.slice(role.length + 2))
    .join(" ");

async function converse(
  frames: readonly Frame[],
  make: { between: FrameProcessor[]; model: Model; said: string; withTurns: boolean; paces: readonly number[] },
): Promise<LLMContext> {
  const context = new LLMContext();
  const { user, assistant } = new LLMContextAggregatorPair(context);
  const turns = new UserTurnProcessor({ stop: [new EndpointingStopStrategy()], turnTimeoutMs: 60_000 });
  const logger = new RecordingLogger();
  const first = make.withTurns ? [turns] : [];
  await using task = new PipelineTask([...first, ...make.between, user, make.model, assistant], { logger });
  const ended = task.run();
  for (const [index, frame] of frames.entries()) {
    void task.queueFrame(new InputAudioRawFrame(audio));
    void task.queueFrame(frame);
    void task.queueFrame(new InputAudioRawFrame(audio));
    await turnsOfLoop(make.paces[index % make.paces.length] ?? 0);
  }
  const answered = (): boolean =>
    texts(context, "user") === make.said && gist(context).at(-1)?.startsWith("assistant: ") === true;
  for (let turn = 0; turn < 500 && !answered(); turn += 1) await setImmediate();
  // Nothing comes after it.
  await turnsOfLoop(20);
  await task.stopWhenDone();
  await ended;
  expect(logger.warnings).toEqual([]);
  return context;
}

/** No turn is cut in two. */
function expectWholeTurns(context: LLMContext, turns: readonly string[][]): void {
  const ends = new Set(turns.map((turn) => turn.at(-1)));
  const asked = gist(context).filter((line) => line.startsWith("user: "));
  for (const line of asked) expect(ends).toContain(line.split(" ").at(-1));
}

const load = fc.record({
  turns: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 }),
  delays: fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 9 }),
  paces: fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 1, maxLength: 5 }),
  capacity: fc.integer({ min: 1, max: 4 }),
  thinks: fc.integer({ min: 0, max: 6 }),
  hops: fc.integer({ min: 0, max: 2 }),
});

describe("a whole pipeline under load", () => {
  it("asks with all words of a turn at once, and answers the last", async () => {
    await fc.assert(
      fc.asyncProperty(load, async ({ turns, delays, paces, capacity, thinks, hops }) => {
        const words = turns.map((count, turn) => Array.from({ length: count }, (_, word) => `${turn}.${word}`));
        const frames = words.flatMap((turn) =>
          turn.map((word, index) => new TranscriptionFrame(word, { endOfSpeech: index === turn.length - 1 })),
        );
        const between = Array.from({ length: hops }, (_, hop) => new Slow(delays.slice(hop), capacity));
        const model = new Model(thinks, capacity);
        const said = words.flat().join(" ");
        const context = await converse(frames, { between, model, said, withTurns: true, paces });

        expect(texts(context, "user")).toBe(said);
        expect(model.asked).toBeLessThanOrEqual(turns.length);
        expectWholeTurns(context, words);
        expect(gist(context).at(-1)).toBe(`assistant: answer to ${context.messages.length - 1}`);
      }),
      { numRuns: 150 },
    );
  });

  it("keeps to it without turn-taking, with the speaking frames right around the words", async () => {
    await fc.assert(
      fc.asyncProperty(load, async ({ turns, paces, capacity, thinks }) => {
        const words = turns.map((count, turn) => Array.from({ length: count }, (_, word) => `${turn}.${word}`));
        const frames = words.flatMap((turn) => [
          new UserStartedSpeakingFrame(),
          ...turn.map((word) => new TranscriptionFrame(word)),
          new UserStoppedSpeakingFrame(),
        ]);
        const model = new Model(thinks, capacity);
        const said = words.flat().join(" ");
        const context = await converse(frames, { between: [], model, said, withTurns: false, paces });
        expect(texts(context, "user")).toBe(said);
        expectWholeTurns(context, words);
        expect(gist(context).at(-1)).toBe(`assistant: answer to ${context.messages.length - 1}`);
      }),
      { numRuns: 60 },
    );
  });

  it("does not lose the answer to a start that is slower than the words", async () => {
    // The frames that overtake are late here: the words are all there before anybody has said that the user speaks.
    class LateSystem extends FrameProcessor {
      protected override async processFrame(frame: Frame, direction: FrameDirection): Promise<void> {
        if (frame instanceof SystemFrame && !(frame instanceof InterruptionFrame)) await turnsOfLoop(5);
        await this.pushFrame(frame, direction);
      }
    }
    const model = new Model(20, 4);
    const frames = [new TranscriptionFrame("a"), new TranscriptionFrame("b", { endOfSpeech: true })];
    const between = [new LateSystem()];
    const context = await converse(frames, { between, model, said: "a b", withTurns: true, paces: [20] });
    expect(gist(context)).toEqual(["user: a b", "assistant: answer to 1"]);
    expect(model.asked).toBe(1);
  });

  it("has asked before it is interrupted by a turn that begins in that very moment", async () => {
    const seen: string[] = [];
    class Eager extends FrameProcessor {
      protected override async processFrame(frame: Frame, direction: FrameDirection): Promise<void> {
        const interrupted = direction === "upstream" && frame instanceof InterruptionFrame;
        await this.pushFrame(frame, direction);
        if (interrupted && !seen.includes("UserStartedSpeakingFrame"))
          await this.pushFrame(new UserStartedSpeakingFrame());
      }
    }
    class Seen extends FrameProcessor {
      override queueFrame(frame: Frame, direction?: FrameDirection, signal?: AbortSignal): Promise<void> {
        if (direction === "downstream") seen.push(frame.constructor.name);
        return super.queueFrame(frame, direction, signal);
      }
      protected override async processFrame(frame: Frame, direction: FrameDirection): Promise<void> {
        await this.pushFrame(frame, direction);
      }
    }
    const { user, assistant } = new LLMContextAggregatorPair(new LLMContext());
    await using task = new PipelineTask([new Eager(), user, new Seen(), assistant], { logger: new RecordingLogger() });
    void task.run();
    await task.queueFrame(new TranscriptionFrame("typed"));
    await turnsOfLoop(3);
    expect(seen).toContain("LLMContextFrame");
    expect(seen.lastIndexOf("InterruptionFrame")).toBeGreaterThan(seen.indexOf("LLMContextFrame"));
  });

  it("asks once when the end of speech overtakes words that wait in the aggregator", async () => {
    const go = Promise.withResolvers<void>();
    class Blocked extends FrameProcessor {
      protected override async processFrame(frame: Frame, direction: FrameDirection): Promise<void> {
        if (frame instanceof TextFrame) await go.promise;
        await this.pushFrame(frame, direction);
      }
    }
    const context = new LLMContext();
    const { user, assistant } = new LLMContextAggregatorPair(context);
    const model = new Model(0, 1);
    const pipeline = [user, new Blocked({ capacity: 1 }), model, assistant];
    await using task = new PipelineTask(pipeline, { logger: new RecordingLogger() });
    void task.run();
    await turnsOfLoop(1);
    for (let count = 0; count < 3; count += 1) void task.queueFrame(new Unstoppable("in the way"));
    void task.queueFrame(new UserStartedSpeakingFrame());
    for (const word of ["a", "b"]) void task.queueFrame(new TranscriptionFrame(word));
    void task.queueFrame(new UserStoppedSpeakingFrame());
    await turnsOfLoop(3);
    expect(model.asked).toBe(0);
    go.resolve();
    await turnsOfLoop(10);
    expect(gist(context)).toEqual(["user: a b", "assistant: answer to 1"]);
  });
});

class Unstoppable extends TextFrame {
  override get uninterruptible(): boolean {
    return true;
  }
}
