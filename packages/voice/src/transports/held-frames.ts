import type { Frame } from "turnwire";
import { Condition } from "turnwire/internal";

interface Held {
  frame: Frame;
  /** Where the audio in front of the frame ends. */
  positionMs: number;
}

export interface HeldFramesHooks {
  /** Whether the audio up to a position has been played. */
  isPlayed(positionMs: number): boolean;
  /** Passes a frame on. The next one waits for it. */
  pass(frame: Frame): Promise<void>;
  /** All frames that were due have been passed on. */
  onReleased(): void;
}

/** Frames in order that wait until the audio in front of them has been played. Wait for `room` before adding more. */
export class HeldFrames {
  readonly #capacity: number;
  readonly #hooks: HeldFramesHooks;
  readonly #shrunk = new Condition();
  #held: Held[] = [];
  #state: "waiting" | "releasing" = "waiting";

  constructor(capacity: number, hooks: HeldFramesHooks) {
    this.#capacity = capacity;
    this.#hooks = hooks;
  }

  /** Whether no frame waits or is being passed on. */
  get isIdle(): boolean {
    return this.#held.length === 0 && this.#state === "waiting";
  }

  /** The position that the first frame waits for. */
  get nextMs(): number | undefined {
    return this.#held[0]?.positionMs;
  }

  add(frame: Frame, positionMs: number): void {
    this.#held.push({ frame, positionMs });
    void this.release();
  }

  /** Passes on the frames that are due, one after the other. */
  async release(): Promise<void> {
    if (this.#state === "releasing") return;
    this.#state = "releasing";
    for (let [next] = this.#held; next !== undefined && this.#hooks.isPlayed(next.positionMs); [next] = this.#held) {
      this.#held.shift();
      this.#shrunk.notify();
      await this.#hooks.pass(next.frame);
    }
    this.#state = "waiting";
    this.#hooks.onReleased();
  }

  /** Removes all frames. Returns those that survive an interruption. */
  purge(): Frame[] {
    const kept = this.#held.filter(({ frame }) => frame.uninterruptible);
    this.#held = [];
    this.#shrunk.notify();
    return kept.map(({ frame }) => frame);
  }

  /** Resolves when there is room; rejects with the signal's reason. */
  async room(signal: AbortSignal): Promise<void> {
    // Others may have taken the room meanwhile.
    while (this.#held.length >= this.#capacity) {
      await this.#shrunk.wait(() => this.#held.length < this.#capacity, signal);
    }
  }
}
