import { type Clock, systemClock } from "turnwire/internal";
import { rms } from "turnwire/internal";
import { InvalidArgumentError, kindOf, PipelineError } from "turnwire/internal";
import {
  type PcmAudio,
  CancelFrame,
  EndFrame,
  type Frame,
  InputAudioRawFrame,
  StartFrame,
  VADUserStartedSpeakingFrame,
  VADUserStoppedSpeakingFrame,
} from "turnwire";
import { type FrameDirection, FrameProcessor, type FrameProcessorOptions } from "turnwire";
import { checkNumber } from "./checks.ts";
import type { VADAnalyzer } from "./vad-analyzer.ts";
import { VoiceActivity } from "./voice-activity.ts";
import { Windows } from "./windows.ts";

/** Options of a {@link VADProcessor}. */
export interface VADProcessorOptions extends FrameProcessorOptions {
  analyzer: VADAnalyzer;
  /** How much of a voice it takes for the user to have started, in milliseconds of audio. Default 200. */
  startMs?: number;
  /** How much silence it takes for the user to have stopped, in milliseconds of audio. Default 200. */
  stopMs?: number;
  /** How sure the analyzer has to be, from 0 to 1. Default 0.7. */
  confidence?: number;
  /** How loud it has to be: the root mean square, from 0 to 1. Default 0.002, a whisper far away (-54 dB). */
  minVolume?: number;
  /** When no audio has come for so long, in milliseconds, a voice has stopped: the microphone was closed. Default 1000. */
  audioTimeoutMs?: number;
  clock?: Clock;
}

/** For how long something loud counts, in milliseconds: a voice holds its breath before a "t". */
const volumeHoldMs = 100;
/** How much audio waits for an analyzer that is slower than the audio, in milliseconds. */
const maxBacklogMs = 2000;

/**
 * Hears in the user's audio when a voice starts and stops, and says so with `VADUserStartedSpeakingFrame` and
 * `VADUserStoppedSpeakingFrame`. Everything is passed on at once. The times are counted in audio, however fast it comes.
 */
export class VADProcessor extends FrameProcessor {
  readonly #analyzer: VADAnalyzer;
  readonly #windows: Windows;
  readonly #activity: VoiceActivity;
  readonly #windowMs: number;
  readonly #confidence: number;
  readonly #minVolume: number;
  readonly #audioTimeoutMs: number;
  readonly #clock: Clock;
  #volumes: number[] = [];
  #waiting: PcmAudio[] = [];
  #analysing = false;
  #analysed: Promise<void> = Promise.resolve();
  #closed = false;
  #failing = false;
  #lagging = false;
  #lastAudioMs = 0;
  #cancelTimer: (() => void) | undefined;

  /** @throws InvalidArgumentError for an option out of range. */
  constructor(options: VADProcessorOptions) {
    super(options);
    const { analyzer } = options;
    if (typeof analyzer?.analyze !== "function") {
      throw new InvalidArgumentError("analyzer", `must be a VADAnalyzer, not ${kindOf(analyzer)}`);
    }
    this.#analyzer = analyzer;
    this.#windows = new Windows(analyzer);
    this.#windowMs = (analyzer.windowSamples * 1000) / analyzer.sampleRate;
    const windowsFor = (ms: number): number => Math.max(1, Math.round(ms / this.#windowMs));
    this.#activity = new VoiceActivity({
      startWindows: windowsFor(checkNumber("startMs", options.startMs ?? 200, 0)),
      stopWindows: windowsFor(checkNumber("stopMs", options.stopMs ?? 200, 0)),
    });
    this.#confidence = checkNumber("confidence", options.confidence ?? 0.7, 0, 1);
    this.#minVolume = checkNumber("minVolume", options.minVolume ?? 0.002, 0, 1);
    this.#audioTimeoutMs = checkNumber("audioTimeoutMs", options.audioTimeoutMs ?? 1000, 1);
    this.#clock = options.clock ?? systemClock;
  }

