import { type Clock, onAbort } from "turnwire/internal";
import { Frame } from "turnwire";
import type { Utterance } from "./utterance.ts";

export interface SpeechQueueOptions<Settings> {
  /** Gives a frame to the next processor; resolves once there is room for more, or the signal fires. */
  push(frame: Frame, signal: AbortSignal): Promise<void>;
  /** Everything of an utterance has come out. */
  spoken(utterance: Utterance<Settings>): void;
  clock: Clock;
  /** The most frames that wait, beside the audio. */
  frames: number;
  /** The most text that waits, in characters. */
  characters: number;
  /** The most audio that waits, in bytes. */
  audioBytes: number;
}

/**
 * The ordered output of a TTS service: utterances, and the frames before, between and behind them. What comes out waits
 * for the next processor; who puts more in than may wait has to wait in turn, with `room` and `audioRoom`.
 */
export class SpeechQueue<Settings> {
  readonly #options: SpeechQueueOptions<Settings>;
  #line: Array<Frame | Utterance<Settings>> = [];
  #runs = false;
  #interruption = new AbortController();
  #waiters = new Set<() => void>();
  #cancelTimer: () => void = () => undefined;

  constructor(options: SpeechQueueOptions<Settings>) {
    this.#options = options;
  }

  /** Whether nothing waits or is on its way. */
  get isIdle(): boolean {
    return !this.#runs && this.#line.length === 0;
  }

  /** The first utterance whose audio is not complete: the provider's next work. */
  get firstIncomplete(): Utterance<Settings> | undefined {
    return this.#utterances().find((utterance) => !utterance.complete);
  }

  add(entry: Frame | Utterance<Settings>): void {
    this.#line.push(entry);
    this.changed();
  }

  /** Something has come for an utterance in the line. */
  changed(): void {
    void this.#run();
  }

  /** Resolves once more frames and text may be put in, or the signal fires. */
  room(signal: AbortSignal): Promise<void> {
    return this.#until(() => this.hasRoom, signal);
  }

  get hasRoom(): boolean {
    const utterances = this.#utterances();
    const frames = this.#line.length + utterances.reduce((sum, one) => sum + one.waitingFrames, 0);
    const characters = utterances.reduce((sum, one) => sum + one.waitingCharacters, 0);
    return frames < this.#options.frames && characters < this.#options.characters;
  }

  /** Resolves once more audio may be put in, or after an interruption. */
  audioRoom(): Promise<void> {
    const { signal } = this.#interruption;
    return this.#until(() => this.#waitingBytes < this.#options.audioBytes, signal);
  }

  /** Resolves once everything has come out, or the signal fires. */
  whenIdle(signal: AbortSignal): Promise<void> {
    return this.#until(() => this.isIdle, signal);
  }

  /** Drops everything that has not come out, except uninterruptible frames: they come out once `changed` is called. */
  interrupt(): void {
    const line = this.#line.flatMap((entry) => (entry instanceof Frame ? [entry] : entry.drop()));
    this.#line = line.filter((frame) => frame.uninterruptible);
    this.#interruption.abort(new DOMException("the speech was interrupted", "AbortError"));
    this.#interruption = new AbortController();
    this.#wake();
  }

  get #waitingBytes(): number {
    return this.#utterances().reduce((sum, one) => sum + one.waitingBytes, 0);
  }

  #utterances(): Array<Utterance<Settings>> {
    return this.#line.filter((entry): entry is Utterance<Settings> => !(entry instanceof Frame));
  }

  async #run(): Promise<void> {
    if (this.#runs) return;
    this.#runs = true;
    this.#cancelTimer();
    for (let frame = this.#next(); frame !== undefined; frame = this.#next()) {
      const pushed = this.#options.push(frame, this.#interruption.signal);
      this.#wake();
      await pushed;
    }
    this.#runs = false;
    this.#wake();
  }

  #next(): Frame | undefined {
    for (let [head] = this.#line; head !== undefined; [head] = this.#line) {
      if (head instanceof Frame) return this.#line.shift() as Frame;
      const frame = head.take();
      if (frame !== undefined) return frame;
      if (!head.ended) {
        const { heldForMs } = head;
        if (heldForMs !== undefined) this.#tryAgainIn(heldForMs);
        return undefined;
      }
      this.#line.shift();
      this.#options.spoken(head);
    }
    return undefined;
  }

  #tryAgainIn(delayMs: number): void {
    this.#cancelTimer = this.#options.clock.schedule(() => this.changed(), delayMs, { keepAlive: false });
  }

  #until(holds: () => boolean, signal: AbortSignal): Promise<void> {
    if (holds() || signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const check = (): void => {
        if (!holds() && !signal.aborted) return;
        this.#waiters.delete(check);
        removeListener();
        resolve();
      };
      this.#waiters.add(check);
      const removeListener = onAbort(signal, check);
    });
  }

  #wake(): void {
    for (const check of [...this.#waiters]) check();
  }
}
