import { describe, expect, test } from "vitest";
import { InvalidArgumentError, PipelineError, TurnwireError } from "../../src/errors.ts";
import {
  CancelFrame,
  EndFrame,
  ErrorFrame,
  type Frame,
  InterruptionFrame,
  MetricsFrame,
  StartFrame,
  SystemFrame,
} from "../../src/frames/index.ts";
import { between, Control, Data, isSettled, Kept, Scripted, settle, System } from "@turnwire/test-kit";
import { Gate, gated } from "./helpers.ts";

describe("order", () => {
  test("handles data and control frames one at a time, in the order of the calls, in both directions", async () => {
    const gate = new Gate();
    const processor = gated(gate);
    const { above, below } = between(processor);
    void above.pushFrame(new Data("a"));
    void below.pushFrame(new Data("up"), "upstream");
    void above.pushFrame(new Control("b"));
    await settle();
    expect(gate.held).toEqual(["a"]);
    await gate.open("a");
    expect(gate.held).toEqual(["up"]);
    await gate.open("up");
    await gate.open("b");
    expect(below.seen).toEqual(["a", "b"]);
    expect(above.seen).toEqual(["^up"]);
  });

  test("system frames overtake the current frame and the queue", async () => {
    const gate = new Gate();
    const processor = gated(gate);
    const { above, below } = between(processor);
    void above.pushFrame(new Data("a"));
    void above.pushFrame(new Data("b"));
    await above.pushFrame(new System("s"));
    await above.pushFrame(new MetricsFrame([]));
    await settle();
    expect(below.seen).toEqual(["s", "MetricsFrame"]);
    expect(gate.held).toEqual(["a"]);
  });

  test("system frames keep their own order", async () => {
    const gate = new Gate();
    const processor = new Scripted(async (frame, direction, _signal, self) => {
      if (frame instanceof System && frame.label === "slow") await gate.hold(frame);
      await self.pushFrame(frame, direction);
    });
    const { above, below } = between(processor);
    await above.pushFrame(new System("slow"));
    await above.pushFrame(new System("quick"));
    await above.pushFrame(new Data("beside"));
    await settle();
    expect(below.seen).toEqual(["beside"]);
    await gate.open("slow");
    expect(below.seen).toEqual(["beside", "slow", "quick"]);
  });

  test("a slow system frame after a StartFrame comes first but delays nothing", async () => {
    const gate = new Gate();
    const processor = new Scripted(async (frame, direction, _signal, self) => {
      if (frame instanceof SystemFrame) await gate.hold(frame);
      await self.pushFrame(frame, direction);
    });
    const { above, below } = between(processor);
    await above.pushFrame(new StartFrame());
    await above.pushFrame(new System("slow"));
    await above.pushFrame(new Data("a"));
    await gate.open("StartFrame");
    expect(processor.seen).toEqual(["StartFrame", "slow", "a"]);
    expect(below.seen).toEqual(["StartFrame", "a"]);
  });

  test("frames queued after a StartFrame wait until it has been handled", async () => {
    const gate = new Gate();
    const processor = new Scripted(async (frame, direction, _signal, self) => {
      if (frame instanceof StartFrame) await gate.hold(frame);
      await self.pushFrame(frame, direction);
    });
    const { above, below } = between(processor);
    await above.pushFrame(new StartFrame());
    await above.pushFrame(new Data("a"));
    await settle();
    expect(below.seen).toEqual([]);
    await gate.open("StartFrame");
    expect(below.seen).toEqual(["StartFrame", "a"]);
  });
});

