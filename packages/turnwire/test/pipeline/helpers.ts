import { type Frame, SystemFrame } from "../../src/frames/index.ts";
import { type FrameProcessorOptions, type PipelineObserver } from "../../src/pipeline/index.ts";
import { Scripted, settle, show } from "@turnwire/test-kit";

/** Holds frames, by label, until the test opens the gate for them. */
export class Gate {
  readonly #waiting = new Map<string, () => void>();

  /** Waits for `open(frame)` and ignores signals. */
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

export class RecordingObserver implements PipelineObserver {
  readonly pushes: string[] = [];
  onPushFrame: PipelineObserver["onPushFrame"] = ({ source, destination, frame, direction, timestampMs }) => {
    const arrow = direction === "downstream" ? ">" : "<";
    this.pushes.push(`${timestampMs}: ${source.name} ${arrow} ${destination.name}: ${show(frame)}`);
  };
}

/** Virtual delays: `drive` ends the pauses in the order that the given numbers choose. */
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

  /** Ends pauses one by one until the promise settles. If no pause is left before that, it is a deadlock. */
  async drive(promise: Promise<unknown>): Promise<void> {
    let settled = false;
    const done = promise.finally(() => (settled = true));
    done.catch(() => undefined);
    for (;;) {
      await settle();
      if (settled) break;
      const [resolve] = this.#pauses.splice(this.next(Math.max(1, this.#pauses.length)), 1);
      if (resolve === undefined) throw new Error("deadlock: no pause is left to end");
      resolve();
    }
    await done;
  }

  /** Ends pauses until none is left. */
  async drain(): Promise<void> {
    await settle();
    while (this.#pauses.length > 0) {
      this.#pauses.splice(0, 1)[0]?.();
      await settle();
    }
  }
}
