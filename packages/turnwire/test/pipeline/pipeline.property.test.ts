import * as fc from "fast-check";
import { expect, test } from "vitest";
import { type Frame, InterruptionFrame, SystemFrame, UserStartedSpeakingFrame } from "../../src/frames/index.ts";
import { type FrameProcessor, Pipeline, PipelineTask } from "../../src/pipeline/index.ts";
import { Control, Data, type Handler, Kept, RecordingLogger, Scripted, settle, show, System } from "@turnwire/test-kit";
import { Chaos } from "./helpers.ts";

interface Stage {
  capacity: number;
  /** Whether system frames are handled with a delay as well. */
  slowSystem: boolean;
  /** Whether the stage pushes one frame upstream for every data frame downstream. */
  echoes: boolean;
  /** Whether delays end when the signal fires. */
  obedient: boolean;
  /** Whether this stage and those after it form a pipeline of their own. */
  nests: boolean;
}

const stages = fc.array(
  fc.record<Stage>({
    capacity: fc.integer({ min: 1, max: 3 }),
    slowSystem: fc.boolean(),
    echoes: fc.boolean(),
    obedient: fc.boolean(),
    nests: fc.boolean(),
  }),
  { minLength: 1, maxLength: 5 },
);
const choices = fc.array(fc.nat(1000), { minLength: 1, maxLength: 40 });
const steps = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom("data", "control", "kept", "system") },
    { weight: 2, arbitrary: fc.constantFrom("pause", "interrupt") },
  ),
  { maxLength: 30 },
);

function stage(chaos: Chaos, { slowSystem, echoes, obedient }: Stage): Handler {
  return async (frame, direction, signal, self) => {
    if (frame instanceof UserStartedSpeakingFrame) await self.broadcastInterruption(signal);
    if (!(frame instanceof SystemFrame) || slowSystem) await chaos.pause(chaos.next(3));
    if (obedient) signal.throwIfAborted();
    if (echoes && frame instanceof Data && direction === "downstream") {
      await self.pushFrame(new Data("echo"), "upstream", signal);
    }
    await self.pushFrame(frame, direction);
  };
}

function nest(processors: readonly FrameProcessor[], plan: readonly Stage[]): FrameProcessor[] {
  const at = plan.findIndex(({ nests }) => nests);
  if (at === -1) return [...processors];
  const rest = nest(processors.slice(at + 1), plan.slice(at + 1));
  return [...processors.slice(0, at), new Pipeline([processors[at] as FrameProcessor, ...rest])];
}

interface Run {
  chaos: Chaos;
  task: PipelineTask;
  processors: Scripted[];
  /** The frames that left the pipeline, in order. */
  out: Frame[];
  logger: RecordingLogger;
}

function start(plan: readonly Stage[], picks: readonly number[]): Run {
  const chaos = new Chaos(picks);
  const processors = plan.map((one) => new Scripted(stage(chaos, one), { capacity: one.capacity }));
  const logger = new RecordingLogger();
  const task = new PipelineTask(nest(processors, plan), { logger });
  const out: Frame[] = [];
  task.on("frameReachedDownstream", (frame) => void out.push(frame));
  return { chaos, task, processors, out, logger };
}

function make(step: string, index: number): Frame {
  const label = `${step} ${index}`;
  if (step === "data") return new Data(label);
  if (step === "control") return new Control(label);
  if (step === "kept") return new Kept(label);
  return step === "interrupt" ? new InterruptionFrame() : new System(label);
}

/** Queues a frame per step and waits for room. Returns the frames in order. */
async function feed({ task, chaos }: Run, plan: readonly string[]): Promise<Frame[]> {
  const sent: Frame[] = [];
  for (const [index, step] of plan.entries()) {
    if (step === "pause") await chaos.pause();
    else {
      const frame = make(step, index);
      sent.push(frame);
      await task.queueFrame(frame);
    }
  }
  await task.stopWhenDone();
  return sent;
}

const inOrder = (frame: Frame): boolean => !(frame instanceof SystemFrame);
const subsequence = (part: readonly Frame[], whole: readonly Frame[]): Frame[] =>
  whole.filter((frame) => part.includes(frame));

test("with any delays, frames arrive in order and once, and none from before an interruption arrives after it", async () => {
  await fc.assert(
    fc.asyncProperty(stages, choices, steps, async (plan, picks, todo) => {
      const run = start(plan, picks);
      const fed = feed(run, todo);
      await run.chaos.drive(Promise.all([run.task.run(), fed]));
      const [sent, { out, logger }] = [await fed, run];

      expect(logger.warnings).toEqual([]);
      const ordered = out.filter(inOrder).filter((frame) => sent.includes(frame));
      expect(ordered.map(show)).toEqual(subsequence(ordered, sent).map(show));
      for (const system of [true, false]) {
        const wanted = sent.filter(
          (frame) => frame instanceof SystemFrame === system && (system || frame.uninterruptible),
        );
        expect(out.filter((frame) => wanted.includes(frame)).map(show)).toEqual(wanted.map(show));
      }
      for (const interruption of sent.filter((frame) => frame instanceof InterruptionFrame)) {
        const before = sent.slice(0, sent.indexOf(interruption)).filter(inOrder);
        const late = out.slice(out.indexOf(interruption)).filter((frame) => before.includes(frame));
        expect(late.filter((frame) => !frame.uninterruptible).map(show)).toEqual([]);
      }
      const last = sent.findLastIndex((frame) => frame instanceof InterruptionFrame);
      const fresh = sent.slice(last + 1);
      expect(subsequence(out, fresh).map(show)).toEqual(fresh.map(show));
    }),
    { numRuns: 300 },
  );
});

