import { expect, test } from "vitest";
import { InvalidArgumentError, PipelineError } from "../../src/errors.ts";
import { Pipeline, PipelineTask } from "../../src/pipeline/index.ts";
import { between, Data, isSettled, Scripted, settle } from "@turnwire/test-kit";
import { Gate, gated } from "./helpers.ts";

/** Passes every frame on and adds its mark to data frames. */
function marking(mark: string): Scripted {
  return new Scripted(
    (frame, direction, signal, self) =>
      self.pushFrame(frame instanceof Data ? new Data(frame.label + mark) : frame, direction, signal),
    { name: mark },
  );
}

test("frames pass in order, upstream in reverse, through pipelines nested to any depth", async () => {
  const inner = new Pipeline([marking("b"), new Pipeline([marking("c")])]);
  const { above, below } = between(new Pipeline([new Pipeline([marking("a"), inner]), marking("d")]));
  await above.pushFrame(new Data("down:"));
  await below.pushFrame(new Data("up:"), "upstream");
  await settle();
  expect(below.seen).toEqual(["down:abcd"]);
  expect(above.seenUpstream).toEqual(["up:dcba"]);
});

test("frames queued at the pipeline enter at its first processor, upstream ones at its last", async () => {
  const pipeline = new Pipeline([marking("a"), marking("b")]);
  const { above, below } = between(pipeline);
  await pipeline.queueFrame(new Data("down:"));
  await pipeline.queueFrame(new Data("up:"), "upstream");
  await settle();
  expect(below.seen).toEqual(["down:ab"]);
  expect(above.seenUpstream).toEqual(["up:ba"]);
});

test("a pipeline has no queue of its own: its room is that of the first processor", async () => {
  const gate = new Gate();
  const { above } = between(new Pipeline([new Pipeline([gated(gate, { capacity: 1 })])]));
  await above.pushFrame(new Data("in work"));
  await above.pushFrame(new Data("queued"));
  const waiting = above.pushFrame(new Data("waiting"));
  expect(await isSettled(waiting)).toBe(false);
  await gate.open("in work");
  expect(await isSettled(waiting)).toBe(true);
});

test("the signal of a push reaches the first processor", async () => {
  const gate = new Gate();
  const pipeline = new Pipeline([gated(gate, { capacity: 1 })]);
  const { above, below } = between(pipeline);
  const work = new AbortController();
  await above.pushFrame(new Data("in work"));
  await above.pushFrame(new Data("queued"));
  const waiting = above.pushFrame(new Data("waiting"), "downstream", work.signal);
  const direct = pipeline.queueFrame(new Data("waiting too"), "downstream", work.signal);
  work.abort();
  expect(await isSettled(Promise.all([waiting, direct]))).toBe(true);
  await gate.open("in work");
  await gate.open("queued");
  expect(below.seen).toEqual(["in work", "queued"]);
});

test("refuses an empty list, and a processor of another pipeline", () => {
  expect(() => new Pipeline([])).toThrow(InvalidArgumentError);
  expect(() => new Pipeline([])).toThrow("processors: expected at least one processor, got an array of 0");
  const [a, b, twice] = [new Scripted(), new Scripted(), new Scripted()];
  const pipeline = new Pipeline([a, b]);
  expect(() => new Pipeline([twice, b])).toThrow(/cannot become a part of .*; make a new processor for each pipeline/);
  expect(() => new Pipeline([pipeline, a])).toThrow(PipelineError);
  expect(() => new Pipeline([twice, twice])).toThrow(PipelineError);
  // The refusals have changed nothing.
  void new PipelineTask(new Pipeline([twice]));
  void new PipelineTask(pipeline);
  expect(() => new PipelineTask(pipeline)).toThrow(/it is a part of a PipelineTask already/);
});
