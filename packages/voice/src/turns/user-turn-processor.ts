import {
  CancelFrame,
  EndFrame,
  type Frame,
  type FrameDirection,
  FrameProcessor,
  StartFrame,
  TranscriptionFrame,
} from "turnwire";
import {
  Alarm,
  checkOptions,
  type Checks,
  type Clock,
  defined,
  InvalidArgumentError,
  is,
  PipelineError,
  BotStartedSpeakingFrame,
  BotStoppedSpeakingFrame,
  InputAudioRawFrame,
  InterimTranscriptionFrame,
  UserStartedSpeakingFrame,
  UserStoppedSpeakingFrame,
  UserTurnEndFrame,
  UserTurnStartFrame,
  VADUserStartedSpeakingFrame,
  VADUserStoppedSpeakingFrame,
} from "turnwire/internal";
import { clockOf, processorChecks, type ProcessorOptions } from "../checks.ts";
import { IdleWatch } from "./idle-watch.ts";
import { TranscriptionStartStrategy, type UserTurnStartStrategy, VADStartStrategy } from "./start-strategies.ts";
import { SilenceStopStrategy, type UserTurnStopStrategy } from "./stop-strategies.ts";
import { type TurnFrame, TurnStateTracker } from "./turn-state.ts";

/** Options of a {@link UserTurnProcessor}. */
export interface UserTurnProcessorOptions extends ProcessorOptions {
  /** A turn starts when one of these strategies says so. Default: `VADStartStrategy` and `TranscriptionStartStrategy`. */
  start?: readonly UserTurnStartStrategy[];
  /** A turn ends when the first of these strategies says so. Default: `SilenceStopStrategy`. */
  stop?: readonly UserTurnStopStrategy[];
  /** After how many milliseconds without speech from either side `idle` is emitted. Default: never. */
  userIdleMs?: number;
  /** After how many milliseconds a turn ends in which nothing happens. Default 5000. */
  turnTimeoutMs?: number;
  /** How long after a turn words still belong to it, in milliseconds. Default 2000. */
  lateMs?: number;
  /** How long words wait for a turn to start before they are dropped, in milliseconds. Default 2000. */
  holdMs?: number;
}

const strategies = is.listOf(is.having(["starts"]), "an array of start strategies");

const checks: Checks<UserTurnProcessorOptions> = {
  ...processorChecks,
  start: {
    ...strategies,
    within: (start, field) => {
      strategies.within?.(start, field);
      if (Array.isArray(start) && start.length > 0) return;
      const wayOut = "to start turns yourself, give an ExplicitTurnStrategy";
      throw new InvalidArgumentError(field, `expected at least one start strategy, got none; ${wayOut}`);
    },
  },
  stop: is.listOf(is.having(["endsInMs"]), "an array of stop strategies"),
  userIdleMs: is.timeLimit,
  turnTimeoutMs: is.timeLimit,
  lateMs: is.duration,
  holdMs: is.duration,
};

/** The cause of the end of a user's turn: a strategy, `turnTimeoutMs`, words that came late, `stopUserTurn()`, the pipeline's end. */
export type UserTurnEndReason = "strategy" | "timeout" | "late" | "request" | "end";

/** The events of a {@link UserTurnProcessor}. */
export interface UserTurnProcessorEvents {
  turnStarted: [];
  turnStopped: [reason: UserTurnEndReason];
  /** Neither side has spoken for `userIdleMs`; `count` counts this since the user last spoke. */
  idle: [count: number];
}

/** How many transcriptions wait for a turn; if there are more, the oldest are dropped. */
const maxHeld = 64;

/**
 * Derives the user's turns from the VAD and the STT service. Pushes `UserStartedSpeakingFrame` and
 * `UserStoppedSpeakingFrame`, which overtake other frames, and `UserTurnStartFrame` and `UserTurnEndFrame`, in order around
 * the transcriptions of the turn. Its place is after the STT service.
 *
 * Final transcriptions are only pushed within a turn: one that starts no turn waits `holdMs` for its turn, and is dropped
 * if none starts. Interim transcriptions are passed on at once.
 */
