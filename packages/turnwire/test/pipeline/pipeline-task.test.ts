import { getEventListeners } from "node:events";
import { describe, expect, test, vi } from "vitest";
import { InvalidArgumentError, PipelineError, TurnwireError } from "../../src/errors.ts";
import {
  CancelFrame,
  EndFrame,
  type Frame,
  InterruptionFrame,
  StartFrame,
  SystemFrame,
} from "../../src/frames/index.ts";
import {
  type FrameProcessor,
  Pipeline,
  PipelineTask,
  type PipelineTaskOptions,
  type PipelineTaskOutcome,
} from "../../src/pipeline/index.ts";
import {
  Data,
  isSettled,
  Kept,
  RecordingLogger,
  Scripted,
  settle,
  show,
  System,
  VirtualClock,
} from "@turnwire/test-kit";
import { Gate, gated, RecordingObserver } from "./helpers.ts";

interface Watched {
  task: PipelineTask;
  down: string[];
  up: string[];
  outcomes: PipelineTaskOutcome[];
  clock: VirtualClock;
  logger: RecordingLogger;
}

function watched(pipeline: FrameProcessor | readonly FrameProcessor[], options: PipelineTaskOptions = {}): Watched {
  const clock = new VirtualClock();
  const logger = new RecordingLogger();
  const task = new PipelineTask(pipeline, { environment: { clock }, logger, ...options });
  const down: string[] = [];
  const up: string[] = [];
  const outcomes: PipelineTaskOutcome[] = [];
  task.on("frameReachedDownstream", (frame) => void down.push(show(frame)));
  task.on("frameReachedUpstream", (frame) => void up.push(show(frame)));
  task.on("finished", (outcome) => void outcomes.push(outcome));
  return { task, down, up, outcomes, clock, logger };
}

/** Passes on all frames except those of the given class, which `handle` handles. */
function except(
  type: new (...args: never[]) => Frame,
  handle: (self: Scripted, frame: Frame) => unknown,
  name = "Special",
) {
  return new Scripted(
    async (frame, direction, _signal, self) => {
      if (frame instanceof type) await handle(self, frame);
      else await self.pushFrame(frame, direction);
    },
    { name },
  );
}

const forever = (): Promise<never> => new Promise<never>(() => undefined);

