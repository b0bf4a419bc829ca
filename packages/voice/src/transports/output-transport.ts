import type { AudioFormat } from "turnwire/internal";
import { type Clock, systemClock, untilAborted } from "turnwire/internal";
import {
  BotStartedSpeakingFrame,
  BotStoppedSpeakingFrame,
  CancelFrame,
  EndFrame,
  type Frame,
  InterruptionFrame,
  OutputAudioRawFrame,
  StartFrame,
  SystemFrame,
  TTSAudioRawFrame,
  TTSStartedFrame,
  TTSStoppedFrame,
} from "turnwire";
import { type FrameDirection, FrameProcessor, type FrameProcessorOptions } from "turnwire";
import { EarliestAlarm } from "./earliest-alarm.ts";
import { HeldFrames } from "./held-frames.ts";
import { numberOption } from "./options.ts";
import {
  type OutputChunk,
  type OutputTransportStats,
  Pacer,
  type PacerOptions,
  pacerSettings,
  type PacerSettings,
  type Underrun,
} from "./pacer.ts";

/** Options of an {@link OutputTransport}. Times are in milliseconds. */
export interface OutputTransportOptions extends PacerOptions, FrameProcessorOptions {
  /** How long nothing may be played before the bot counts as silent, where no `TTSStoppedFrame` says so. Default 500. */
  silenceMs?: number;
  clock?: Clock;
}

/** What an interruption cut off. */
export interface Interrupted {
  /** How much audio has been played since the start. */
  playedMs: number;
  /** How much had been sent, and was not played. */
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
  /** The client ran dry in the middle of speech. */
  underrun: [what: Underrun];
}

/** The options with their defaults. @throws InvalidArgumentError for one that cannot be used. */
export function outputSettings(options: OutputTransportOptions): PacerSettings & { silenceMs: number } {
  const silenceMs = numberOption("silenceMs", options.silenceMs, { default: 500 });
  return { ...pacerSettings(options), silenceMs };
}

/** How many frames wait for the audio in front of them before who pushes more has to wait. */
const heldCapacity = 64;

/**
 * Where the bot's audio goes out. It is sent in chunks on a schedule, a little ahead of its time. Frames behind audio
 * are passed on when that audio has been played. An interruption stops it at once, and drops the frames behind what was
 * not played. A subclass does the sending, in `writeAudio` and `clearAudio`.
 */
export abstract class OutputTransport extends FrameProcessor<OutputTransportEvents> {
  protected readonly clock: Clock;
  readonly #pacer: Pacer;
  readonly #silenceMs: number;
  readonly #alarm: EarliestAlarm;
  readonly #held = new HeldFrames(heldCapacity);
  /** Fires at an interruption: what is on its way then waits no longer. */
  #epoch = new AbortController();
  /** Between a TTSStartedFrame and its TTSStoppedFrame. */
  #inUtterance = false;
  #speaking = false;
  #passing = false;
  #endReached: (() => void) | undefined;
  #stopped = false;

