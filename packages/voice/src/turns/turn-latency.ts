import { type Frame, type FramePushed, LLMContextFrame, LLMTextFrame, type PipelineObserver } from "turnwire";
import {
  checkOptions,
  defaultLogger,
  is,
  Emitter,
  type Listener,
  type Logger,
  BotStartedSpeakingFrame,
  OutputAudioRawFrame,
  TTSStartedFrame,
  UserStartedSpeakingFrame,
  UserStoppedSpeakingFrame,
  VADUserStartedSpeakingFrame,
  VADUserStoppedSpeakingFrame,
} from "turnwire/internal";

/**
 * The stages of a voice turn. Each is named after what ends it: the VAD's stop (`vad`), the end of the user's turn
 * (`turnEnd`), the context going to the model (`context`), the model's first text (`llm`), the start of the utterance
 * (`sentence`), its first audio (`tts`), the start of its playback (`output`).
 */
export type VoiceStageName = "vad" | "turnEnd" | "context" | "llm" | "sentence" | "tts" | "output";

/** The stages of a voice turn and their times, from the end of the user's voice to the bot's. */
export interface VoiceTurnRecord {
  /** The number of the turn, from 1. */
  readonly turn: number;
  /** When the user's voice ended, in milliseconds of the task's clock; without a VAD, when the user's turn ended. */
  readonly startMs: number;
  /** In order; each begins where the one before it ends. If the frame that ends a stage does not come, the next stage includes its time. */
  readonly stages: ReadonlyArray<{ readonly name: VoiceStageName; readonly ms: number }>;
  /** The sum of the stages, in milliseconds. */
  readonly totalMs: number;
  /** Whether the user spoke again before the bot did. */
  readonly interrupted: boolean;
}

/** The events of a {@link TurnLatencyObserver}. */
export interface TurnLatencyEvents {
  turn: [record: VoiceTurnRecord];
}

/** The frame that ends each stage after the user's turn. They only count in this order. */
const milestones: ReadonlyArray<readonly [VoiceStageName, (frame: Frame) => boolean]> = [
  ["context", (frame) => frame instanceof LLMContextFrame],
  ["llm", (frame) => frame instanceof LLMTextFrame],
  ["sentence", (frame) => frame instanceof TTSStartedFrame],
  ["tts", (frame) => frame instanceof OutputAudioRawFrame],
  ["output", (frame) => frame instanceof BotStartedSpeakingFrame],
];

/**
 * Measures the voice turns of a pipeline: `new PipelineTask(pipeline, { observers: [latency] })`. Emits `turn` for each one
 * when the bot starts to speak, or when the user speaks before that. Turns that ask the model nothing are left out. Times
 * are those of the task's clock.
 */
export class TurnLatencyObserver implements PipelineObserver {
  readonly #events: Emitter<TurnLatencyEvents>;
  #turns = 0;
  /** When the voice of the user's turn ended, and when the VAD reported that. */
  #voice: { endMs: number; stopMs: number } | undefined;
  #lastFrameId = 0;
  /** The stages so far of the user's turn that has ended and has no answer yet. */
  #stages: Array<{ name: VoiceStageName; ms: number }> | undefined;
  #startMs = 0;
  /** When the last of the stages ended. */
  #reachedMs = 0;
  #next = 0;

  constructor(options: { logger?: Logger } = {}) {
    const { logger = defaultLogger } = checkOptions("TurnLatencyObserver", options, { logger: is.logger });
    this.#events = Emitter.logging("TurnLatencyObserver", logger, ["turn"]);
  }

  /**
   * Adds a listener; if it throws, that is logged. The function returned removes it.
   * @throws InvalidArgumentError for an unknown event.
   */
  on<K extends keyof TurnLatencyEvents>(event: K, listener: Listener<TurnLatencyEvents[K]>): () => void {
    return this.#events.on(event, listener);
  }

  onPushFrame({ frame, timestampMs, direction }: FramePushed): void {
    if (frame instanceof VADUserStartedSpeakingFrame) {
      this.#voice = undefined;
    } else if (frame instanceof VADUserStoppedSpeakingFrame && this.#isNew(frame)) {
      this.#voice = { endMs: timestampMs - (frame.stopMs ?? 0), stopMs: timestampMs };
    } else if (frame instanceof UserStartedSpeakingFrame && this.#isNew(frame)) {
      this.#complete(true);
    } else if (frame instanceof UserStoppedSpeakingFrame && this.#isNew(frame)) {
      this.#open(timestampMs);
    } else if (direction === "downstream" || frame instanceof BotStartedSpeakingFrame) {
      this.#pass(frame, timestampMs);
    }
  }

  /** A frame is seen once for each processor it passes. */
  #isNew(frame: Frame): boolean {
    if (frame.id <= this.#lastFrameId) return false;
    this.#lastFrameId = frame.id;
    return true;
  }

  #open(turnEndMs: number): void {
    const { endMs, stopMs } = this.#voice ?? { endMs: turnEndMs, stopMs: turnEndMs };
    this.#voice = undefined;
    this.#stages = [];
    this.#startMs = this.#reachedMs = endMs;
    if (endMs < stopMs) this.#reach("vad", stopMs);
    this.#reach("turnEnd", turnEndMs);
    this.#next = 0;
  }

  #reach(name: VoiceStageName, atMs: number): void {
    this.#stages?.push({ name, ms: atMs - this.#reachedMs });
    this.#reachedMs = atMs;
  }

  #pass(frame: Frame, atMs: number): void {
    if (this.#stages === undefined) return;
    const asked = this.#next > 0;
    const ahead = milestones.findIndex(([, reached], index) => index >= this.#next && reached(frame));
    // Before the model has been asked, the output answers something else.
    if (ahead === -1 || (!asked && ahead > 0)) return;
    const [name] = milestones[ahead] as (typeof milestones)[number];
    this.#reach(name, atMs);
    this.#next = ahead + 1;
    if (this.#next === milestones.length) this.#complete(false);
  }

  #complete(interrupted: boolean): void {
    const stages = this.#stages;
    this.#stages = undefined;
    if (stages === undefined || this.#next === 0) return;
    this.#turns += 1;
    // Not the difference of the ends: the stages have to add up exactly, whatever the rounding.
    const totalMs = stages.reduce((sum, { ms }) => sum + ms, 0);
    this.#events.emit("turn", { turn: this.#turns, startMs: this.#startMs, stages, totalMs, interrupted });
  }
}