describe("backpressure", () => {
  test("a push downstream waits until the neighbour has room; system and upstream frames never wait", async () => {
    const gate = new Gate();
    const processor = gated(gate, { capacity: 2 });
    const { above, below } = between(processor);
    for (const label of ["in work", "1", "2"]) expect(await isSettled(above.pushFrame(new Data(label)))).toBe(true);
    const third = above.pushFrame(new Data("3"));
    const fourth = above.pushFrame(new Data("4"));
    expect(await isSettled(third)).toBe(false);
    expect(await isSettled(above.pushFrame(new System("s")))).toBe(true);
    expect(await isSettled(below.pushFrame(new Data("up"), "upstream"))).toBe(true);
    await gate.open("in work");
    expect(await isSettled(third)).toBe(true);
    expect(await isSettled(fourth)).toBe(false);
    for (const label of ["1", "2", "3", "4", "up"]) await gate.open(label);
    expect(await isSettled(fourth)).toBe(true);
    expect(below.seen).toEqual(["s", "in work", "1", "2", "3", "4"]);
  });

  test("the wait ends when the signal fires, and the frame is not delivered", async () => {
    const gate = new Gate();
    const processor = gated(gate, { capacity: 1 });
    const { above, below } = between(processor);
    const work = new AbortController();
    await above.pushFrame(new Data("in work"));
    await above.pushFrame(new Data("1"));
    const stale = above.pushFrame(new Data("stale"), "downstream", work.signal);
    const kept = above.pushFrame(new Kept("kept"), "downstream", work.signal);
    expect(await isSettled(stale)).toBe(false);
    work.abort();
    expect(await isSettled(Promise.all([stale, kept]))).toBe(true);
    for (const label of ["in work", "1", "kept"]) await gate.open(label);
    expect(below.seen).toEqual(["in work", "1", "kept"]);
  });

  test.each([0, -1, 1.5, Number.NaN])("a capacity of %s is refused", (capacity) => {
    expect(() => new Scripted(undefined, { capacity })).toThrow(InvalidArgumentError);
    expect(() => new Scripted(undefined, { capacity })).toThrow(
      /^capacity: expected a whole number of at least 1, got /,
    );
  });
});

