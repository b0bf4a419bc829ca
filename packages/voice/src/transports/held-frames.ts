import type { Frame } from "turnwire";
import { Condition } from "turnwire/internal";
import type { Timeline } from "./timeline.ts";

interface Held {
  frame: Frame;
  /** The end of the audio in front of the frame. */
  positionMs: number;
}

/** How many frames may wait for the audio in front of them. */
const capacity = 64;

/** Frames in order that wait until the audio in front of them has been played. Wait for `room` before adding more. */
export class HeldFrames {
  readonly #timeline: Timeline;
  readonly #pass: (frame: Frame) => Promise<void>;
  readonly #onReleased: () => void;
  readonly #shrunk = new Condition();
  #held: Held[] = [];
  #state: "waiting" | "releasing" = "waiting";

  /**
   * @param pass Passes a frame on. The next one waits for it.
   * @param onReleased Called when all frames that were due have been passed on.
   */
  constructor(timeline: Timeline, pass: (frame: Frame) => Promise<void>, onReleased: () => void) {
    this.#timeline = timeline;
    this.#pass = pass;
    this.#onReleased = onReleased;
  }

  /** Whether no frame waits or is being passed on. */
  get isIdle(): boolean {
    return this.#held.length === 0 && this.#state === "waiting";
  }

  /** When the first frame will be due at the latest. */
  get dueAtMs(): number | undefined {
    const [next] = this.#held;
    return next && this.#timeline.playedAtMs(next.positionMs);
  }

  /** Adds a frame after the audio that has been sent. */
  add(frame: Frame): void {
    this.#held.push({ frame, positionMs: this.#timeline.sentMs });
    void this.release();
  }

  /** Passes on the frames that are due, one after the other. */
  async release(): Promise<void> {
    if (this.#state === "releasing") return;
    this.#state = "releasing";
    for (let [next] = this.#held; next !== undefined && this.#timeline.isPlayed(next.positionMs); [next] = this.#held) {
      this.#held.shift();
      this.#shrunk.notify();
      await this.#pass(next.frame);
    }
    this.#state = "waiting";
    this.#onReleased();
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
    while (this.#held.length >= capacity) {
      await this.#shrunk.wait(() => this.#held.length < capacity, signal);
    }
  }
}
