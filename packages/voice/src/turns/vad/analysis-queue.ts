import { type PcmAudio } from "turnwire/internal";
import type { VADAnalyzer } from "./vad-analyzer.ts";
import { Windows } from "./windows.ts";

/** How much audio may wait for an analyzer that is slower than the audio, in milliseconds. */
const maxBacklogMs = 2000;

export interface AnalysisHooks {
  /** A window has been analysed; `confidence` is 0 if the analyzer failed. */
  onWindow(window: PcmAudio, confidence: number): void;
  /** The analyzer failed. Not called again until it has worked again. */
  onFailed(cause: unknown): void;
  /** Audio was skipped because the analyzer is too slow. Called once. */
  onSkipped(): void;
}

/** Gives audio to an analyzer in windows, in order and one at a time. */
export class AnalysisQueue {
  readonly windowMs: number;
  readonly #analyzer: VADAnalyzer;
  readonly #hooks: AnalysisHooks;
  readonly #windows: Windows;
  #waiting: PcmAudio[] = [];
  #state: "idle" | "analysing" | "closed" = "idle";
  #analysed: Promise<void> = Promise.resolve();
  /** What has been reported and need not be reported again. */
  readonly #reported = new Set<"failure" | "skipping">();

  constructor(analyzer: VADAnalyzer, hooks: AnalysisHooks) {
    this.#analyzer = analyzer;
    this.#hooks = hooks;
    this.#windows = new Windows(analyzer);
    this.windowMs = (analyzer.windowSamples * 1000) / analyzer.sampleRate;
  }

  /** Adds audio. If the analyzer is not asynchronous, the audio has been analysed when this returns. */
  push(audio: PcmAudio): void {
    if (this.#state === "closed") return;
    this.#waiting.push(...this.#windows.push(audio));
    const excess = this.#waiting.length - Math.ceil(maxBacklogMs / this.windowMs);
    if (excess > 0) {
      this.#waiting.splice(0, excess);
      if (!this.#reported.has("skipping")) this.#hooks.onSkipped();
      this.#reported.add("skipping");
    }
    if (this.#state === "idle") this.#analysed = this.#analyse();
  }

  /** Resolves when the analyzer has been closed. */
  async close(): Promise<void> {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#waiting = [];
    await this.#analysed;
    await this.#analyzer.close();
  }

  async #analyse(): Promise<void> {
    this.#state = "analysing";
    for (let window = this.#waiting.shift(); window !== undefined; window = this.#waiting.shift()) {
      const answer = this.#ask(window);
      // A synchronous answer is not awaited, so that the frame follows right after the audio.
      const confidence = typeof answer === "number" ? answer : await answer;
      if (this.#isClosed) return;
      this.#hooks.onWindow(window, confidence);
    }
    if (!this.#isClosed) this.#state = "idle";
  }

  /** The state may change during an await. */
  get #isClosed(): boolean {
    return this.#state === "closed";
  }

  #ask(window: PcmAudio): number | Promise<number> {
    try {
      const answer = this.#analyzer.analyze(window);
      if (typeof answer === "number") return this.#onAnswer(answer);
      return answer.then(
        (confidence) => this.#onAnswer(confidence),
        (error: unknown) => this.#onFailed(error),
      );
    } catch (error) {
      return this.#onFailed(error);
    }
  }

  #onAnswer(confidence: number): number {
    this.#reported.delete("failure");
    return confidence;
  }

  #onFailed(cause: unknown): number {
    if (!this.#reported.has("failure")) this.#hooks.onFailed(cause);
    this.#reported.add("failure");
    return 0;
  }
}
