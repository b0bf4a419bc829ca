import type { Frame } from "turnwire";
import { Alarm, type Clock, Condition } from "turnwire/internal";
import { Utterance } from "../utterance/utterance.ts";

export interface SpeechQueueOptions<Settings> {
  /** Gives a frame to the next processor. Resolves when there is room for more, or the signal fires. */
  push(frame: Frame, signal: AbortSignal): Promise<void>;
  /** Called when everything of an utterance has been pushed. */
  onSpoken(utterance: Utterance<Settings>): void;
  clock: Clock;
  /** The most waiting audio, in bytes. */
  maxAudioBytes: number;
}

/** The greatest number of waiting frames, without audio. */
const maxFrames = 64;
/** The most waiting text, in characters. */
const maxCharacters = 16_384;

/**
 * The ordered output of a TTS service: utterances, and the frames before, between and after them. Frames wait here for the
 * next processor. A producer waits for `room` or `audioRoom` before it adds more.
 */
export class SpeechQueue<Settings> {
  readonly #options: SpeechQueueOptions<Settings>;
  readonly #changed = new Condition();
  /** Looks again for audio that an utterance holds back. */
  readonly #alarm: Alarm;
  #entries: Array<Frame | Utterance<Settings>> = [];
  #state: "idle" | "pushing" = "idle";
  #interruption = new AbortController();

  constructor(options: SpeechQueueOptions<Settings>) {
    this.#options = options;
    this.#alarm = new Alarm(options.clock, () => this.advance());
  }

  /** Whether nothing waits or is being pushed. */
  get isIdle(): boolean {
    return this.#state === "idle" && this.#entries.length === 0;
  }

  /** The first utterance whose audio is not complete: the provider speaks this one. */
  get firstIncomplete(): Utterance<Settings> | undefined {
    return this.#utterances().find((utterance) => !utterance.audio.isComplete);
  }

  get hasRoom(): boolean {
    const utterances = this.#utterances();
    const frames = this.#entries.length + utterances.reduce((sum, one) => sum + one.text.waitingFrames, 0);
    const characters = utterances.reduce((sum, one) => sum + one.waitingCharacters, 0);
    return frames < maxFrames && characters < maxCharacters;
  }

  add(entry: Frame | Utterance<Settings>): void {
    this.#entries.push(entry);
    this.advance();
  }

  /** Pushes the frames that are ready. To be called when an utterance of the queue has changed. */
  advance(): void {
    if (this.#state === "idle") void this.#pushReady();
  }

  /** Resolves when there is room for more frames and text, or the signal fires. */
  room(signal: AbortSignal): Promise<void> {
    return this.#until(() => this.hasRoom, signal);
  }

  /** Resolves when there is room for more audio, or after an interruption. */
  audioRoom(): Promise<void> {
    const { signal } = this.#interruption;
    return this.#until(() => this.#waitingBytes < this.#options.maxAudioBytes, signal);
  }

  /** Resolves when everything has been pushed, or the signal fires. */
  whenIdle(signal: AbortSignal): Promise<void> {
    return this.#until(() => this.isIdle, signal);
  }

  /** Drops everything that has not been pushed, except uninterruptible frames; `advance` pushes those. */
  interrupt(): void {
    const frames = this.#entries.flatMap((entry) => (entry instanceof Utterance ? entry.drop() : [entry]));
    this.#entries = frames.filter((frame) => frame.uninterruptible);
    this.#interruption.abort(new DOMException("the speech was interrupted", "AbortError"));
    this.#interruption = new AbortController();
    this.#changed.notify();
  }

  get #waitingBytes(): number {
    return this.#utterances().reduce((sum, one) => sum + one.audio.waitingBytes, 0);
  }

  #utterances(): Array<Utterance<Settings>> {
    return this.#entries.filter((entry) => entry instanceof Utterance);
  }

  async #pushReady(): Promise<void> {
    this.#state = "pushing";
    this.#alarm.clear();
    for (let frame = this.#next(); frame !== undefined; frame = this.#next()) {
      const pushed = this.#options.push(frame, this.#interruption.signal);
      this.#changed.notify();
      await pushed;
    }
    this.#state = "idle";
    this.#changed.notify();
  }

  #next(): Frame | undefined {
    for (let [head] = this.#entries; head !== undefined; [head] = this.#entries) {
      if (!(head instanceof Utterance)) return this.#entries.shift() as Frame;
      const frame = head.take();
      if (frame !== undefined) return frame;
      if (!head.hasEnded) {
        const { heldForMs } = head.audio;
        if (heldForMs !== undefined) this.#alarm.set(heldForMs);
        return undefined;
      }
      this.#entries.shift();
      this.#options.onSpoken(head);
    }
    return undefined;
  }

  #until(holds: () => boolean, signal: AbortSignal): Promise<void> {
    return this.#changed.wait(holds, signal).catch(() => undefined);
  }
}