describe("a run", () => {
  test("sends the StartFrame first, then what was queued, and ends with the EndFrame", async () => {
    const { task, down, outcomes, clock } = watched([new Scripted(), new Pipeline([new Scripted()])]);
    await task.queueFrames([new Data("a"), new System("s"), new Data("b")]);
    await task.queueFrame(new Data("c"));
    await task.stopWhenDone();
    await task.run();
    expect(down.toSorted()).toEqual(["EndFrame", "StartFrame", "a", "b", "c", "s"]);
    expect(down.filter((label) => label !== "s")).toEqual(["StartFrame", "a", "b", "c", "EndFrame"]);
    expect(outcomes).toEqual([{ kind: "ended" }]);
    expect(clock.pending).toBe(0);
  });

  test("before run() no call waits for room, however many frames are queued", async () => {
    const { task, down } = watched([new Scripted(undefined, { capacity: 1 })]);
    const labels = Array.from({ length: 200 }, (_, index) => String(index));
    for (const label of labels) await task.queueFrame(new Data(label));
    await task.stopWhenDone();
    await task.run();
    expect(down).toEqual(["StartFrame", ...labels, "EndFrame"]);
  });

  test("frames wait until the StartFrame has passed through the whole pipeline", async () => {
    const gate = new Gate();
    const slow = except(StartFrame, async (self, frame) => {
      await gate.hold(frame);
      await self.pushFrame(frame);
    });
    const first = new Scripted();
    const { task, down } = watched([first, slow]);
    await task.queueFrame(new Data("before run"));
    const run = task.run();
    await task.queueFrame(new Data("during start"));
    expect(first.seen).toEqual(["StartFrame"]);
    await gate.open("StartFrame");
    await task.stopWhenDone();
    await run;
    expect(down).toEqual(["StartFrame", "before run", "during start", "EndFrame"]);
  });

  test("frames that a listener queues while the waiting frames enter come after them", async () => {
    const { task, down } = watched([new Scripted()]);
    task.on("frameReachedDownstream", (frame) => {
      if (frame instanceof StartFrame) return task.queueFrame(new Data("answer to start"));
      return frame instanceof System ? task.queueFrame(new Data("answer to s")) : undefined;
    });
    void task.queueFrames([new System("s"), new Data("a"), new Data("b")]);
    const run = task.run();
    await settle();
    void task.stopWhenDone();
    await run;
    expect(down.filter((label) => label !== "s")).toEqual([
      "StartFrame",
      "a",
      "b",
      "answer to start",
      "answer to s",
      "EndFrame",
    ]);
  });

  test("an interruption that reaches the task before that drops the waiting frames, except uninterruptible ones", async () => {
    const gate = new Gate();
    const slow = except(StartFrame, async (self, frame) => {
      await gate.hold(frame);
      await self.pushFrame(frame);
    });
    const { task, down } = watched([slow]);
    void task.queueFrames([new Data("a"), new Kept("k"), new System("s")]);
    const run = task.run();
    await slow.broadcastInterruption();
    void task.stopWhenDone();
    await gate.open("StartFrame");
    await run;
    expect(down).toEqual(["InterruptionFrame", "StartFrame", "s", "k", "EndFrame"]);
  });

  test("queueFrame waits for room in the first processor", async () => {
    const gate = new Gate();
    const { task } = watched([gated(gate, { capacity: 1 })]);
    void task.run();
    await settle();
    await task.queueFrames([new Data("in work"), new Data("queued")]);
    const waiting = task.queueFrames([new Data("w1"), new Data("w2")]);
    expect(await isSettled(waiting)).toBe(false);
    await gate.open("in work");
    expect(await isSettled(waiting)).toBe(false);
    await gate.open("queued");
    expect(await isSettled(waiting)).toBe(true);
    for (const label of ["w1", "w2"]) await gate.open(label);
    await task.cancel();
  });

  test("resolves after all processors have handled the EndFrame", async () => {
    const gate = new Gate();
    const closing = except(EndFrame, async (self, frame) => {
      await self.pushFrame(frame);
      await gate.hold(frame);
    });
    const { task, down } = watched([closing, new Scripted()]);
    void task.stopWhenDone();
    const run = task.run();
    expect(await isSettled(run)).toBe(false);
    expect(down).toContain("EndFrame");
    await task.queueFrame(new System("too late"));
    await gate.open("EndFrame");
    await run;
    expect(closing.seen).toEqual(["StartFrame", "EndFrame"]);
  });

  test("after it, processors accept no frames, and unfinished work is aborted", async () => {
    const signals: AbortSignal[] = [];
    const leaving = new Scripted(async (frame, direction, signal, self) => {
      signals.push(signal);
      if (frame instanceof System) await forever();
      await self.pushFrame(frame, direction);
    });
    const { task, clock } = watched([leaving]);
    void task.queueFrame(new System("hangs"));
    void task.stopWhenDone();
    const run = task.run();
    await settle();
    await clock.advance(2000);
    await run;
    expect(signals.map(({ aborted }) => aborted)).toEqual([false, true, false, false]);
    await leaving.queueFrame(new System("from its own background"));
    expect(leaving.seen).toEqual(["StartFrame", "hangs", "EndFrame", "CancelFrame"]);

    const ended = new Scripted();
    const other = watched([ended]);
    void other.task.stopWhenDone();
    await other.task.run();
    await ended.queueFrame(new System("from its own background"));
    expect(ended.seen).toEqual(["StartFrame", "EndFrame"]);
  });

  test("names a processor that does not finish its EndFrame, and ends without it", async () => {
    const closing = except(
      EndFrame,
      async (self, frame) => {
        await self.pushFrame(frame);
        await forever();
      },
      "Closer",
    );
    const { task, clock, logger, outcomes } = watched([new Scripted(), closing]);
    void task.stopWhenDone();
    const run = task.run();
    expect(await isSettled(run)).toBe(false);
    await clock.advance(2000);
    await run;
    expect(logger.warned).toEqual([
      "Closer did not stop within 2000 ms of the pipeline's end; the task ended without it",
    ]);
    expect(outcomes).toEqual([{ kind: "ended" }]);
  });

  test("rejects a second run()", async () => {
    const { task } = watched([new Scripted()]);
    void task.stopWhenDone();
    await task.run();
    await expect(task.run()).rejects.toThrow(PipelineError);
    await expect(task.run()).rejects.toThrow("run() was called before: a task runs once; make a new PipelineTask");
  });

  test("the warning about a processor that throws names the reason", async () => {
    const { task, logger } = watched([
      new Scripted((frame, direction, _signal, self) => {
        if (frame instanceof Data) throw new RangeError("too long");
        return self.pushFrame(frame, direction);
      }),
    ]);
    await task.queueFrame(new Data("a"));
    void task.stopWhenDone();
    await task.run();
    expect(logger.warnings).toMatchObject([{ details: { code: "pipeline_failed", cause: "too long" } }]);
  });

  test("frames queued after the end are dropped, with one warning about those that somebody may miss", async () => {
    const processor = new Scripted();
    const { task, logger } = watched([processor]);
    void task.stopWhenDone();
    await task.run();
    await task.interrupt();
    await task.stopWhenDone();
    expect(logger.warned).toEqual([]);
    await task.queueFrames([new Data("a"), new System("s"), new Data("b")]);
    expect(logger.warned).toEqual(["a frame was dropped, since the task has ended"]);
    expect(processor.seen).toEqual(["StartFrame", "EndFrame"]);
  });

  test("interrupt() sends an InterruptionFrame through", async () => {
    const gate = new Gate();
    const { task, down } = watched([gated(gate)]);
    const run = task.run();
    await settle();
    await task.queueFrames([new Data("a"), new Data("b")]);
    await task.interrupt();
    void task.stopWhenDone();
    await gate.open("a");
    await gate.open("EndFrame");
    await run;
    expect(down).toEqual(["StartFrame", "InterruptionFrame", "EndFrame"]);
  });

  test("a processor ends the task with an EndFrame upstream, after the queued frames", async () => {
    const hangUp = except(System, (self) => self.pushFrame(new EndFrame(), "upstream"));
    const { task, down, outcomes } = watched([new Scripted(), hangUp]);
    void task.queueFrames([new Data("a"), new System("hang up"), new Data("b")]);
    await task.run();
    expect(down).toEqual(["StartFrame", "a", "b", "EndFrame"]);
    expect(outcomes).toEqual([{ kind: "ended" }]);
  });
});

