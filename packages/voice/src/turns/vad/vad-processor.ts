import { CancelFrame, EndFrame, type Frame, type FrameDirection, FrameProcessor, StartFrame } from "turnwire";
import {
  type Check,
  checkFields,
  checkOptions,
  type Checks,
  type Clock,
  InactivityTimer,
  InvalidArgumentError,
  is,
  PipelineError,
  rms,
  InputAudioRawFrame,
  type PcmAudio,
  VADUserStartedSpeakingFrame,
  VADUserStoppedSpeakingFrame,
} from "turnwire/internal";
import { clockOf, processorChecks, type ProcessorOptions } from "../../checks.ts";
import { AnalysisQueue } from "./analysis-queue.ts";
import type { VADAnalyzer } from "./vad-analyzer.ts";

/** Options of a {@link VADProcessor}. */
export interface VADProcessorOptions extends ProcessorOptions {
  analyzer: VADAnalyzer;
  /** How long a voice has to be heard before the user has started, in milliseconds of audio. Default 200. */
  startMs?: number;
  /** How long the silence has to be before the user has stopped, in milliseconds of audio. Default 200. */
  stopMs?: number;
  /** The confidence of the analyzer that counts as a voice, from 0 to 1. Default 0.7. */
  confidence?: number;
  /** The least volume of a voice: the root mean square, from 0 to 1. Default 0.002 (-54 dB), a distant whisper. */
  minVolume?: number;
  /** After how many milliseconds without audio a voice has stopped, because the microphone was closed. Default 1000. */
  audioTimeoutMs?: number;
}

const methods = is.having(["analyze", "reset", "close"], "a VADAnalyzer");

const analyzerCheck: Check = {
  expected: methods.expected,
  holds: (analyzer) => analyzer instanceof Promise || methods.holds(analyzer),
  within: (analyzer, field) => {
    if (analyzer instanceof Promise) {
      throw new InvalidArgumentError(field, `expected ${methods.expected}, got a promise of one; await it`);
    }
    const positive = is.required(is.number({ min: 1, integer: true }));
    checkFields(analyzer as object, { sampleRate: positive, windowSamples: positive }, `${field}.`);
  },
};

const checks: Checks<VADProcessorOptions> = {
  ...processorChecks,
  analyzer: is.required(analyzerCheck),
  startMs: is.duration,
  stopMs: is.duration,
  confidence: is.number({ min: 0, max: 1 }),
  minVolume: is.number({ min: 0, max: 1 }),
  audioTimeoutMs: is.timeLimit,
};

const stop = "it is called `stopMs`, in milliseconds";
const start = "it is called `startMs`, in milliseconds";
const hints = {
  vadAnalyzer: "it is called `analyzer`",
  stopSecs: stop,
  stop_secs: stop,
  startSecs: start,
  start_secs: start,
};

/** How long a loud window counts on, in milliseconds: a voice pauses before a "t". */
const volumeHoldMs = 100;

/**
 * Detects when a voice starts and stops in the user's audio, and pushes `VADUserStartedSpeakingFrame` and
 * `VADUserStoppedSpeakingFrame`. Passes all frames on at once. Times are counted in audio, however fast it comes.
 */
export class VADProcessor extends FrameProcessor {
  readonly #analyzer: VADAnalyzer;
  readonly #analysis: AnalysisQueue;
  readonly #startWindows: number;
  readonly #stopWindows: number;
  readonly #confidence: number;
  readonly #minVolume: number;
  readonly #clock: Clock;
  /** Runs while a voice is heard, or has begun to be. */
  readonly #audioTimer: InactivityTimer;
  #volumes: number[] = [];
  #isSpeaking = false;
  /** How many windows in a row hold a voice while none speaks, or no voice while one does. */
  #count = 0;
  #lastAudioMs = 0;

  /** @throws InvalidArgumentError for an option that is unknown or unusable. */
  constructor(options: VADProcessorOptions) {
    super(checkOptions("VADProcessor", options ?? {}, checks, hints));
    this.#analyzer = options.analyzer;
    this.#analysis = new AnalysisQueue(options.analyzer, {
      onWindow: (window, confidence) => this.#hear(this.#isLoud(window) && confidence >= this.#confidence),
      onFailed: (cause) => void this.pushError(new PipelineError(`the analyzer of ${this.name} failed`, { cause })),
      onSkipped: () => this.logger.warn(`the analyzer of ${this.name} is slower than the audio; some audio is skipped`),
    });
    const windowsFor = (ms: number): number => Math.max(1, Math.round(ms / this.#analysis.windowMs));
    this.#startWindows = windowsFor(options.startMs ?? 200);
    this.#stopWindows = windowsFor(options.stopMs ?? 200);
    this.#confidence = options.confidence ?? 0.7;
    this.#minVolume = options.minVolume ?? 0.002;
    this.#clock = clockOf(options);
    this.#audioTimer = new InactivityTimer(this.#clock, options.audioTimeoutMs ?? 1000, () => this.#onNoAudio());
    this.#audioTimer.stop();
  }

  protected override async processFrame(frame: Frame, direction: FrameDirection): Promise<void> {
    const passed = this.pushFrame(frame, direction);
    if (frame instanceof InputAudioRawFrame && direction === "downstream") {
      this.#lastAudioMs = this.#clock.now();
      this.#audioTimer.touch();
      this.#analysis.push(frame);
    } else if (frame instanceof StartFrame) {
      this.#analyzer.reset();
    } else if (frame instanceof CancelFrame || (frame instanceof EndFrame && direction === "downstream")) {
      this.#audioTimer.stop();
      await this.#analysis.close();
    }
    await passed;
  }

  #isLoud(window: PcmAudio): boolean {
    const { windowMs } = this.#analysis;
    this.#volumes = [...this.#volumes, rms(window)].slice(-Math.ceil(volumeHoldMs / windowMs));
    return Math.max(...this.#volumes) >= this.#minVolume;
  }

  #hear(hasVoice: boolean): void {
    this.#count = hasVoice === this.#isSpeaking ? 0 : this.#count + 1;
    if (this.#count >= (hasVoice ? this.#startWindows : this.#stopWindows)) {
      const ms = this.#count * this.#analysis.windowMs;
      this.#isSpeaking = hasVoice;
      this.#count = 0;
      if (hasVoice) void this.pushFrame(new VADUserStartedSpeakingFrame({ startMs: ms }));
      else void this.pushFrame(new VADUserStoppedSpeakingFrame({ stopMs: ms }));
    }
    if (this.#isSpeaking || this.#count > 0) this.#audioTimer.start(this.#lastAudioMs);
    else this.#audioTimer.stop();
  }

  /** The time of the audio stands still while no audio comes. */
  #onNoAudio(): void {
    this.#audioTimer.stop();
    const hasSpoken = this.#isSpeaking;
    const stopMs = this.#clock.now() - this.#lastAudioMs + this.#count * this.#analysis.windowMs;
    this.#isSpeaking = false;
    this.#count = 0;
    this.#analyzer.reset();
    if (hasSpoken) void this.pushFrame(new VADUserStoppedSpeakingFrame({ stopMs }));
  }
}