  protected override async processFrame(frame: Frame, direction: FrameDirection): Promise<void> {
    const passed = this.pushFrame(frame, direction);
    if (frame instanceof InputAudioRawFrame && direction === "downstream") this.#take(frame);
    else if (frame instanceof StartFrame) this.#analyzer.reset();
    else if (frame instanceof CancelFrame || (frame instanceof EndFrame && direction === "downstream")) {
      await this.#close();
    }
    await passed;
  }

  #take(audio: PcmAudio): void {
    if (this.#closed) return;
    this.#lastAudioMs = this.#clock.now();
    this.#waiting.push(...this.#windows.push(audio));
    const tooMany = this.#waiting.length - Math.ceil(maxBacklogMs / this.#windowMs);
    if (tooMany > 0) {
      this.#waiting.splice(0, tooMany);
      if (!this.#lagging) this.logger.warn(`the analyzer of ${this.name} is slower than the audio; some is not heard`);
      this.#lagging = true;
    }
    if (!this.#analysing) this.#analysed = this.#analyse();
  }

  async #analyse(): Promise<void> {
    this.#analysing = true;
    for (let window = this.#waiting.shift(); window !== undefined; window = this.#waiting.shift()) {
      const answer = this.#ask(window);
      // Without a wait where there is none: the frame then follows right behind the audio.
      const confidence = typeof answer === "number" ? answer : await answer;
      if (this.#closed) return;
      this.#hear(this.#isLoud(window) && confidence >= this.#confidence);
    }
    this.#analysing = false;
  }

  #ask(window: PcmAudio): number | Promise<number> {
    try {
      const answer = this.#analyzer.analyze(window);
      if (typeof answer !== "number")
        return answer.then(
          (value) => this.#answered(value),
          (error) => this.#failed(error),
        );
      return this.#answered(answer);
    } catch (error) {
      return this.#failed(error);
    }
  }

  #answered(confidence: number): number {
    this.#failing = false;
    return confidence;
  }

  /** Said once, not at every window. */
  #failed(cause: unknown): number {
    if (!this.#failing) void this.pushError(new PipelineError(`the analyzer of ${this.name} failed`, { cause }));
    this.#failing = true;
    return 0;
  }

  #isLoud(window: PcmAudio): boolean {
    this.#volumes = [...this.#volumes, rms(window)].slice(-Math.ceil(volumeHoldMs / this.#windowMs));
    return Math.max(...this.#volumes) >= this.#minVolume;
  }

  #hear(voiced: boolean): void {
    const count = this.#activity.count + 1;
    const heard = this.#activity.hear(voiced);
    const ms = count * this.#windowMs;
    if (heard === "started") void this.pushFrame(new VADUserStartedSpeakingFrame({ startMs: ms }));
    else if (heard === "stopped") void this.pushFrame(new VADUserStoppedSpeakingFrame({ stopMs: ms }));
    this.#watch();
  }

  /** Audio time stands still when no audio comes. */
  #watch(): void {
    if (this.#activity.state === "quiet") {
      this.#cancelTimer?.();
      this.#cancelTimer = undefined;
    } else if (this.#cancelTimer === undefined) {
      const leftMs = this.#audioTimeoutMs - (this.#clock.now() - this.#lastAudioMs);
      this.#cancelTimer = this.#clock.schedule(() => this.#tick(), leftMs, { keepAlive: false });
    }
  }

  #tick(): void {
    this.#cancelTimer = undefined;
    const silentMs = this.#clock.now() - this.#lastAudioMs;
    if (silentMs < this.#audioTimeoutMs) {
      this.#watch();
      return;
    }
    const { state, count } = this.#activity;
    this.#activity.reset();
    this.#analyzer.reset();
    if (state === "starting") return;
    const stopMs = silentMs + (state === "stopping" ? count * this.#windowMs : 0);
    void this.pushFrame(new VADUserStoppedSpeakingFrame({ stopMs }));
  }

  async #close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#waiting = [];
    this.#cancelTimer?.();
    await this.#analysed;
    await this.#analyzer.close();
  }
}
