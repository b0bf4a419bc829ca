import {
  ControlFrame,
  DataFrame,
  type Frame,
  type FrameDirection,
  FrameProcessor,
  type FrameProcessorOptions,
  SystemFrame,
} from "turnwire";

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

/** The label of a frame, or its class if it has none. */
export function show(frame: Frame): string {
  return "label" in frame ? String(frame.label) : frame.constructor.name;
}

export type Handler = (
  frame: Frame,
  direction: FrameDirection,
  signal: AbortSignal,
  self: Scripted,
) => void | Promise<void>;

/** A processor whose `processFrame` is a function. Its protected methods are public. */
export class Scripted extends FrameProcessor {
  /** The frames that it was given, in order; upstream ones start with `^`. */
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

/** Links `processor` between two that record the frames they are given. */
export function between(processor: FrameProcessor): { above: Scripted; below: Scripted } {
  const above = new Scripted();
  const below = new Scripted();
  above.link(processor);
  processor.link(below);
  return { above, below };
}