  /** @param reportsPlayed Whether `reportPlayed` will be called; else the clock says what has been played. */
  constructor(options: OutputTransportOptions = {}, reportsPlayed = false) {
    super(options);
    this.events.declare("botStartedSpeaking", "botStoppedSpeaking", "interrupted", "underrun");
    this.clock = options.clock ?? systemClock;
    const settings = outputSettings(options);
    this.#silenceMs = settings.silenceMs;
    this.#alarm = new EarliestAlarm(this.clock, () => void this.#advance());
    this.#pacer = new Pacer(settings, reportsPlayed, this.clock, {
      writable: (signal) => this.writable(signal),
      sending: () => this.#startSpeaking(),
      write: (chunk, signal) => {
        this.#wakeLater();
        return this.writeAudio(chunk, signal);
      },
      underrun: (what) => this.events.emit("underrun", what),
    });
  }

  /** What is sent. */
  get format(): Readonly<AudioFormat> {
    return this.#pacer.format;
  }

  get stats(): OutputTransportStats {
    return this.#pacer.stats;
  }

  /** Sends a chunk. The next one waits for it. */
  protected abstract writeAudio(chunk: OutputChunk, signal: AbortSignal): void | Promise<void>;

  /** An interruption: what was sent and not yet played is not to be played. */
  protected clearAudio(): void {}

  /** A promise while the client does not take more; chunks that are late for it are the client's. */
  protected writable(_signal: AbortSignal): void | Promise<void> {}

  /** Called for each frame that goes on downstream, when it does. */
  protected framePassed(_frame: Frame): void {}

  /** Opens what it needs; called at the `StartFrame`, which waits for it. */
  protected start(): void | Promise<void> {}

  /** Closes everything; called once, at the `EndFrame` when all has been played, or at the `CancelFrame`. */
  protected stop(_how: "ended" | "cancelled"): void | Promise<void> {}

  /** The client has played up to a position; see {@link OutputChunk}. */
  protected reportPlayed(positionMs: number): void {
    this.#pacer.timeline.report(positionMs);
    if (!this.#stopped) void this.#advance();
  }

  // Frames that travel up do not stand in line with audio that waits for its time.
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
    } else await this.#passBehind(frame, signal);
  }

  /** Passes a frame on when the audio in front of it has been played. */
  async #passBehind(frame: Frame, signal: AbortSignal): Promise<void> {
    if (frame instanceof TTSStartedFrame) this.#inUtterance = true;
    if (frame instanceof TTSStoppedFrame) {
      await this.#pacer.finish(signal);
      this.#inUtterance = false;
    }
    if (this.#held.isEmpty && !this.#passing && this.#allPlayed) {
      await this.#passOn(frame, signal);
    } else {
      await this.#held.room(signal);
      this.#hold(frame);
    }
  }

  #hold(frame: Frame): void {
    this.#held.add(frame, this.#pacer.timeline.sentMs);
    void this.#advance();
  }

  /** Passes on what is due, one after the other, and looks when there is more to do. */
  async #advance(): Promise<void> {
    if (this.#passing) return;
    this.#passing = true;
    for (let frame = this.#nextDue(); frame !== undefined; frame = this.#nextDue()) {
      await this.#passOn(frame, this.#epoch.signal);
    }
    this.#passing = false;
    this.#watchSilence();
    this.#wakeLater();
  }

  #nextDue(): Frame | undefined {
    const { nextMs } = this.#held;
    const due = nextMs !== undefined && this.#pacer.timeline.isPlayed(nextMs, this.clock.now());
    return due ? this.#held.shift() : undefined;
  }

  async #passOn(frame: Frame, signal: AbortSignal): Promise<void> {
    if (frame instanceof EndFrame) {
      this.#endReached?.();
      return;
    }
    this.framePassed(frame);
    const accepted = this.pushFrame(frame, "downstream", signal);
    if (frame instanceof TTSStoppedFrame && this.#allPlayed) this.#stopSpeaking();
    await accepted;
  }

  get #allPlayed(): boolean {
    const { timeline } = this.#pacer;
    return timeline.isPlayed(timeline.sentMs, this.clock.now());
  }

  #watchSilence(): void {
    if (!this.#speaking || this.clock.now() < this.#silentAtMs) return;
    this.#stopSpeaking();
    // Within an utterance the audio is only late; elsewhere it has ended.
    if (!this.#inUtterance) this.#pacer.silent();
  }

  get #silentAtMs(): number {
    return this.#pacer.timeline.quietAtMs(this.clock.now()) + this.#silenceMs;
  }

  #wakeLater(): void {
    if (this.#stopped) return;
    const { nextMs } = this.#held;
    if (nextMs !== undefined) this.#alarm.set(this.#pacer.timeline.playedAtMs(nextMs));
    if (this.#speaking) this.#alarm.set(this.#silentAtMs);
  }

  #startSpeaking(): void {
    if (this.#speaking) return;
    this.#speaking = true;
    this.events.emit("botStartedSpeaking");
    this.#broadcast(new BotStartedSpeakingFrame(), new BotStartedSpeakingFrame());
  }

  #stopSpeaking(): void {
    if (!this.#speaking) return;
    this.#speaking = false;
    this.events.emit("botStoppedSpeaking");
    this.#broadcast(new BotStoppedSpeakingFrame(), new BotStoppedSpeakingFrame());
  }

  #broadcast(up: Frame, down: Frame): void {
    void this.pushFrame(up, "upstream");
    this.framePassed(down);
    void this.pushFrame(down, "downstream");
  }

  #interrupt(frame: InterruptionFrame, direction: FrameDirection): void {
    const kept = this.#drop();
    if (direction === "downstream") this.framePassed(frame);
    void this.pushFrame(frame, direction);
    for (const each of kept) void this.#passOn(each, this.#epoch.signal);
  }

  /** Stops playing. Answers the frames that are to come out all the same. */
  #drop(): Frame[] {
    const { utteranceId } = this.#pacer;
    const droppedMs = this.#pacer.clear();
    this.#epoch.abort();
    this.#epoch = new AbortController();
    this.#alarm.clear();
    this.#inUtterance = false;
    this.clearAudio();
    if (this.#speaking) {
      this.#pacer.countInterruption();
      this.events.emit("interrupted", { playedMs: this.stats.playedMs, droppedMs, utteranceId });
      this.#stopSpeaking();
    }
    return this.#held.purge();
  }

  async #end(frame: EndFrame, signal: AbortSignal): Promise<void> {
    const reached = new Promise<void>((resolve) => (this.#endReached = resolve));
    this.#hold(frame);
    await untilAborted(reached, signal);
    this.#stopSpeaking();
    await this.#close("ended");
    this.framePassed(frame);
    await this.pushFrame(frame, "downstream");
  }

  async #cancel(frame: CancelFrame, direction: FrameDirection): Promise<void> {
    this.#drop();
    await this.#close("cancelled");
    await this.pushFrame(frame, direction);
  }

  async #close(how: "ended" | "cancelled"): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#alarm.clear();
    await this.stop(how);
  }
}
