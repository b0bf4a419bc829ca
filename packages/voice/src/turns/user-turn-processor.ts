import { type Clock, systemClock } from "turnwire/internal";
import { PipelineError } from "turnwire/internal";
import {
  BotStartedSpeakingFrame,
  BotStoppedSpeakingFrame,
  CancelFrame,
  EndFrame,
  type Frame,
  InputAudioRawFrame,
  InterimTranscriptionFrame,
  StartFrame,
  TranscriptionFrame,
  UserStartedSpeakingFrame,
  UserStoppedSpeakingFrame,
  UserTurnEndFrame,
  UserTurnStartFrame,
  VADUserStartedSpeakingFrame,
  VADUserStoppedSpeakingFrame,
} from "turnwire";
import { type FrameDirection, FrameProcessor, type FrameProcessorOptions } from "turnwire";
import { Alarm } from "./alarm.ts";
import { checkNumber } from "./checks.ts";
import {
  SilenceStopStrategy,
  TranscriptionStartStrategy,
  type UserTurnStartStrategy,
  type UserTurnStopStrategy,
  VADStartStrategy,
} from "./strategies.ts";
import { Hearing, type TurnFrame } from "./turn-state.ts";

/** Options of a {@link UserTurnProcessor}. */
export interface UserTurnProcessorOptions extends FrameProcessorOptions {
  /** A turn starts when one of them says so. Default: a `VADStartStrategy` and a `TranscriptionStartStrategy`. */
  start?: readonly UserTurnStartStrategy[];
  /** A turn ends when the first of them says so. Default: a `SilenceStopStrategy`. */
  stop?: readonly UserTurnStopStrategy[];
  /** After how long without speech of either side `idle` is told, in milliseconds. Default: never. */
  userIdleMs?: number;
  /** A turn in which nothing happens for so long ends, in milliseconds. Default 5000. */
  turnTimeoutMs?: number;
  /** How long after a turn words still belong to it, in milliseconds. Default 2000. */
  lateMs?: number;
  /** How long words wait for a turn to start, in milliseconds, before they are dropped. Default 2000. */
  holdMs?: number;
  clock?: Clock;
}

/** Why a user's turn ended: a strategy, `turnTimeoutMs`, words that came late, `stopUserTurn()`, the pipeline's end. */
export type UserTurnEndReason = "strategy" | "timeout" | "late" | "request" | "end";

/** The events of a {@link UserTurnProcessor}. */
export interface UserTurnProcessorEvents {
  turnStarted: [];
  turnStopped: [reason: UserTurnEndReason];
  /** Neither side has spoken for `userIdleMs`, `count` times that since the user last did. */
  idle: [count: number];
}

/** How many transcriptions wait for a turn; of more the oldest are dropped. */
const maxHeld = 64;

/**
 * Makes the user's turns out of what the VAD and the STT service hear: `UserStartedSpeakingFrame` and
 * `UserStoppedSpeakingFrame`, which overtake, and `UserTurnStartFrame` and `UserTurnEndFrame`, in order around the
 * transcriptions of the turn. It stands behind the STT service.
 *
 * No final transcription leaves it outside of a turn: one that starts no turn waits for `holdMs` for the turn it belongs
 * to, and is dropped when none comes. Interim ones are passed on at once.
 */
export class UserTurnProcessor extends FrameProcessor<UserTurnProcessorEvents> {
  readonly #start: readonly UserTurnStartStrategy[];
  readonly #stop: readonly UserTurnStopStrategy[];
  readonly #userIdleMs: number | undefined;
  readonly #turnTimeoutMs: number;
  readonly #lateMs: number;
  readonly #holdMs: number;
  readonly #clock: Clock;
  readonly #hearing: Hearing;
  readonly #endAlarm: Alarm;
  readonly #timeoutAlarm: Alarm;
  readonly #holdAlarm: Alarm;
  readonly #idleAlarm: Alarm;
  #running = false;
  #inTurn = false;
  #held: TranscriptionFrame[] = [];
  #idleCount = 0;
  #lastAudioMs = -Infinity;
  /** The turn that ended last, until a voice is heard again. */
  #ended: { atMs: number; heardVoice: boolean } | undefined;