describe("interruption", () => {
  test("fires the signal of the current frame and purges the queue before it is passed on", async () => {
    const gate = new Gate();
    const order: string[] = [];
    const processor = new Scripted(async (frame, direction, signal, self) => {
      if (frame instanceof SystemFrame) order.push("handed on");
      else {
        signal.addEventListener("abort", () => order.push("aborted"));
        await gate.hold(frame);
      }
      await self.pushFrame(frame, direction);
    });
    const { above, below } = between(processor);
    for (const frame of [new Data("a"), new Data("b"), new Kept("k1"), new Control("c"), new Kept("k2")]) {
      void above.pushFrame(frame);
    }
    void below.pushFrame(new Data("up"), "upstream");
    await above.pushFrame(new InterruptionFrame());
    expect(order).toEqual(["aborted", "handed on"]);
    await above.pushFrame(new Data("after"));
    await settle();
    expect(gate.held).toEqual(["a"]);
    await gate.open("a");
    for (const label of ["k1", "k2", "after"]) await gate.open(label);
    expect(below.seen).toEqual(["InterruptionFrame", "k1", "k2", "after"]);
    expect(above.seenUpstream).toEqual([]);
  });

  test("does not abort an uninterruptible frame", async () => {
    const gate = new Gate();
    const processor = gated(gate);
    const { above, below } = between(processor);
    await above.pushFrame(new Kept("k"));
    await above.pushFrame(new InterruptionFrame());
    await gate.open("k");
    expect(below.seen).toEqual(["InterruptionFrame", "k"]);
  });

  test("drops the frames that wait for space and lets their callers continue", async () => {
    const gate = new Gate();
    const processor = gated(gate, { capacity: 1 });
    const { above, below } = between(processor);
    await above.pushFrame(new Data("in work"));
    await above.pushFrame(new Data("queued"));
    const waiting = above.pushFrame(new Data("waiting"));
    await above.pushFrame(new InterruptionFrame());
    expect(await isSettled(waiting)).toBe(true);
    await gate.open("in work");
    expect(gate.held).toEqual([]);
    expect(below.seen).toEqual(["InterruptionFrame"]);
  });

  test("passes only uninterruptible and system frames of those that aborted work pushes with its signal", async () => {
    const gate = new Gate();
    const processor = new Scripted(async (frame, direction, signal, self) => {
      if (frame instanceof SystemFrame) return self.pushFrame(frame, direction);
      await self.pushFrame(new Data("early"), "downstream", signal);
      await gate.hold(frame);
      await self.pushFrame(new Data("late"), "downstream", signal);
      await self.pushFrame(new Kept("late but kept"), "downstream", signal);
      await self.pushFrame(new System("late system"), "downstream", signal);
      return self.pushFrame(frame, direction);
    });
    const { above, below } = between(processor);
    await above.pushFrame(new Data("a"));
    await above.pushFrame(new InterruptionFrame());
    await gate.open("a");
    expect(below.seen).toEqual(["early", "InterruptionFrame", "late but kept", "late system"]);
  });

  test("frames queued after it do not overtake it while it is handled", async () => {
    const gate = new Gate();
    const processor = new Scripted(async (frame, direction, _signal, self) => {
      if (frame instanceof InterruptionFrame) await gate.hold(frame);
      await self.pushFrame(frame, direction);
    });
    const { above, below } = between(processor);
    await above.pushFrame(new InterruptionFrame());
    await above.pushFrame(new Data("after"));
    await settle();
    expect(below.seen).toEqual([]);
    await gate.open("InterruptionFrame");
    expect(below.seen).toEqual(["InterruptionFrame", "after"]);
  });

  test("drops frames that the neighbour pushed before the interruption reached it", async () => {
    const gate = new Gate();
    const processor = new Scripted(async (frame, direction, _signal, self) => {
      if (frame instanceof InterruptionFrame) await gate.hold(frame);
      await self.pushFrame(frame, direction);
    });
    const { above, below } = between(processor);
    await below.pushFrame(new InterruptionFrame(), "upstream");
    await above.pushFrame(new Data("made before"));
    await gate.open("InterruptionFrame");
    await above.pushFrame(new Data("made after"));
    await settle();
    expect(above.seen).toEqual(["^InterruptionFrame"]);
    expect(below.seen).toEqual(["made after"]);
  });

  test("broadcast goes both ways and interrupts the processor itself, but not the work that called it", async () => {
    const gate = new Gate();
    let spared = false;
    const processor = new Scripted(async (frame, direction, signal, self) => {
      if (!(frame instanceof Data)) return self.pushFrame(frame, direction);
      await gate.hold(frame);
      await self.broadcastInterruption(signal);
      spared = !signal.aborted;
      return self.pushFrame(frame, direction);
    });
    const { above, below } = between(processor);
    await above.pushFrame(new Data("a"));
    await above.pushFrame(new Data("b"));
    await gate.open("a");
    expect(spared).toBe(true);
    expect(gate.held).toEqual([]);
    expect(below.seen).toEqual(["InterruptionFrame", "a"]);
    expect(above.seenUpstream).toEqual(["InterruptionFrame"]);
    expect(processor.seen).toEqual(["a"]);
  });

  test("broadcast from a system frame's handler aborts the current frame", async () => {
    const gate = new Gate();
    const processor = new Scripted(async (frame, direction, signal, self) => {
      if (frame instanceof System) return self.broadcastInterruption(signal);
      await gate.hold(frame);
      return self.pushFrame(frame, direction);
    });
    const { above, below } = between(processor);
    await above.pushFrame(new Data("a"));
    await above.pushFrame(new System("speaks"));
    await gate.open("a");
    expect(below.seen).toEqual(["InterruptionFrame"]);
  });
});

