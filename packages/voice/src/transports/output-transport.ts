import {
  CancelFrame,
  EndFrame,
  type Frame,
  type FrameDirection,
  FrameProcessor,
  InterruptionFrame,
  StartFrame,
  SystemFrame,
} from "turnwire";
import {
  Alarm,
  type AudioFormat,
  checkFields,
  type Checks,
  type Clock,
  is,
  untilAborted,
  BotStartedSpeakingFrame,
  BotStoppedSpeakingFrame,
  OutputAudioRawFrame,
  TTSAudioRawFrame,
  TTSStartedFrame,
  TTSStoppedFrame,
} from "turnwire/internal";
import { clockOf, processorChecks, type ProcessorOptions } from "../checks.ts";
import { HeldFrames } from "./held-frames.ts";
import {
  type OutputChunk,
  type OutputTransportStats,
  Pacer,
  pacerChecks,
  type PacerOptions,
  type Underrun,
} from "./pacer.ts";

/** Options of an {@link OutputTransport}. Times are in milliseconds. */
export interface OutputTransportOptions extends PacerOptions, ProcessorOptions {
  /** After how long without playback the bot counts as silent, if no `TTSStoppedFrame` says so. Default 500. */
  silenceMs?: number;
}

export const outputChecks: Checks<OutputTransportOptions> = {
  ...processorChecks,
  ...pacerChecks,
  silenceMs: is.duration,
};

/** The audio that an interruption cut off. */
export interface Interrupted {
  /** How much audio has been played since the start. */
  playedMs: number;
  /** How much had been sent and was not played. */
  droppedMs: number;
  /** The utterance that was being sent. */
  utteranceId: string | undefined;
}

/** The events of an {@link OutputTransport}. */
export interface OutputTransportEvents {
  /** The bot's speech begins to be played. */
  botStartedSpeaking: [];
  /** The bot's speech has been played, or was cut off. */
  botStoppedSpeaking: [];
  /** An interruption cut the bot's speech off. */
  interrupted: [what: Interrupted];
  /** The client ran out of audio in the middle of speech. */
  underrun: [what: Underrun];
}

/**
 * The output of a pipeline: sends the bot's audio in chunks on a schedule, a little ahead of its time. Frames after audio
 * are passed on when that audio has been played. An interruption stops playback at once and drops the frames after the
 * audio that was not played. A subclass sends the audio, in `writeAudio` and `clearAudio`.
 */
export abstract class OutputTransport extends FrameProcessor<OutputTransportEvents> {
  protected readonly clock: Clock;
  readonly #pacer: Pacer;
  readonly #silenceMs: number;
  readonly #alarm: Alarm;
  readonly #held: HeldFrames;
  /** Fires at an interruption: frames that are being passed on then wait no longer. */
  #interruption = new AbortController();
  /** Whether an utterance is open: between its `TTSStartedFrame` and its `TTSStoppedFrame`. */
  #isOpen = false;
  #isPlaying = false;
  #endReached: (() => void) | undefined;
  #interruptions = 0;
  #isStopped = false;