describe("cancel", () => {
  test("passes through the whole pipeline and stops every processor", async () => {
    const gate = new Gate();
    const { task, down, outcomes, clock, logger } = watched([
      new Scripted(async (frame, direction, signal, self) => {
        if (!(frame instanceof SystemFrame)) {
          await new Promise((_resolve, reject) =>
            signal.addEventListener("abort", () => reject(signal.reason as Error)),
          );
        }
        await self.pushFrame(frame, direction);
      }),
      gated(gate),
    ]);
    const run = task.run();
    await settle();
    await task.queueFrame(new Data("a"));
    await task.cancel("enough");
    await run;
    expect(down).toEqual(["StartFrame", "CancelFrame"]);
    expect(outcomes).toEqual([{ kind: "cancelled", reason: "enough" }]);
    expect(logger.warnings).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  test("a fired signal cancels, before the run and during it", async () => {
    const early = watched([new Scripted()]);
    await early.task.run({ signal: AbortSignal.abort("early") });
    expect(early.down).toEqual(["CancelFrame"]);
    expect(early.outcomes).toEqual([{ kind: "cancelled", reason: "early" }]);

    const late = watched([gated(new Gate())]);
    const controller = new AbortController();
    const run = late.task.run({ signal: controller.signal });
    await settle();
    controller.abort("late");
    await run;
    expect(late.outcomes).toEqual([{ kind: "cancelled", reason: "late" }]);
  });

  test("removes its listener from the signal when the run ends", async () => {
    const { task } = watched([new Scripted()]);
    const { signal } = new AbortController();
    void task.stopWhenDone();
    await task.run({ signal });
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });

  test("before run(): ends all waits, and the run resolves at once", async () => {
    const processor = new Scripted();
    const { task } = watched([processor]);
    await task.queueFrame(new Data("a"));
    await task.cancel();
    await task.run();
    await settle();
    expect(processor.seen).toEqual(["CancelFrame"]);
  });

  test("while the StartFrame is on its way: ends all waits", async () => {
    const { task } = watched([except(StartFrame, forever)], { cancelTimeoutMs: 0 });
    void task.run();
    const waiting = task.queueFrames(Array.from({ length: 100 }, (_, index) => new Data(String(index))));
    expect(await isSettled(waiting)).toBe(false);
    expect(await isSettled(task.queueFrame(new System("never waits")))).toBe(true);
    void task.cancel();
    expect(await isSettled(waiting)).toBe(true);
  });

  test("names work that ignores its signal after the time limit", async () => {
    const stubborn = gated(new Gate(), { name: "Stubborn" });
    const { task, clock, logger, down } = watched([new Scripted(), stubborn, new Scripted()], { cancelTimeoutMs: 300 });
    const run = task.run();
    await settle();
    await task.queueFrame(new Data("a"));
    void task.cancel();
    expect(await isSettled(run)).toBe(false);
    expect(down).toEqual(["StartFrame", "CancelFrame"]);
    await clock.advance(299);
    expect(await isSettled(run)).toBe(false);
    await clock.advance(1);
    await run;
    expect(logger.warned).toEqual([
      "Stubborn did not stop within 300 ms of the pipeline's end; the task ended without it",
    ]);
  });

  test("names a processor that hangs in its CancelFrame, and those after it still get one", async () => {
    const behind = new Scripted();
    const { task, clock, logger, down } = watched([
      new Scripted(),
      new Pipeline([except(CancelFrame, forever, "Hanging")]),
      behind,
    ]);
    const run = task.run();
    await settle();
    void task.cancel();
    expect(await isSettled(run)).toBe(false);
    expect(behind.seen).toEqual(["StartFrame"]);
    await clock.advance(2000);
    await run;
    expect(behind.seen).toEqual(["StartFrame", "CancelFrame"]);
    expect(down).toEqual(["StartFrame", "CancelFrame"]);
    expect(logger.warned).toEqual([
      "Hanging did not stop within 2000 ms of the pipeline's end; the task ended without it",
    ]);
  });

  test("the signal of a CancelFrame fires at the time limit", async () => {
    let given: AbortSignal | undefined;
    const closing = new Scripted(async (_frame, _direction, signal) => {
      given = signal;
      await forever();
    });
    const { task, clock } = watched([closing]);
    const cancelled = task.cancel();
    await settle();
    expect(given?.aborted).toBe(false);
    await clock.advance(2000);
    await cancelled;
    expect(given?.aborted).toBe(true);
  });

  test("names a processor that swallows the CancelFrame, wherever it stands", async () => {
    const swallowing = [
      [except(CancelFrame, () => undefined, "Swallowing"), new Scripted()],
      [new Scripted(), except(CancelFrame, () => undefined, "Swallowing")],
    ];
    for (const processors of swallowing) {
      const { task, clock, logger } = watched(processors);
      const cancelled = task.cancel();
      await settle();
      await clock.advance(2000);
      await cancelled;
      expect(logger.warned).toEqual([
        "Swallowing did not push the CancelFrame on within 2000 ms of the pipeline's end; the task ended without it",
      ]);
    }
  });

  test("an error while a processor handles its CancelFrame still reaches the task", async () => {
    const failing = except(CancelFrame, () => {
      throw new TurnwireError("x", "could not close");
    });
    const { task, outcomes, down } = watched([new Scripted(), failing]);
    const errors: string[] = [];
    task.on("error", (error) => void errors.push(error.message));
    void task.run();
    await task.cancel();
    expect(errors).toEqual(["could not close"]);
    expect(down).toEqual(["StartFrame", "CancelFrame"]);
    expect(outcomes).toHaveLength(1);
  });

  test.each(["upstream", "downstream"] as const)(
    "a processor cancels the task with a CancelFrame %s",
    async (direction) => {
      const panicking = except(System, (self) => self.pushFrame(new CancelFrame(), direction));
      const around = [new Scripted(), new Scripted()] as const;
      const { task, outcomes } = watched([around[0], panicking, around[1]]);
      void task.queueFrame(new System("panic"));
      await task.run();
      expect(outcomes).toMatchObject([{ kind: "cancelled" }]);
      for (const processor of around)
        expect(processor.seen.filter((label) => label.endsWith("CancelFrame"))).toHaveLength(1);
    },
  );

  test("cancel() again, and disposal after the end, wait for the same end", async () => {
    const { task, outcomes } = watched([new Scripted()]);
    await Promise.all([task.cancel("one"), task.cancel("two")]);
    await task[Symbol.asyncDispose]();
    expect(outcomes).toEqual([{ kind: "cancelled", reason: "one" }]);
  });

  test("await using cancels", async () => {
    const processor = new Scripted();
    let run: Promise<void>;
    {
      await using task = watched([processor]).task;
      run = task.run();
      await settle();
    }
    await run;
    expect(processor.seen).toEqual(["StartFrame", "CancelFrame"]);
  });

  test.each([-1, Number.NaN])("a time limit of %s is refused", (cancelTimeoutMs) => {
    expect(() => new PipelineTask([new Scripted()], { cancelTimeoutMs })).toThrow(InvalidArgumentError);
  });
});

describe("errors", () => {
  test("emits and logs an error that is not fatal; the pipeline continues", async () => {
    const error = new TurnwireError("x", "a hiccup");
    const { task, down, up, logger } = watched([new Scripted(), except(System, (self) => self.pushError(error))]);
    const told = vi.fn<(error: TurnwireError) => void>();
    task.on("error", told);
    void task.queueFrames([new System("s"), new Data("a")]);
    void task.stopWhenDone();
    await task.run();
    expect(told.mock.calls[0]?.[0]).toBe(error);
    expect(up).toEqual(["ErrorFrame"]);
    expect(logger.warned).toEqual(["a hiccup"]);
    expect(down).toEqual(["StartFrame", "a", "EndFrame"]);
  });

  test("a fatal error rejects the run after a CancelFrame has passed through", async () => {
    const error = new TurnwireError("x", "no way on");
    const { task, down, outcomes } = watched([
      new Scripted(),
      new Pipeline([except(Data, (self) => self.pushError(error, { fatal: true }))]),
      new Scripted(),
    ]);
    void task.queueFrames([new Data("a"), new Data("b")]);
    await expect(task.run()).rejects.toBe(error);
    expect(down).toEqual(["StartFrame", "CancelFrame"]);
    expect(outcomes).toEqual([{ kind: "failed", error }]);
  });

  test("a fatal error on the EndFrame also rejects the run", async () => {
    const error = new TurnwireError("x", "could not save");
    const { task, outcomes } = watched([
      new Scripted(),
      except(EndFrame, async (self, frame) => {
        await self.pushFrame(frame);
        await self.pushError(error, { fatal: true });
      }),
    ]);
    void task.stopWhenDone();
    await expect(task.run()).rejects.toBe(error);
    expect(outcomes).toEqual([{ kind: "failed", error }]);
  });

  test.each([StartFrame, EndFrame])("an error on a %o does not keep the pipeline from ending", async (type) => {
    const failing = except(type, () => {
      throw new Error("boom");
    });
    const { task, down, logger } = watched([new Scripted(), failing, new Scripted()]);
    void task.stopWhenDone();
    await task.run();
    expect(down).toEqual(["StartFrame", "EndFrame"]);
    expect(logger.warnings).toHaveLength(1);
  });

  test("refuses a value that is not a frame", async () => {
    const { task } = watched([new Scripted()]);
    await expect(task.queueFrame("hello" as never)).rejects.toThrow("frame: expected a Frame, got a string");
  });

  test("logs a listener that throws or rejects, and continues", async () => {
    const { task, logger, outcomes } = watched([new Scripted()]);
    task.on("frameReachedDownstream", () => {
      throw new Error("mine");
    });
    task.on("finished", () => Promise.reject(new Error("mine too")));
    void task.stopWhenDone();
    await task.run();
    await settle();
    expect(outcomes).toHaveLength(1);
    expect(new Set(logger.warned)).toEqual(
      new Set(['a listener of "frameReachedDownstream" failed', 'a listener of "finished" failed']),
    );
  });

  test("does not call a removed listener", async () => {
    const { task } = watched([new Scripted()]);
    const heard = vi.fn<() => void>();
    task.on("finished", heard)();
    task.on("frameReachedDownstream", heard);
    task.off("frameReachedDownstream", heard);
    await task.cancel();
    expect(heard).not.toHaveBeenCalled();
  });
});

describe("observers", () => {
  test("see every push with the clock's time, in nested pipelines and at the task's ends", async () => {
    const observer = new RecordingObserver();
    const [a, b] = [new Scripted(undefined, { name: "a" }), new Scripted(undefined, { name: "b" })];
    const { task, clock } = watched([a, new Pipeline([new Pipeline([b])])], { observers: [observer] });
    const run = task.run();
    await settle();
    await clock.advance(5);
    await b.pushFrame(new Data("up"), "upstream");
    await settle();
    void task.stopWhenDone();
    await run;
    expect(observer.pushes).toEqual([
      "0: PipelineTask:source > a: StartFrame",
      "0: a > b: StartFrame",
      "0: b > PipelineTask:sink: StartFrame",
      "5: b < a: up",
      "5: a < PipelineTask:source: up",
      "5: PipelineTask:source > a: EndFrame",
      "5: a > b: EndFrame",
      "5: b > PipelineTask:sink: EndFrame",
    ]);
  });

  test("logs one that throws or rejects, and the other observers and the pipeline continue", async () => {
    const observer = new RecordingObserver();
    const failing = [
      { onPushFrame: () => Promise.reject(new Error("later")) },
      {
        onPushFrame: () => {
          throw new Error("now");
        },
      },
    ];
    const { task, down, logger } = watched([new Scripted()], { observers: [...failing, observer] });
    void task.stopWhenDone();
    await task.run();
    await settle();
    expect(down).toEqual(["StartFrame", "EndFrame"]);
    expect(observer.pushes).toHaveLength(4);
    expect(logger.warnings).toHaveLength(8);
    expect(new Set(logger.warned)).toEqual(new Set(["an observer of the pipeline failed"]));
  });

  test("do not see pushes that are dropped", async () => {
    const observer = new RecordingObserver();
    const processor = new Scripted();
    const { task } = watched([processor], { observers: [observer] });
    await processor.pushFrame(new Data("stale"), "downstream", AbortSignal.abort());
    await task.cancel();
    expect(observer.pushes.filter((push) => push.includes("stale"))).toEqual([]);
  });
});

test("only reports InterruptionFrames that reach the task", async () => {
  const barging = except(System, (self) => self.broadcastInterruption());
  const { task, up, down } = watched([new Scripted(), barging]);
  void task.queueFrame(new System("speaks"));
  void task.stopWhenDone();
  await task.run();
  expect(up).toEqual([InterruptionFrame.name]);
  expect(down).toEqual(["StartFrame", "InterruptionFrame", "EndFrame"]);
});