  /** @throws InvalidArgumentError for an option out of range. */
  constructor(options: UserTurnProcessorOptions = {}) {
    super(options);
    this.#start = options.start ?? [new VADStartStrategy(), new TranscriptionStartStrategy()];
    this.#stop = options.stop ?? [new SilenceStopStrategy()];
    const { userIdleMs } = options;
    this.#userIdleMs = userIdleMs === undefined ? undefined : checkNumber("userIdleMs", userIdleMs, 1);
    this.#turnTimeoutMs = checkNumber("turnTimeoutMs", options.turnTimeoutMs ?? 5000, 1);
    this.#lateMs = checkNumber("lateMs", options.lateMs ?? 2000, 0);
    this.#holdMs = checkNumber("holdMs", options.holdMs ?? 2000, 0);
    const clock = (this.#clock = options.clock ?? systemClock);
    this.#hearing = new Hearing(clock);
    this.#endAlarm = new Alarm(clock, () => this.#endTurn("strategy"));
    this.#timeoutAlarm = new Alarm(clock, () => this.#timedOut());
    this.#holdAlarm = new Alarm(clock, () => this.#drop());
    this.#idleAlarm = new Alarm(clock, () => this.#idled());
  }

  /** Whether a turn of the user's is under way. */
  get inTurn(): boolean {
    return this.#inTurn;
  }

  /** Starts a turn, whatever the strategies say. Nothing happens in a turn, or while the pipeline does not run. */
  startUserTurn(): void {
    if (this.#inTurn || !this.#running) return;
    this.#startTurn();
    this.#timeoutAlarm.set(this.#turnTimeoutMs);
  }

  /** Ends the turn, whatever the strategies say. Nothing happens outside of a turn. */
  stopUserTurn(): void {
    this.#endTurn("request");
  }

  protected override async processFrame(frame: Frame, direction: FrameDirection): Promise<void> {
    if (frame instanceof TranscriptionFrame && direction === "downstream") {
      await this.#takeFinal(frame);
    } else if (isRequest(frame) && direction === "downstream") {
      this.#notice(frame);
    } else if (frame instanceof InterimTranscriptionFrame) {
      // First the start of the turn it is a part of.
      if (direction === "downstream") this.#notice(frame);
      await this.pushFrame(frame, direction);
    } else {
      if (frame instanceof EndFrame && direction === "downstream") this.#finish();
      const passed = this.pushFrame(frame, direction);
      if (isVoice(frame) || isBots(frame)) this.#notice(frame);
      else if (frame instanceof InputAudioRawFrame) this.#lastAudioMs = this.#clock.now();
      else if (frame instanceof StartFrame) this.#begin();
      else if (frame instanceof CancelFrame) this.#close();
      await passed;
    }
  }

  async #takeFinal(frame: TranscriptionFrame): Promise<void> {
    if (!this.#running) return;
    const blank = frame.text.trim() === "";
    const late = !blank && !this.#inTurn && this.#isLate() && this.#ended?.heardVoice === true;
    this.#hearing.take(frame);
    if (!this.#inTurn && !late && this.#wantsStart(frame)) this.#startTurn();
    if (this.#inTurn) {
      const passed = this.pushFrame(frame);
      this.#decideEnd(frame);
      this.#watchIdle(!blank);
      await passed;
    } else if (late || (!blank && this.#isLate())) {
      this.#startTurn();
      const passed = this.pushFrame(frame);
      this.#endTurn("late");
      await passed;
    } else if (!blank) {
      this.#held = [...this.#held.slice(1 - maxHeld), frame];
      this.#holdAlarm.set(this.#holdMs);
      this.#watchIdle(true);
    }
  }

  #notice(frame: TurnFrame): void {
    if (!this.#running) return;
    this.#hearing.take(frame);
    const byUser = !isBots(frame);
    if (frame instanceof VADUserStartedSpeakingFrame) this.#ended = undefined;
    if (!this.#inTurn && this.#wantsStart(frame)) this.#startTurn();
    if (this.#inTurn) this.#decideEnd(frame);
    else if (byUser) this.#holdAlarm.set(this.#holdMs);
    this.#watchIdle(byUser);
  }

  /** All are asked, for those that keep something in mind. */
  #wantsStart(frame: TurnFrame): boolean {
    const starts = this.#start.map((strategy) => this.#ask(() => strategy.starts(frame, this.#hearing)));
    return starts.includes(true);
  }

  /** A strategy that throws is reported and has no say: the frame takes its course all the same. */
  #ask<T>(decide: () => T): T | undefined {
    try {
      return decide();
    } catch (cause) {
      void this.pushError(new PipelineError(`a strategy of ${this.name} failed`, { cause }));
      return undefined;
    }
  }

  #startTurn(): void {
    this.#inTurn = true;
    this.#ended = undefined;
    this.#holdAlarm.clear();
    this.#idleAlarm.clear();
    void this.pushFrame(new UserStartedSpeakingFrame());
    void this.pushFrame(new UserTurnStartFrame());
    for (const held of this.#held.splice(0)) void this.pushFrame(held);
    this.events.emit("turnStarted");
  }

  #decideEnd(frame: TurnFrame): void {
    if (!this.#inTurn) return;
    const answers = this.#stop.map((strategy) => this.#ask(() => strategy.endsInMs(frame, this.#hearing)) ?? Infinity);
    const endsInMs = Math.min(...answers);
    this.#timeoutAlarm.set(this.#turnTimeoutMs);
    if (endsInMs <= 0) this.#endTurn("strategy");
    else if (endsInMs === Infinity) this.#endAlarm.clear();
    else this.#endAlarm.set(endsInMs);
  }

  #endTurn(reason: UserTurnEndReason): void {
    if (!this.#inTurn) return;
    this.#inTurn = false;
    this.#endAlarm.clear();
    this.#timeoutAlarm.clear();
    this.#ended = { atMs: this.#clock.now(), heardVoice: this.#hearing.heardVoice };
    this.#hearing.forget();
    const stopped = new UserStoppedSpeakingFrame();
    void this.pushFrame(stopped);
    void this.pushFrame(new UserTurnEndFrame(stopped));
    this.#watchIdle(true);
    this.events.emit("turnStopped", reason);
  }

  /** A voice that is heard in audio that goes by is something that happens. */
  #timedOut(): void {
    const silentMs = this.#clock.now() - this.#lastAudioMs;
    if (this.#hearing.voice && silentMs < this.#turnTimeoutMs) this.#timeoutAlarm.set(this.#turnTimeoutMs - silentMs);
    else this.#endTurn("timeout");
  }

  /** Whether words that come now were said in the last turn: it has just ended, and no voice has been heard since. */
  #isLate(): boolean {
    if (this.#ended === undefined || this.#hearing.voice) return false;
    return this.#clock.now() - this.#ended.atMs <= this.#lateMs;
  }

  #drop(): void {
    this.#held = [];
    this.#hearing.forget();
  }

  #watchIdle(userActive: boolean): void {
    if (userActive) this.#idleCount = 0;
    const { voice, botSpeaking } = this.#hearing;
    if (this.#userIdleMs === undefined || !this.#running || this.#inTurn || voice || botSpeaking)
      this.#idleAlarm.clear();
    else this.#idleAlarm.set(this.#userIdleMs);
  }

  #idled(): void {
    this.#idleCount += 1;
    const count = this.#idleCount;
    this.#watchIdle(false);
    this.events.emit("idle", count);
  }

  #begin(): void {
    this.#running = true;
    this.#watchIdle(false);
  }

  #finish(): void {
    this.#endTurn("end");
    this.#close();
  }

  #close(): void {
    this.#running = false;
    this.#inTurn = false;
    this.#held = [];
    for (const alarm of [this.#endAlarm, this.#timeoutAlarm, this.#holdAlarm, this.#idleAlarm]) alarm.clear();
  }
}

// Not type guards: these classes have the shape of every frame.
function isRequest(frame: Frame): boolean {
  return frame instanceof UserStartedSpeakingFrame || frame instanceof UserStoppedSpeakingFrame;
}

function isBots(frame: Frame): boolean {
  return frame instanceof BotStartedSpeakingFrame || frame instanceof BotStoppedSpeakingFrame;
}

function isVoice(frame: Frame): boolean {
  return frame instanceof VADUserStartedSpeakingFrame || frame instanceof VADUserStoppedSpeakingFrame;
}
