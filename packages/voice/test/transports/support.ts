import { bytesForMs, durationMs, type PcmAudio, TTSAudioRawFrame, TTSTextFrame } from "turnwire/internal";
import type { Clock } from "turnwire/internal";
import { type Frame, TextFrame } from "turnwire";
import { type FrameDirection, FrameProcessor, PipelineTask } from "turnwire";
import { type OutputChunk, OutputTransport, type OutputTransportOptions } from "../../src/transports/index.ts";
import { RecordingLogger, settle, VirtualClock } from "@turnwire/test-kit";

/** `ms` of audio whose every byte is `value`. */
export function audio(ms: number, value = 1, sampleRate = 24_000): PcmAudio {
  return { audio: new Uint8Array(bytesForMs(ms, { sampleRate, channels: 1 })).fill(value), sampleRate, channels: 1 };
}

export function speech(ms: number, utteranceId?: string): TTSAudioRawFrame {
  return new TTSAudioRawFrame(audio(ms), utteranceId);
}

export function words(text: string): TTSTextFrame {
  return new TTSTextFrame(text);
}

/** Text as it is, anything else by its class. */
export function show(frame: Frame): string {
  return frame instanceof TextFrame ? frame.text : frame.constructor.name.replace(/Frame$/, "");
}

/** Passes everything on, and notes what it saw and when. */
export class Witness extends FrameProcessor {
  readonly down: Array<[atMs: number, what: string]> = [];
  readonly up: Array<[atMs: number, what: string]> = [];
  readonly frames: Frame[] = [];
  readonly #clock: VirtualClock;

  constructor(clock: VirtualClock) {
    super();
    this.#clock = clock;
  }

  protected override async processFrame(frame: Frame, direction: FrameDirection): Promise<void> {
    (direction === "downstream" ? this.down : this.up).push([this.#clock.now(), show(frame)]);
    this.frames.push(frame);
    await this.pushFrame(frame, direction);
  }

  /** The frames that went down, without those of every run. */
  get said(): Array<[atMs: number, what: string]> {
    return this.down.filter(([, what]) => !["Start", "BotStartedSpeaking", "BotStoppedSpeaking"].includes(what));
  }

  get speaking(): Array<[atMs: number, what: string]> {
    return this.down.filter(([, what]) => what.startsWith("Bot"));
  }

  override pushFrame(frame: Frame, direction?: FrameDirection): Promise<void> {
    return super.pushFrame(frame, direction);
  }
}

/** An output that notes what it is to send. */
export class RecordingOutput extends OutputTransport {
  /** When a chunk was sent, how long it is, and when it begins to be played. */
  readonly sent: Array<{ atMs: number; ms: number; startsAtMs: number; utteranceId: string | undefined }> = [];
  readonly bytes: number[] = [];
  readonly clearedAtMs: number[] = [];
  stopped: string[] = [];
  /** Set, it holds every chunk up. */
  blocked: Promise<void> | undefined;

  constructor(options: OutputTransportOptions, reportsPlayed = false) {
    super(options, reportsPlayed);
  }

  protected override writeAudio(chunk: OutputChunk): void {
    const { utteranceId, startsAtMs } = chunk;
    this.sent.push({ atMs: this.clock.now(), ms: durationMs(chunk), startsAtMs, utteranceId });
    this.bytes.push(...chunk.audio);
  }

  protected override clearAudio(): void {
    this.clearedAtMs.push(this.clock.now());
  }

  protected override writable(): Promise<void> | undefined {
    return this.blocked;
  }

  protected override stop(how: string): void {
    this.stopped.push(how);
  }

  override reportPlayed(positionMs: number): void {
    super.reportPlayed(positionMs);
  }
}

/** A running pipeline of an output between two witnesses, on a clock the test holds. */
export class Stage implements AsyncDisposable {
  readonly clock = new VirtualClock(1000);
  readonly logger = new RecordingLogger();
  readonly above = new Witness(this.clock);
  readonly below = new Witness(this.clock);
  readonly output: RecordingOutput;
  readonly task: PipelineTask;
  readonly ran: Promise<void>;

  /** @param traits `wakesLateMs`: the output's timers are late by that. */
  constructor(options: OutputTransportOptions = {}, traits: { reportsPlayed?: boolean; wakesLateMs?: number } = {}) {
    const { clock, logger } = this;
    const late: Clock = {
      now: () => clock.now(),
      schedule: (callback, ms) => clock.schedule(callback, ms + (traits.wakesLateMs ?? 0)),
    };
    this.output = new RecordingOutput({ environment: { clock: late }, logger, ...options }, traits.reportsPlayed);
    this.task = new PipelineTask([this.above, this.output, this.below], { environment: { clock }, logger });
    this.ran = this.task.run();
  }

  /** Gives it frames, without waiting for room. */
  async queue(...frames: Frame[]): Promise<void> {
    void this.task.queueFrames(frames);
    await settle();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.task.cancel();
    await this.ran;
  }
}