  /**
   * @param reportsPlayed Whether `reportPlayed` will be called; otherwise the clock tells what has been played.
   * @throws InvalidArgumentError for an unusable option.
   */
  constructor(options: OutputTransportOptions = {}, reportsPlayed = false) {
    checkFields(options, outputChecks);
    super(options);
    this.events.declare("botStartedSpeaking", "botStoppedSpeaking", "interrupted", "underrun");
    this.clock = clockOf(options);
    this.#silenceMs = options.silenceMs ?? 500;
    this.#alarm = new Alarm(this.clock, () => void this.#held.release(), { keepAlive: true });
    this.#pacer = new Pacer(options, reportsPlayed, this.clock, {
      writable: (signal) => this.writable(signal),
      write: (chunk, signal) => {
        this.#setPlaying(true);
        this.#setAlarm();
        return this.writeAudio(chunk, signal);
      },
      onUnderrun: (what) => this.events.emit("underrun", what),
    });
    this.#held = new HeldFrames(
      this.#pacer.timeline,
      (frame) => this.#passOn(frame, this.#interruption.signal),
      () => this.#onReleased(),
    );
  }

  /** The format of the audio that is sent. */
  get format(): Readonly<AudioFormat> {
    return this.#pacer.format;
  }

  get stats(): OutputTransportStats {
    return { ...this.#pacer.stats, interruptions: this.#interruptions };
  }

  /** Sends a chunk. The next one waits for it. */
  protected abstract writeAudio(chunk: OutputChunk, signal: AbortSignal): void | Promise<void>;

  /** Called at an interruption: the far end should not play what it has been sent and has not played. */
  protected clearAudio(): void {}

  /** Returns a promise while the client does not take more. Chunks that are late because of it count as the client's. */
  protected writable(_signal: AbortSignal): void | Promise<void> {}

  /** Called when a frame is passed on downstream. */
  protected framePassed(_frame: Frame): void {}

  /** Opens what is needed. The `StartFrame` waits for it. */
  protected start(): void | Promise<void> {}

  /** Closes everything. Called once, at the `EndFrame` after all audio has been played, or at the `CancelFrame`. */
  protected stop(_how: "ended" | "cancelled"): void | Promise<void> {}

  /** To be called when the client has played up to a position; see {@link OutputChunk}. */
  protected reportPlayed(positionMs: number): void {
    this.#pacer.timeline.report(positionMs);
    if (!this.#isStopped) void this.#held.release();
  }

  // Frames that travel upstream do not wait in line with audio that waits for its time.
  override queueFrame(frame: Frame, direction: FrameDirection = "downstream", signal?: AbortSignal): Promise<void> {
    if (direction === "downstream" || frame instanceof SystemFrame) return super.queueFrame(frame, direction, signal);
    return this.pushFrame(frame, direction, signal);
  }

  protected override async processFrame(frame: Frame, direction: FrameDirection, signal: AbortSignal): Promise<void> {
    if (frame instanceof InterruptionFrame) this.#interrupt(frame, direction);
    else if (frame instanceof CancelFrame) await this.#cancel(frame, direction);
    else if (frame instanceof EndFrame) await this.#end(frame, signal);
    else if (frame instanceof OutputAudioRawFrame) {
      await this.#pacer.send(frame, frame instanceof TTSAudioRawFrame ? frame.utteranceId : undefined, signal);
    } else if (frame instanceof SystemFrame) {
      if (frame instanceof StartFrame) await this.start();
      if (direction === "downstream") this.framePassed(frame);
      await this.pushFrame(frame, direction);
    } else await this.#passAfterAudio(frame, signal);
  }

  async #passAfterAudio(frame: Frame, signal: AbortSignal): Promise<void> {
    if (frame instanceof TTSStartedFrame) this.#isOpen = true;
    if (frame instanceof TTSStoppedFrame) {
      await this.#pacer.finish(signal);
      this.#isOpen = false;
    }
    if (this.#held.isIdle && this.#pacer.timeline.isAllPlayed) {
      await this.#passOn(frame, signal);
    } else {
      await this.#held.room(signal);
      this.#held.add(frame);
    }
  }

  async #passOn(frame: Frame, signal: AbortSignal): Promise<void> {
    if (frame instanceof EndFrame) {
      this.#endReached?.();
      return;
    }
    this.framePassed(frame);
    const accepted = this.pushFrame(frame, "downstream", signal);
    if (frame instanceof TTSStoppedFrame && this.#pacer.timeline.isAllPlayed) this.#setPlaying(false);
    await accepted;
  }

  #onReleased(): void {
    if (this.#isPlaying && this.clock.now() >= this.#silentAtMs) {
      this.#setPlaying(false);
      // Within an utterance the audio is only late; elsewhere it has ended.
      if (!this.#isOpen) this.#pacer.onSilence();
    }
    this.#setAlarm();
  }

  get #silentAtMs(): number {
    return this.#pacer.timeline.quietAtMs + this.#silenceMs;
  }

  #setAlarm(): void {
    if (this.#isStopped) return;
    const { dueAtMs } = this.#held;
    const nowMs = this.clock.now();
    if (dueAtMs !== undefined) this.#alarm.setAtLatest(dueAtMs - nowMs);
    if (this.#isPlaying) this.#alarm.setAtLatest(this.#silentAtMs - nowMs);
  }

  /** Tells listeners and both neighbours that playback begins or ends. */
  #setPlaying(playing: boolean): void {
    if (this.#isPlaying === playing) return;
    this.#isPlaying = playing;
    this.events.emit(playing ? "botStartedSpeaking" : "botStoppedSpeaking");
    const makeFrame = (): Frame => (playing ? new BotStartedSpeakingFrame() : new BotStoppedSpeakingFrame());
    void this.pushFrame(makeFrame(), "upstream");
    const frame = makeFrame();
    this.framePassed(frame);
    void this.pushFrame(frame, "downstream");
  }

  #interrupt(frame: InterruptionFrame, direction: FrameDirection): void {
    const kept = this.#stopPlayback();
    if (direction === "downstream") this.framePassed(frame);
    void this.pushFrame(frame, direction);
    for (const each of kept) void this.#passOn(each, this.#interruption.signal);
  }

  /** Stops playing. Returns the frames that are to be passed on anyway. */
  #stopPlayback(): Frame[] {
    const { utteranceId } = this.#pacer;
    const droppedMs = this.#pacer.clear();
    this.#interruption.abort();
    this.#interruption = new AbortController();
    this.#alarm.clear();
    this.#isOpen = false;
    this.clearAudio();
    if (this.#isPlaying) {
      this.#interruptions += 1;
      this.events.emit("interrupted", { playedMs: this.stats.playedMs, droppedMs, utteranceId });
      this.#setPlaying(false);
    }
    return this.#held.purge();
  }

  async #end(frame: EndFrame, signal: AbortSignal): Promise<void> {
    const reached = new Promise<void>((resolve) => (this.#endReached = resolve));
    this.#held.add(frame);
    await untilAborted(reached, signal);
    this.#setPlaying(false);
    await this.#stop("ended");
    this.framePassed(frame);
    await this.pushFrame(frame, "downstream");
  }

  async #cancel(frame: CancelFrame, direction: FrameDirection): Promise<void> {
    this.#stopPlayback();
    await this.#stop("cancelled");
    await this.pushFrame(frame, direction);
  }

  async #stop(how: "ended" | "cancelled"): Promise<void> {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#alarm.clear();
    await this.stop(how);
  }
}