test("after an interruption from the middle, no frame from before it arrives on either side", async () => {
  await fc.assert(
    fc.asyncProperty(stages, choices, steps, fc.nat(), async (plan, picks, todo, where) => {
      const run = start(plan, picks);
      const { task, chaos, processors, out } = run;
      const queued: Frame[] = [];
      const cuts: Array<{ before: Frame[]; interruption: Frame | undefined }> = [];
      const speaker = processors[where % processors.length] as Scripted;
      const original = speaker.broadcastInterruption.bind(speaker);
      speaker.broadcastInterruption = async (signal) => {
        const cut: (typeof cuts)[number] = { before: [...queued], interruption: undefined };
        cuts.push(cut);
        const push = speaker.pushFrame.bind(speaker);
        speaker.pushFrame = (frame, direction, guard) => {
          if (direction === "downstream" && frame instanceof InterruptionFrame) cut.interruption = frame;
          return push(frame, direction, guard);
        };
        const done = original(signal);
        speaker.pushFrame = push;
        await done;
      };
      const fed = (async () => {
        for (const [index, step] of todo.entries()) {
          if (step === "pause") await chaos.pause();
          else if (step === "interrupt") await speaker.queueFrame(new UserStartedSpeakingFrame());
          else {
            const frame = make(step, index);
            queued.push(frame);
            await task.queueFrame(frame);
          }
        }
        await task.stopWhenDone();
      })();
      await chaos.drive(Promise.all([task.run(), fed]));

      const kept = queued.filter((frame) => frame.uninterruptible);
      expect(out.filter((frame) => kept.includes(frame)).map(show)).toEqual(kept.map(show));
      for (const { before, interruption } of cuts) {
        expect(interruption).toBeDefined();
        const from = out.indexOf(interruption as Frame);
        expect(from).not.toBe(-1);
        const late = out.slice(from).filter((frame) => inOrder(frame) && before.includes(frame));
        expect(late.filter((frame) => !frame.uninterruptible).map(show)).toEqual([]);
      }
    }),
    { numRuns: 300 },
  );
});

test("system frames pass while every data frame is held up", async () => {
  await fc.assert(
    fc.asyncProperty(stages, choices, steps, async (plan, picks, todo) => {
      const stuck = plan.map((one) => ({ ...one, slowSystem: false }));
      const run = start(stuck, picks);
      const done = run.task.run();
      await settle();
      const wanted = todo.map(make).filter((frame, index) => todo[index] !== "pause");
      void run.task.queueFrames(wanted);
      await settle();
      const systems = wanted.filter((frame) => frame instanceof SystemFrame);
      expect(run.out.filter((frame) => systems.includes(frame)).map(show)).toEqual(systems.map(show));
      const cancelled = run.task.cancel();
      await run.chaos.drain();
      await Promise.all([cancelled, done]);
    }),
    { numRuns: 100 },
  );
});

test("a run ends if it is cancelled, at any moment", async () => {
  await fc.assert(
    fc.asyncProperty(stages, choices, steps, fc.nat(40), async (plan, picks, todo, moment) => {
      const run = start(plan, picks);
      const fed = feed(run, todo);
      const cancelled = run.chaos.pause(moment).then(() => run.task.cancel());
      await run.chaos.drive(Promise.all([run.task.run(), fed, cancelled]));
      expect(run.logger.warnings).toEqual([]);
    }),
    { numRuns: 200 },
  );
});

test("a slow consumer slows its producer: only as many frames as the capacity wait, plus the one being pushed", async () => {
  await fc.assert(
    fc.asyncProperty(stages, choices, fc.integer({ min: 1, max: 30 }), async (plan, picks, count) => {
      const chaos = new Chaos(picks);
      const handled = plan.map(() => 0);
      const pushed = plan.map(() => 0);
      const processors = plan.map(
        ({ capacity }, index) =>
          new Scripted(
            async (frame, direction, _signal, self) => {
              if (!inOrder(frame)) return self.pushFrame(frame, direction);
              handled[index] = (handled[index] ?? 0) + 1;
              await chaos.pause(1 + chaos.next(2));
              return self.pushFrame(frame, direction);
            },
            { capacity },
          ),
      );
      const excess: number[] = [];
      const onPushFrame = ({ destination, frame }: { destination: FrameProcessor; frame: Frame }): void => {
        const index = processors.findIndex((processor) => processor === destination);
        if (index === -1 || !inOrder(frame)) return;
        pushed[index] = (pushed[index] ?? 0) + 1;
        const waiting = (pushed[index] ?? 0) - (handled[index] ?? 0);
        excess.push(waiting - (plan[index]?.capacity ?? 0));
      };
      const task = new PipelineTask(processors, { observers: [{ onPushFrame }] });
      const run = task.run();
      await settle();
      const fed = (async () => {
        for (let index = 0; index < count; index++) await task.queueFrame(new Data(String(index)));
        await task.stopWhenDone();
      })();
      await chaos.drive(Promise.all([run, fed]));
      expect(Math.max(...excess)).toBeLessThanOrEqual(1);
      expect(handled).toEqual(plan.map(() => count + 1));
    }),
    { numRuns: 100 },
  );
});
