import { CancelFrame, EndFrame, type Frame, type FrameDirection, FrameProcessor, StartFrame } from "turnwire";
import {
  AudioChunker,
  AudioConverter,
  type AudioFormat,
  checkFields,
  type Checks,
  type Clock,
  is,
  InputAudioRawFrame,
  type PcmAudio,
} from "turnwire/internal";
import { chunkBytes, clockOf, formatChecks, processorChecks, type ProcessorOptions } from "../checks.ts";

/** Options of an {@link InputTransport}. */
export interface InputTransportOptions extends ProcessorOptions {
  /** The sample rate of the frames it pushes; other audio is resampled. Default 16000. */
  sampleRate?: number;
  /** The channels of the frames it pushes. Default 1. */
  channels?: number;
  /** The length of a frame's audio in milliseconds. Default 20. */
  chunkMs?: number;
}

export const inputChecks: Checks<InputTransportOptions> = {
  ...processorChecks,
  ...formatChecks,
  chunkMs: is.duration,
};

/** How many frames are held before the pipeline has started, the newest ones. */
const maxHeld = 64;

/**
 * The input of a pipeline: brings the user's audio to one format and pushes it as `InputAudioRawFrame`s. A subclass obtains
 * the audio, from `start` on, and gives it to `receiveAudio`.
 */
export abstract class InputTransport extends FrameProcessor {
  /** The format of the frames it pushes. */
  readonly format: Readonly<AudioFormat>;
  protected readonly chunkMs: number;
  protected readonly clock: Clock;
  readonly #converter: AudioConverter;
  readonly #chunker: AudioChunker;
  readonly #frameBytes: number;
  #state: "new" | "running" | "stopped" = "new";
  /** Pushed when the pipeline has started. */
  #held: Array<{ frame: Frame; direction: FrameDirection }> = [];

  /** @throws InvalidArgumentError for an unusable option. */
  constructor(options: InputTransportOptions = {}) {
    checkFields(options, inputChecks);
    super(options);
    const { sampleRate = 16_000, channels = 1, chunkMs = 20 } = options;
    this.clock = clockOf(options);
    this.format = { sampleRate, channels };
    this.chunkMs = chunkMs;
    this.#frameBytes = chunkBytes(chunkMs, this.format);
    this.#converter = new AudioConverter(this.format);
    this.#chunker = new AudioChunker(this.#frameBytes);
  }

  /** Whether the pipeline has started and not ended. */
  protected get isRunning(): boolean {
    return this.#state === "running";
  }

  /** Opens what is needed. The `StartFrame` waits for it. */
  protected start(): void | Promise<void> {}

  /** Closes everything. Called once, at the `EndFrame` or `CancelFrame`, which wait for it. */
  protected stop(): void | Promise<void> {}

  /** To be called with audio from the user, in any format and in pieces of any length. */
  protected receiveAudio(audio: PcmAudio): void {
    this.#pushAudio(this.#chunker.push(this.#converter.convert(audio)));
  }

  /** Pushes the audio that waits to become a whole frame, filled up with silence: no more audio comes for now. */
  protected flushAudio(): void {
    const last = this.#chunker.push(this.#converter.flush());
    const rest = this.#chunker.flush();
    if (rest.length > 0) last.push(Buffer.concat([rest], this.#frameBytes));
    this.#pushAudio(last);
  }

  /** Pushes a frame, as soon as the pipeline has started. Until then the newest frames are held. */
  protected async inject(frame: Frame, direction: FrameDirection = "downstream"): Promise<void> {
    if (this.#state === "running") return this.pushFrame(frame, direction);
    if (this.#state === "stopped") return;
    this.#held.push({ frame, direction });
    if (this.#held.length > maxHeld) this.#held.shift();
  }

  /** Requests the pipeline's end after everything so far has been handled. */
  protected requestEnd(): Promise<void> {
    return this.inject(new EndFrame(), "upstream");
  }

  /** Requests the pipeline's end at once. */
  protected requestCancel(): Promise<void> {
    return this.inject(new CancelFrame(), "upstream");
  }

  protected override async processFrame(frame: Frame, direction: FrameDirection, _signal: AbortSignal): Promise<void> {
    const ends = frame instanceof CancelFrame || (frame instanceof EndFrame && direction === "downstream");
    if (frame instanceof StartFrame) await this.start();
    else if (ends) await this.#stop();
    await this.pushFrame(frame, direction);
    if (frame instanceof StartFrame) this.#release();
  }

  #release(): void {
    if (this.#state !== "new") return;
    this.#state = "running";
    for (const { frame, direction } of this.#held) void this.pushFrame(frame, direction);
    this.#held = [];
  }

  async #stop(): Promise<void> {
    if (this.#state === "stopped") return;
    this.#state = "stopped";
    this.#held = [];
    await this.stop();
  }

  #pushAudio(chunks: readonly Uint8Array[]): void {
    for (const audio of chunks) void this.inject(new InputAudioRawFrame({ audio, ...this.format }));
  }
}
