import { describe, expect, test } from "vitest";
import type * as Frames from "../../src/frames/frame.ts";
import type * as Processors from "../../src/pipeline/frame-processor.ts";
import { InvalidArgumentError } from "../../src/errors.ts";
import { type Frame, TextFrame } from "../../src/frames/index.ts";
import { type FrameDirection, FrameProcessor, Pipeline, PipelineTask } from "../../src/pipeline/index.ts";

/** Values as a program without types would pass them. */
function untyped(value: unknown): never {
  return value as never;
}

class Echo extends FrameProcessor<{ heard: [text: string] }> {
  constructor(options?: ConstructorParameters<typeof FrameProcessor>[0]) {
    super(options);
    this.events.declare("heard");
  }

  protected override async processFrame(frame: Frame, direction: FrameDirection): Promise<void> {
    await this.pushFrame(frame, direction);
  }

  push(frame: Frame, direction?: FrameDirection): Promise<void> {
    return this.pushFrame(frame, direction);
  }
}

/** Modules that are loaded a second time: their classes are different ones. */
const again = ["../../src/pipeline/frame-processor.ts?again", "../../src/frames/frame.ts?again"] as const;
const copy = (await import(again[0])) as typeof Processors;
const copiedFrames = (await import(again[1])) as typeof Frames;

class Foreign extends copy.FrameProcessor {
  protected override processFrame(): void {}
}

class ForeignFrame extends copiedFrames.DataFrame {}

describe("what is no processor is refused by name, with the way out", () => {
  const wayOut = "; extend FrameProcessor and handle frames in processFrame";
  test.each<[string, unknown, string]>([
    ["a plain object", { processFrame: () => undefined }, `an object${wayOut}`],
    ["a function", () => undefined, `a function${wayOut}`],
    ["a class", Echo, "the class Echo; pass an instance of it"],
    ["nothing", undefined, "undefined"],
    ["a name", "llm", "a string"],
    [
      "a processor of another copy",
      new Foreign(),
      "a FrameProcessor of another copy of turnwire; install one version of it",
    ],
    [
      "a processor that handles no frame",
      Reflect.construct(class Silent extends (FrameProcessor as unknown as new () => object) {}, []),
      "Silent#1, whose class has no processFrame",
    ],
  ])("%s", (_, value, got) => {
    const message = `processors[1]: expected a FrameProcessor, got ${got}`;
    expect(() => new Pipeline(untyped([new Echo(), value]))).toThrow(
      new RegExp(`^${message.replace(/[[\]]/g, "\\$&")}$`),
    );
    expect(() => new PipelineTask(untyped([new Echo(), value]))).toThrow(InvalidArgumentError);
    expect(() => new Echo().link(untyped(value))).toThrow(`next: expected a FrameProcessor, got ${got}`);
  });

  test.each([[[]], [{}], ["llm"], [undefined]])("no row of processors: %j", (value) => {
    expect(() => new PipelineTask(untyped(value))).toThrow(/^processors: expected at least one processor, got /);
  });
});

test.each<[string, () => unknown, string]>([
  ["a processor's name", () => new Echo({ name: "" }), "name: expected a non-empty string, got an empty string"],
  [
    "its logger",
    () => new Echo({ logger: untyped({}) }),
    "logger: expected a logger with debug() and warn(), got an object",
  ],
  [
    "a pipeline's option",
    () => new Pipeline([new Echo()], untyped({ nam: "x" })),
    "nam: unknown option of Pipeline; did you mean `name`?",
  ],
  [
    "a pipeline's capacity",
    () => new Pipeline([new Echo()], untyped({ capacity: 1 })),
    "capacity: unknown option of Pipeline; a pipeline has no queue",
  ],
  [
    "a task's option",
    () => new PipelineTask([new Echo()], untyped({ cancelTimeout: 1 })),
    "did you mean `cancelTimeoutMs`?",
  ],
  ["a task's signal", () => new PipelineTask([new Echo()], untyped({ signal: 1 })), "give the signal to run()"],
  [
    "a task's observer",
    () => new PipelineTask([new Echo()], { observers: [untyped({})] }),
    "observers[0]: expected an object with onPushFrame()",
  ],
  [
    "a task's clock",
    () => new PipelineTask([new Echo()], { environment: { clock: untyped({}) } }),
    "environment.clock: expected a clock with now() and schedule()",
  ],
  [
    "a task's event",
    () => new PipelineTask([new Echo()]).on(untyped("finish"), () => undefined),
    "finish: unknown event of PipelineTask; did you mean `finished`?",
  ],
  [
    "a processor's event",
    () => new Echo({ name: "Echo" }).on(untyped("said"), () => undefined),
    "said: unknown event of Echo; the events are heard",
  ],
  ["a listener", () => new Echo().on("heard", untyped("print")), "listener: expected a function, got a string"],
  ["a pushed frame", () => new Echo().push(untyped("hello")), "frame: expected a Frame, got a string"],
  [
    "a pushed frame of another copy",
    () => new Echo().push(untyped(new ForeignFrame())),
    "got a Frame of another copy of turnwire",
  ],
  [
    "a direction",
    () => new Echo().push(new TextFrame("x"), untyped("up")),
    'direction: expected "downstream" or "upstream", got a string',
  ],
])("%s is refused", (_, refused, message) => {
  expect(refused).toThrow(InvalidArgumentError);
  expect(refused).toThrow(message);
});

test.each<[string, unknown, string]>([
  [
    "one frame for several",
    new TextFrame("a"),
    "frames: expected an array of frames, got an object of class TextFrame",
  ],
  ["text", "abc", "frames: expected an array of frames, got a string"],
  ["text among frames", [new TextFrame("a"), "b"], "frames[1]: expected a Frame, got a string"],
])("queueFrames() refuses %s", async (_, frames, message) => {
  await expect(new PipelineTask([new Echo()]).queueFrames(untyped(frames))).rejects.toThrow(message);
});

test("the options of run() are checked before it counts as called", async () => {
  const task = new PipelineTask([new Echo()]);
  await expect(task.run(untyped({ signal: {} }))).rejects.toThrow("signal: expected an AbortSignal, got an object");
  await task.stopWhenDone();
  await task.run();
});