describe("cancel", () => {
  test("fires every signal but its own, drops the queue, and is handled even while other work hangs", async () => {
    const gate = new Gate();
    const aborted: string[] = [];
    const processor = new Scripted(async (frame, direction, signal, self) => {
      signal.addEventListener("abort", () => aborted.push(frame.constructor.name));
      if (!(frame instanceof CancelFrame)) await gate.hold(frame);
      await self.pushFrame(frame, direction);
    });
    const { above, below } = between(processor);
    await above.pushFrame(new Kept("in work"));
    await above.pushFrame(new Kept("queued"));
    await above.pushFrame(new System("in system work"));
    await above.pushFrame(new System("behind it"));
    await processor.queueFrame(new ErrorFrame(new TurnwireError("x", "behind it")), "upstream");
    await above.pushFrame(new CancelFrame());
    expect(aborted.toSorted()).toEqual(["Kept", "System"]);
    expect(below.seen).toEqual(["CancelFrame"]);
    expect(above.seenUpstream).toEqual(["ErrorFrame"]);
    await gate.open("in system work");
    await gate.open("in work");
    expect(gate.held).toEqual([]);
    expect(processor.seen).toEqual(["in work", "in system work", "CancelFrame"]);
  });

  test("drops later frames without a wait; errors and further CancelFrames pass unhandled", async () => {
    const processor = new Scripted(undefined, { capacity: 1 });
    const { above, below } = between(processor);
    await above.pushFrame(new CancelFrame());
    for (const frame of [new Data("a"), new Data("b"), new Kept("k"), new System("s"), new EndFrame()]) {
      expect(await isSettled(above.pushFrame(frame))).toBe(true);
    }
    await processor.queueFrame(new ErrorFrame(new TurnwireError("x", "late")), "upstream");
    await above.pushFrame(new CancelFrame());
    expect(processor.seen).toEqual(["CancelFrame"]);
    expect(above.seenUpstream).toEqual(["ErrorFrame"]);
    expect(below.seen).toEqual(["CancelFrame"]);
  });

  test("ends the wait for space", async () => {
    const processor = gated(new Gate(), { capacity: 1 });
    const { above } = between(processor);
    await above.pushFrame(new Data("in work"));
    await above.pushFrame(new Data("queued"));
    const waiting = above.pushFrame(new Kept("waiting"));
    await above.pushFrame(new CancelFrame());
    expect(await isSettled(waiting)).toBe(true);
  });
});

describe("end", () => {
  test("comes in order; afterwards data and control frames are dropped and system frames are handled", async () => {
    const gate = new Gate();
    const processor = gated(gate);
    const { above, below } = between(processor);
    for (const frame of [new Data("a"), new EndFrame(), new Data("late")]) void above.pushFrame(frame);
    await gate.open("a");
    await gate.open("EndFrame");
    await above.pushFrame(new Data("later"));
    await above.pushFrame(new System("s"));
    expect(gate.held).toEqual([]);
    expect(below.seen).toEqual(["a", "EndFrame", "s"]);
  });

  test("an EndFrame that travels upstream ends no processor by itself", async () => {
    const processor = new Scripted();
    const { above, below } = between(processor);
    await below.pushFrame(new EndFrame(), "upstream");
    await settle();
    await above.pushFrame(new Data("a"));
    await settle();
    expect(above.seenUpstream).toEqual(["EndFrame"]);
    expect(below.seen).toEqual(["a"]);
  });
});

