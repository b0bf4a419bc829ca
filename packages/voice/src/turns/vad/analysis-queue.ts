import { AudioChunker, AudioConverter, type PcmAudio } from "turnwire/internal";
import type { VADAnalyzer } from "./vad-analyzer.ts";

const bytesPerSample = 2;
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

/** Gives audio of any format to an analyzer in windows, in order and one at a time. */
export class AnalysisQueue {
  readonly windowMs: number;
  readonly #analyzer: VADAnalyzer;
  readonly #hooks: AnalysisHooks;
  readonly #converter: AudioConverter;
  readonly #chunker: AudioChunker;
  #waiting: Uint8Array[] = [];
  #state: "idle" | "analysing" | "closed" = "idle";
  #analysed: Promise<void> = Promise.resolve();
  /** The problems that have been reported and need not be reported again. */
  readonly #reported = new Set<"failure" | "skipping">();

  constructor(analyzer: VADAnalyzer, hooks: AnalysisHooks) {
    const { sampleRate, windowSamples } = analyzer;
    this.#analyzer = analyzer;
    this.#hooks = hooks;
    this.#converter = new AudioConverter({ sampleRate, channels: 1 });
    this.#chunker = new AudioChunker(windowSamples * bytesPerSample);
    this.windowMs = (windowSamples * 1000) / sampleRate;
  }

  /** Adds audio. If the analyzer is not asynchronous, the audio has been analysed when this returns. */
  push(audio: PcmAudio): void {
    if (this.#state === "closed") return;
    this.#waiting.push(...this.#chunker.push(this.#converter.convert(audio)));
    const excess = this.#waiting.length - Math.ceil(maxBacklogMs / this.windowMs);
    if (excess > 0) {
      this.#waiting.splice(0, excess);
      this.#reportOnce("skipping", () => this.#hooks.onSkipped());
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
    for (let audio = this.#waiting.shift(); audio !== undefined; audio = this.#waiting.shift()) {
      const window = { audio, sampleRate: this.#analyzer.sampleRate, channels: 1 };
      let confidence = 0;
      try {
        const answer = this.#analyzer.analyze(window);
        // A synchronous answer is not awaited, so that the frame follows right after the audio.
        confidence = typeof answer === "number" ? answer : await answer;
        this.#reported.delete("failure");
      } catch (cause) {
        this.#reportOnce("failure", () => this.#hooks.onFailed(cause));
      }
      if (this.#isClosed) return;
      this.#hooks.onWindow(window, confidence);
    }
    if (!this.#isClosed) this.#state = "idle";
  }

  /** The state may change during an await. */
  get #isClosed(): boolean {
    return this.#state === "closed";
  }

  #reportOnce(what: "failure" | "skipping", report: () => void): void {
    if (this.#reported.has(what)) return;
    this.#reported.add(what);
    report();
  }
}