export class UserTurnProcessor extends FrameProcessor<UserTurnProcessorEvents> {
  readonly #start: readonly UserTurnStartStrategy[];
  readonly #stop: readonly UserTurnStopStrategy[];
  readonly #limits: Required<Pick<UserTurnProcessorOptions, "turnTimeoutMs" | "lateMs" | "holdMs">>;
  readonly #clock: Clock;
  #state: TurnStateTracker;
  readonly #endAlarm: Alarm;
  readonly #timeoutAlarm: Alarm;
  readonly #holdAlarm: Alarm;
  readonly #idle: IdleWatch;
  #phase: "stopped" | "between turns" | "in a turn" = "stopped";
  #held: TranscriptionFrame[] = [];
  #lastAudioMs = -Infinity;
  /** The turn that ended last; undefined when a voice has been heard since. */
  #ended: { atMs: number; heardVoice: boolean } | undefined;

  /** @throws InvalidArgumentError for an option that is unknown or unusable. */
  constructor(options: UserTurnProcessorOptions = {}) {
    super(checkOptions("UserTurnProcessor", options, checks));
    this.events.declare("turnStarted", "turnStopped", "idle");
    this.#start = options.start ?? [new VADStartStrategy(), new TranscriptionStartStrategy()];
    this.#stop = options.stop ?? [new SilenceStopStrategy()];
    this.#limits = { turnTimeoutMs: 5000, lateMs: 2000, holdMs: 2000, ...defined(options) };
    const clock = (this.#clock = clockOf(options));
    this.#state = new TurnStateTracker(clock);
    this.#endAlarm = new Alarm(clock, () => this.#endTurn("strategy"));
    this.#timeoutAlarm = new Alarm(clock, () => this.#onTimeout());
    this.#holdAlarm = new Alarm(clock, () => this.#dropHeld());
    this.#idle = new IdleWatch(clock, options.userIdleMs, (count) => this.events.emit("idle", count));
  }

  /** Whether a user's turn is under way. */
  get inTurn(): boolean {
    return this.#phase === "in a turn";
  }

  /** Starts a turn, whatever the strategies say. Does nothing in a turn, or while the pipeline does not run. */
  startUserTurn(): void {
    if (this.#phase !== "between turns") return;
    this.#startTurn();
    this.#timeoutAlarm.set(this.#limits.turnTimeoutMs);
  }

  /** Ends the turn, whatever the strategies say. Does nothing between turns. */
  stopUserTurn(): void {
    this.#endTurn("request");
  }

  protected override async processFrame(frame: Frame, direction: FrameDirection): Promise<void> {
    if (frame instanceof TranscriptionFrame && direction === "downstream") {
      await this.#takeFinal(frame);
    } else if (isRequest(frame) && direction === "downstream") {
      this.#notice(frame);
    } else if (frame instanceof InterimTranscriptionFrame) {
      // The start of its turn comes first.
      if (direction === "downstream") this.#notice(frame);
      await this.pushFrame(frame, direction);
    } else {
      if (frame instanceof EndFrame && direction === "downstream") {
        this.#endTurn("end");
        this.#close();
      }
      const passed = this.pushFrame(frame, direction);
      if (isFromVad(frame) || isFromBot(frame)) this.#notice(frame);
      else if (frame instanceof InputAudioRawFrame) this.#lastAudioMs = this.#clock.now();
      else if (frame instanceof StartFrame) this.#begin();
      else if (frame instanceof CancelFrame) this.#close();
      await passed;
    }
  }

  async #takeFinal(frame: TranscriptionFrame): Promise<void> {
    if (this.#phase === "stopped") return;
    const blank = frame.text.trim() === "";
    const late = !blank && this.#isLate();
    const belongsToLast = late && this.#ended?.heardVoice === true;
    this.#state.take(frame);
    if (!this.inTurn && !belongsToLast && this.#wantsStart(frame)) this.#startTurn();
    if (this.inTurn) {
      const passed = this.pushFrame(frame);
      this.#decideEnd(frame);
      this.#watchIdle(!blank);
      await passed;
    } else if (late) {
      this.#startTurn();
      const passed = this.pushFrame(frame);
      this.#endTurn("late");
      await passed;
    } else if (!blank) {
      this.#held = [...this.#held.slice(1 - maxHeld), frame];
      this.#holdAlarm.set(this.#limits.holdMs);
      this.#watchIdle(true);
    }
  }

  #notice(frame: TurnFrame): void {
    if (this.#phase === "stopped") return;
    this.#state.take(frame);
    const byUser = !isFromBot(frame);
    if (frame instanceof VADUserStartedSpeakingFrame) this.#ended = undefined;
    if (!this.inTurn && this.#wantsStart(frame)) this.#startTurn();
    if (this.inTurn) this.#decideEnd(frame);
    else if (byUser) this.#holdAlarm.set(this.#limits.holdMs);
    this.#watchIdle(byUser);
  }

  /** Calls all strategies, since some keep a state. */
  #wantsStart(frame: TurnFrame): boolean {
    const starts = this.#start.map((strategy) => this.#ask(() => strategy.starts(frame, this.#state)));
    return starts.includes(true);
  }

  /** Reports a strategy that throws, and continues without it. */
  #ask<T>(decide: () => T): T | undefined {
    try {
      return decide();
    } catch (cause) {
      void this.pushError(new PipelineError(`a strategy of ${this.name} failed`, { cause }));
      return undefined;
    }
  }

  #startTurn(): void {
    this.#phase = "in a turn";
    this.#ended = undefined;
    this.#holdAlarm.clear();
    this.#idle.stop();
    void this.pushFrame(new UserStartedSpeakingFrame());
    void this.pushFrame(new UserTurnStartFrame());
    for (const held of this.#held.splice(0)) void this.pushFrame(held);
    this.events.emit("turnStarted");
  }

  #decideEnd(frame: TurnFrame): void {
    if (!this.inTurn) return;
    const answers = this.#stop.map((strategy) => this.#ask(() => strategy.endsInMs(frame, this.#state)) ?? Infinity);
    const endsInMs = Math.min(...answers);
    this.#timeoutAlarm.set(this.#limits.turnTimeoutMs);
    if (endsInMs <= 0) this.#endTurn("strategy");
    else if (endsInMs === Infinity) this.#endAlarm.clear();
    else this.#endAlarm.set(endsInMs);
  }

  #endTurn(reason: UserTurnEndReason): void {
    if (!this.inTurn) return;
    this.#phase = "between turns";
    this.#endAlarm.clear();
    this.#timeoutAlarm.clear();
    this.#ended = { atMs: this.#clock.now(), heardVoice: this.#state.heardVoice };
    this.#state = this.#state.next();
    const stopped = new UserStoppedSpeakingFrame();
    void this.pushFrame(stopped);
    void this.pushFrame(new UserTurnEndFrame(stopped));
    this.#watchIdle(true);
    this.events.emit("turnStopped", reason);
  }