describe("errors", () => {
  function failing(fail: (frame: Frame, signal: AbortSignal) => unknown): { errors: ErrorFrame[] } & ReturnType<
    typeof between
  > & {
      processor: Scripted;
    } {
    const errors: ErrorFrame[] = [];
    const processor = new Scripted(
      (frame, direction, signal, self) => {
        const error: unknown = fail(frame, signal);
        if (error !== undefined) throw error as Error;
        return self.pushFrame(frame, direction);
      },
      { name: "Faulty" },
    );
    const collector = new Scripted((frame) => void (frame instanceof ErrorFrame && errors.push(frame)));
    const below = new Scripted();
    collector.link(processor);
    processor.link(below);
    return { errors, processor, above: collector, below };
  }

  test("an error goes upstream as a PipelineError with its cause, a TurnwireError unchanged; neither is fatal", async () => {
    const foreign = new Error("boom");
    const own = new TurnwireError("timeout", "too slow");
    const { errors, above, below } = failing((frame) => (frame instanceof Data ? foreign : own));
    const data = new Data("a");
    await above.pushFrame(data);
    await above.pushFrame(new Control("b"));
    await settle();
    expect(errors.map(({ fatal }) => fatal)).toEqual([false, false]);
    expect(errors[0]?.error).toBeInstanceOf(PipelineError);
    expect(errors[0]?.error.message).toBe(`Faulty failed at Data#${data.id}`);
    expect(errors[0]?.error.cause).toBe(foreign);
    expect(errors[1]?.error).toBe(own);
    expect(below.seen).toEqual([]);
  });

  test("the next frame is handled anyway", async () => {
    const { above, below } = failing((frame) =>
      frame instanceof Data && frame.label === "bad" ? "not even an Error" : undefined,
    );
    await above.pushFrame(new Data("bad"));
    await above.pushFrame(new Data("good"));
    await settle();
    expect(below.seen).toEqual(["good"]);
  });

  test.each([
    new StartFrame(),
    new InterruptionFrame(),
    new CancelFrame(),
    new System("s"),
    new Kept("k"),
    new EndFrame(),
  ])("system and uninterruptible frames are passed on anyway: %s", async (frame) => {
    const { errors, above, below } = failing(() => new Error("boom"));
    await above.pushFrame(frame);
    await settle();
    expect(errors).toHaveLength(1);
    expect(below.seen).toHaveLength(1);
  });

  test("a frame that the processor passed on before its error is not passed on again", async () => {
    const processor = new Scripted(async (frame, direction, _signal, self) => {
      await self.pushFrame(frame, direction);
      throw new Error("after the push");
    });
    const { above, below } = between(processor);
    await above.pushFrame(new Kept("k"));
    await above.pushFrame(new System("s"));
    await settle();
    expect(below.seen).toEqual(["k", "s"]);
    expect(above.seenUpstream).toEqual(["ErrorFrame", "ErrorFrame"]);
  });

  const waysToSayAborted: Array<[string, (signal: AbortSignal) => unknown]> = [
    ["the reason", (signal) => signal.reason],
    ["an AbortError", () => new DOMException("aborted", "AbortError")],
    ["an error with the reason as its cause", (signal) => new TurnwireError("x", "wrapped", { cause: signal.reason })],
  ];
  test.each(waysToSayAborted)("%s, thrown after the signal fired, is not reported", async (_name, toThrow) => {
    const gate = new Gate();
    const processor = new Scripted(async (frame, direction, signal, self) => {
      if (frame instanceof SystemFrame) return self.pushFrame(frame, direction);
      await gate.hold(frame);
      throw toThrow(signal);
    });
    const { above } = between(processor);
    await above.pushFrame(new Data("a"));
    await above.pushFrame(new InterruptionFrame());
    await gate.open("a");
    expect(above.seenUpstream).toEqual([]);
  });

  test("reports another error thrown after the signal fired, and an AbortError thrown before", async () => {
    const gate = new Gate();
    const processor = new Scripted(async (frame, direction, signal, self) => {
      if (frame instanceof SystemFrame) return self.pushFrame(frame, direction);
      await gate.hold(frame);
      throw signal.aborted ? new Error("while cleaning up") : new DOMException("of something else", "AbortError");
    });
    const { above } = between(processor);
    await above.pushFrame(new Data("a"));
    await above.pushFrame(new InterruptionFrame());
    await gate.open("a");
    await above.pushFrame(new Data("b"));
    await gate.open("b");
    expect(above.seenUpstream).toEqual(["ErrorFrame", "ErrorFrame"]);
  });

  test("pushError sends an ErrorFrame upstream", async () => {
    const { errors, processor } = failing(() => undefined);
    const error = new TurnwireError("x", "broken");
    await processor.pushError(error, { fatal: true });
    expect(errors[0]).toMatchObject({ error, fatal: true });
  });
});

describe("names and links", () => {
  test("the default name is the class and a number", () => {
    class Speaker extends Scripted {}
    expect([new Speaker().name, new Speaker().name, new Speaker(undefined, { name: "mine" }).name]).toEqual([
      "Speaker#1",
      "Speaker#2",
      "mine",
    ]);
  });

  test("refuses a second link on the same side and says what to do instead", () => {
    const [a, b, c] = [new Scripted(undefined, { name: "a" }), new Scripted(undefined, { name: "b" }), new Scripted()];
    a.link(b);
    expect(() => a.link(c)).toThrow(/a is linked already; make a new processor for each pipeline/);
    expect(() => c.link(b)).toThrow(/b is linked already/);
  });

  test("without neighbours, frames leave at the ends", async () => {
    const alone = new Scripted();
    await alone.queueFrame(new Data("a"));
    await alone.queueFrame(new Data("b"), "upstream");
    await settle();
    expect(alone.seen).toEqual(["a", "^b"]);
  });
});
