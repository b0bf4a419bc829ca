import { type Clock, type Logger } from "../../src/async/index.ts";
import { ControlFrame, DataFrame, type Frame, SystemFrame } from "../../src/frames/index.ts";
import {
  type FrameDirection,
  FrameProcessor,
  type FrameProcessorOptions,
  type PipelineObserver,
} from "../../src/pipeline/index.ts";

export class Data extends DataFrame {
  readonly label: string;
  constructor(label: string) {
    super();
    this.label = label;
  }
}
export class Control extends ControlFrame {
  readonly label: string;
  constructor(label: string) {
    super();
    this.label = label;
  }
}
export class Kept extends Data {
  override get uninterruptible(): boolean {
    return true;
  }
}
export class System extends SystemFrame {
  readonly label: string;
  constructor(label: string) {
    super();
    this.label = label;
  }
}

/** The label, or the class of a frame that has none. */
export function show(frame: Frame): string {
  return "label" in frame ? String(frame.label) : frame.constructor.name;
}

export type Handler = (
  frame: Frame,
  direction: FrameDirection,
  signal: AbortSignal,
  self: Scripted,
) => void | Promise<void>;

/** A processor whose `processFrame` is a function, with everything it can do made public. */
export class Scripted extends FrameProcessor {
  /** What it was given, in order. */
  readonly seen: string[] = [];
  readonly #handler: Handler;

  constructor(handler: Handler = passOn, options: FrameProcessorOptions = {}) {
    super(options);
    this.#handler = handler;
  }

  get seenUpstream(): string[] {
    return this.seen.filter((label) => label.startsWith("^")).map((label) => label.slice(1));
  }

  protected override processFrame(frame: Frame, direction: FrameDirection, signal: AbortSignal): void | Promise<void> {
    this.seen.push(`${direction === "upstream" ? "^" : ""}${show(frame)}`);
    return this.#handler(frame, direction, signal, this);
  }

  override pushFrame(frame: Frame, direction?: FrameDirection, signal?: AbortSignal): Promise<void> {
    return super.pushFrame(frame, direction, signal);
  }

  override broadcastInterruption(signal?: AbortSignal): Promise<void> {
    return super.broadcastInterruption(signal);
  }

  override pushError(...args: Parameters<FrameProcessor["pushError"]>): Promise<void> {
    return super.pushError(...args);
  }
}

export function passOn(frame: Frame, direction: FrameDirection, _signal: AbortSignal, self: Scripted): Promise<void> {
  return self.pushFrame(frame, direction);
}

/** Links `processor` between two that record what they are given. */
export function between(processor: FrameProcessor): { above: Scripted; below: Scripted } {
  const above = new Scripted();
  const below = new Scripted();
  above.link(processor);
  processor.link(below);
  return { above, below };
}

/** Everything that is due has happened. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Whether the promise has settled by now. */
export async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  promise.then(
    () => (settled = true),
    () => (settled = true),
  );
  await settle();
  return settled;
}

/** Job that waits until the test lets it go on: the frames it holds, by label. */
export class Gate {
  readonly #waiting = new Map<string, () => void>();

  /** Waits for `open(frame)`, whatever signals fire. */
  hold(frame: Frame): Promise<void> {
    return new Promise((resolve) => this.#waiting.set(show(frame), resolve));
  }

  get held(): string[] {
    return [...this.#waiting.keys()];
  }

  async open(label: string): Promise<void> {
    const resolve = this.#waiting.get(label);
    if (resolve === undefined) throw new Error(`${label} is not held; ${this.held.join(", ")} are`);
    this.#waiting.delete(label);
    resolve();
    await settle();
  }
}

/** Passes system frames on at once and holds every other frame at the gate before it passes it on. */
export function gated(gate: Gate, options?: FrameProcessorOptions): Scripted {
  return new Scripted(async (frame, direction, _signal, self) => {
    if (!(frame instanceof SystemFrame)) await gate.hold(frame);
    await self.pushFrame(frame, direction);
  }, options);
}

/** Time that stands still until told. */
export class ManualClock implements Clock {
  #now = 0;
  readonly #timers = new Set<{ at: number; callback: () => void }>();

  now(): number {
    return this.#now;
  }

  schedule(callback: () => void, delayMs: number): () => void {
    const timer = { at: this.#now + delayMs, callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  get pending(): number {
    return this.#timers.size;
  }

  async advance(ms: number): Promise<void> {
    this.#now += ms;
    for (const timer of [...this.#timers].filter(({ at }) => at <= this.#now)) {
      this.#timers.delete(timer);
      timer.callback();
    }
    await settle();
  }
}

export class RecordingLogger implements Logger {
  readonly warnings: string[] = [];
  debug(): void {}
  warn(message: string): void {
    this.warnings.push(message);
  }
}

export class RecordingObserver implements PipelineObserver {
  readonly pushes: string[] = [];
  onPushFrame: PipelineObserver["onPushFrame"] = ({ source, destination, frame, direction, timestampMs }) => {
    const arrow = direction === "downstream" ? ">" : "<";
    this.pushes.push(`${timestampMs}: ${source.name} ${arrow} ${destination.name}: ${show(frame)}`);
  };
}

/** Virtual delays: every pause ends when `drive` picks it, in the order that the given numbers choose. */
export class Chaos {
  readonly #choices: readonly number[];
  #chosen = 0;
  readonly #pauses: Array<() => void> = [];

  constructor(choices: readonly number[]) {
    this.#choices = choices;
  }

  next(below: number): number {
    const choice = this.#choices[this.#chosen % this.#choices.length] ?? 0;
    this.#chosen += 1;
    return (choice + this.#chosen) % below;
  }

  async pause(times = 1): Promise<void> {
    for (let count = 0; count < times; count++) await new Promise<void>((resolve) => this.#pauses.push(resolve));
  }

  /** Ends pauses one by one until the promise settles; nothing left to end before that is a deadlock. */
  async drive(promise: Promise<unknown>): Promise<void> {
    let settled = false;
    const done = promise.finally(() => (settled = true));
    done.catch(() => undefined);
    for (;;) {
      await settle();
      if (settled) break;
      const [resolve] = this.#pauses.splice(this.next(Math.max(1, this.#pauses.length)), 1);
      if (resolve === undefined) throw new Error("deadlock: everybody waits and nobody pauses");
      resolve();
    }
    await done;
  }

  /** Ends pauses until there are none. */
  async drain(): Promise<void> {
    await settle();
    while (this.#pauses.length > 0) {
      this.#pauses.splice(0, 1)[0]?.();
      await settle();
    }
  }
}