  /** A turn goes on while audio with a voice comes. */
  #onTimeout(): void {
    const silentMs = this.#clock.now() - this.#lastAudioMs;
    if (this.#state.voice && silentMs < this.#limits.turnTimeoutMs)
      this.#timeoutAlarm.set(this.#limits.turnTimeoutMs - silentMs);
    else this.#endTurn("timeout");
  }

  /** Whether words that come now belong to the last turn: it has just ended, and no voice has been heard since. */
  #isLate(): boolean {
    if (this.#ended === undefined || this.#state.voice) return false;
    return this.#clock.now() - this.#ended.atMs <= this.#limits.lateMs;
  }

  #dropHeld(): void {
    this.#held = [];
    this.#state = this.#state.next();
  }

  #watchIdle(byUser: boolean): void {
    const { voice, botSpeaking } = this.#state;
    this.#idle.update(this.#phase === "between turns" && !voice && !botSpeaking, byUser);
  }

  #begin(): void {
    if (this.#phase === "stopped") this.#phase = "between turns";
    this.#watchIdle(false);
  }

  #close(): void {
    this.#phase = "stopped";
    this.#held = [];
    for (const alarm of [this.#endAlarm, this.#timeoutAlarm, this.#holdAlarm]) alarm.clear();
    this.#idle.stop();
  }
}

// Not type guards: these classes have the same shape as every frame.
function isRequest(frame: Frame): boolean {
  return frame instanceof UserStartedSpeakingFrame || frame instanceof UserStoppedSpeakingFrame;
}

function isFromBot(frame: Frame): boolean {
  return frame instanceof BotStartedSpeakingFrame || frame instanceof BotStoppedSpeakingFrame;
}

function isFromVad(frame: Frame): boolean {
  return frame instanceof VADUserStartedSpeakingFrame || frame instanceof VADUserStoppedSpeakingFrame;
}
