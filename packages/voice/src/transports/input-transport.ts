import { AudioChunker, AudioConverter, type AudioFormat, checkAudioFormat } from "turnwire/internal";
import { type Clock, systemClock } from "turnwire/internal";
import { type PcmAudio, CancelFrame, EndFrame, type Frame, InputAudioRawFrame, StartFrame } from "turnwire";
import { type FrameDirection, FrameProcessor, type FrameProcessorOptions } from "turnwire";
import { chunkBytes } from "./options.ts";

/** Options of an {@link InputTransport}. */
export interface InputTransportOptions extends FrameProcessorOptions {
  /** The sample rate of the frames it pushes; other audio is resampled. Default 16000. */
  sampleRate?: number;
  /** The channels of the frames it pushes. Default 1. */
  channels?: number;
  /** How long the audio of a frame is, in milliseconds. Default 20. */
  chunkMs?: number;
  clock?: Clock;
}

/** What comes before the pipeline has started is held, the newest of it. */
const heldFrames = 64;

/**
 * Where the user's audio comes in: brings it to one format and pushes it as `InputAudioRawFrame`s. A subclass gets the
 * audio from somewhere, from `start` on, and gives it to `receiveAudio`.
 */
export abstract class InputTransport extends FrameProcessor {
  /** What the frames it pushes are like. */
  readonly format: Readonly<AudioFormat>;
  protected readonly chunkMs: number;
  protected readonly clock: Clock;
  readonly #converter: AudioConverter;
  readonly #chunker: AudioChunker;
  readonly #frameBytes: number;
  #state: "new" | "running" | "stopped" = "new";
  /** What is pushed once the pipeline has started. */
  #held: Array<{ frame: Frame; direction: FrameDirection }> = [];

  constructor(options: InputTransportOptions = {}) {
    super(options);
    this.clock = options.clock ?? systemClock;
    const { format, chunkMs, frameBytes } = inputSettings(options);
    this.format = format;
    this.chunkMs = chunkMs;
    this.#frameBytes = frameBytes;
    this.#converter = new AudioConverter(format);
    this.#chunker = new AudioChunker(this.#frameBytes);
  }

  /** Whether the pipeline has started and not ended. */
  protected get isRunning(): boolean {
    return this.#state === "running";
  }

  /** Opens what it needs; called at the `StartFrame`, which waits for it. */
  protected start(): void | Promise<void> {}

  /** Closes everything; called at the `EndFrame` or `CancelFrame`, which wait for it, once. */
  protected stop(): void | Promise<void> {}

  /** Audio from the user, in any format, in pieces of any length. */
  protected receiveAudio(audio: PcmAudio): void {
    this.#pushAudio(this.#chunker.push(this.#converter.convert(audio)));
  }

  /** No more audio comes for now: what waited to become a whole frame goes out, filled up with silence. */
  protected flushAudio(): void {
    const last = this.#chunker.push(this.#converter.flush());
    const rest = this.#chunker.flush();
    if (rest.length > 0) {
      const filled = new Uint8Array(this.#frameBytes);
      filled.set(rest);
      last.push(filled);
    }
    this.#pushAudio(last);
  }

  /** Gives the pipeline a frame, once it has started. Until then the newest are held. */
  protected async inject(frame: Frame, direction: FrameDirection = "downstream"): Promise<void> {
    if (this.#state === "running") return this.pushFrame(frame, direction);
    if (this.#state === "stopped") return;
    this.#held.push({ frame, direction });
    if (this.#held.length > heldFrames) this.#held.shift();
  }

  /** Asks for the pipeline's end when everything before has been handled. */
  protected requestEnd(): Promise<void> {
    return this.inject(new EndFrame(), "upstream");
  }

  /** Asks for the pipeline's end at once. */
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

/** The options with their defaults. @throws InvalidArgumentError for one that cannot be used. */
export function inputSettings(options: InputTransportOptions): {
  format: AudioFormat;
  chunkMs: number;
  frameBytes: number;
} {
  const { sampleRate = 16_000, channels = 1, chunkMs = 20 } = options;
  const format = { sampleRate, channels };
  checkAudioFormat(format);
  return { format, chunkMs, frameBytes: chunkBytes(chunkMs, format) };
}
