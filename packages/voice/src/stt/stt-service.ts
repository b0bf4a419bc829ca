import { checkAudioFormat, type PcmAudio } from "turnwire/internal";
import { untilAborted } from "turnwire/internal";
import { toTurnwireError } from "turnwire/internal";
import {
  EndFrame,
  type Frame,
  InputAudioRawFrame,
  InterimTranscriptionFrame,
  MetricsFrame,
  STTUpdateSettingsFrame,
  TranscriptionFrame,
  VADUserStartedSpeakingFrame,
  VADUserStoppedSpeakingFrame,
} from "turnwire";
import type { FrameDirection } from "turnwire";
import type { ReconnectingWebsocketEvents } from "turnwire/provider";
import { AIService, type AIServiceOptions } from "turnwire/provider";
import { AudioIntake } from "./audio-intake.ts";

export interface STTServiceOptions extends AIServiceOptions {
  /** Samples per second of what the provider is given; other audio is resampled. Default: that of the first audio. */
  sampleRate?: number;
  /** Who speaks: goes onto the transcription frames. */
  userId?: string;
}

export interface TranscriptWord {
  text: string;
  startMs: number;
  endMs: number;
}

/** What was heard. Times are in milliseconds of the audio the service was given since its start, without muted audio. */
export interface Transcript {
  text: string;
  /** Whether it does not change any more. */
  final: boolean;
  /** Whether the provider heard the speaker come to an end. */
  endOfSpeech: boolean;
  startMs?: number | undefined;
  endMs?: number | undefined;
  words?: readonly TranscriptWord[] | undefined;
}

/** The connection's events come from services that keep one. */
export interface STTServiceEvents extends ReconnectingWebsocketEvents {
  /** Something was heard, final or not; the frame of it follows. */
  transcript: [transcript: Transcript];
  /** The provider heard speech begin. */
  speechStarted: [];
  /** This much audio, in milliseconds, will never be transcribed: the time without a connection was too long. */
  audioLost: [lostMs: number];
}

/**
 * The base of every STT service: takes `InputAudioRawFrame`s, and passes them on; gives `InterimTranscriptionFrame`s and
 * `TranscriptionFrame`s. When the user's voice has ended (`VADUserStoppedSpeakingFrame`) the provider is asked for what
 * it has, and the time until the final transcription is measured. A provider implements `runSTT` and calls
 * `transcribed`.
 */
export abstract class STTService extends AIService<STTServiceEvents> {
  readonly #userId: string | undefined;
  #intake: AudioIntake | undefined;
  #muted = false;
  #voiceEndedMs: number | undefined;
  /** Whether final words have come whose end of speech has not. */
  #open = false;
  /** How many pieces of audio have been accepted and not taken yet, and who waits for that. */
  #waiting = 0;
  #allTaken = Promise.withResolvers<void>();

  /** @throws InvalidArgumentError */
  constructor(options: STTServiceOptions = {}) {
    super(options);
    this.#userId = options.userId;
    if (options.sampleRate === undefined) return;
    checkAudioFormat({ sampleRate: options.sampleRate, channels: 1 });
    this.#intake = new AudioIntake(options.sampleRate);
  }

  /** Gives the provider audio: 16-bit PCM, one channel, `sampleRate` samples per second. */
  protected abstract runSTT(audio: Uint8Array): void | Promise<void>;

  /** The model that transcribes, for metrics. */
  protected abstract get model(): string;

  /**
   * Changes settings while running. Resolves when they hold.
   * @throws InvalidArgumentError naming the field; what the provider says against them: the old ones then still hold.
   */
  abstract updateSettings(settings: Readonly<Record<string, unknown>>): Promise<void>;

  /** The user's voice has ended: what has been heard is wanted now. */
  protected finalize(): void | Promise<void> {}

  /** The user's voice is heard. */
  protected voiceStarted(): void {}

  /** Samples per second of what the provider is given, once that is known. */
  get sampleRate(): number | undefined {
    return this.#intake?.sampleRate;
  }

  get muted(): boolean {
    return this.#muted;
  }

  /** While muted, audio is passed on but not transcribed. What was said before still is. */
  async mute(muted = true): Promise<void> {
    if (muted === this.#muted) return;
    this.#muted = muted;
    if (muted) await this.finalize();
  }

  /** To be called by the provider with what it has heard. Final text goes on without spaces around it. */
  protected async transcribed(transcript: Transcript): Promise<void> {
    const text = transcript.text.trim();
    const { final, endOfSpeech } = transcript;
    if (text === "" && !(this.#open && endOfSpeech)) return;
    this.events.emit("transcript", { ...transcript, text });
    const user = this.#userId === undefined ? {} : { userId: this.#userId };
    if (!final) {
      await this.pushFrame(new InterimTranscriptionFrame(text, user), "downstream");
      return;
    }
    this.#open = !endOfSpeech;
    if (text !== "") this.#measure();
    await this.pushFrame(new TranscriptionFrame(text, { ...user, endOfSpeech }), "downstream");
  }

  override queueFrame(frame: Frame, direction: FrameDirection = "downstream", signal?: AbortSignal): Promise<void> {
    if (isAudio(frame, direction)) this.#waiting += 1;
    return super.queueFrame(frame, direction, signal);
  }

  protected override async processFrame(frame: Frame, direction: FrameDirection, signal: AbortSignal): Promise<void> {
    if (frame instanceof STTUpdateSettingsFrame) {
      // Not awaited: frames need not wait for a new connection.
      void this.updateSettings(frame.settings).catch((error: unknown) =>
        this.pushError(toTurnwireError(error, "invalid_argument", `${this.name} could not change its settings`)),
      );
      return;
    }
    // Audio overtakes the EndFrame elsewhere; here the EndFrame must not overtake the audio before it.
    if (frame instanceof EndFrame && this.#waiting > 0) await untilAborted(this.#allTaken.promise, signal);
    await super.processFrame(frame, direction, signal);
    if (direction === "upstream") return;
    if (isAudio(frame, direction)) await this.#takeNext(frame);
    else if (frame instanceof VADUserStartedSpeakingFrame) this.#startVoice();
    else if (frame instanceof VADUserStoppedSpeakingFrame) await this.#endVoice();
  }

  async #takeNext(audio: InputAudioRawFrame): Promise<void> {
    try {
      await this.#take(audio);
    } finally {
      this.#waiting -= 1;
      if (this.#waiting === 0) {
        this.#allTaken.resolve();
        this.#allTaken = Promise.withResolvers();
      }
    }
  }

  async #take(audio: PcmAudio): Promise<void> {
    if (this.#muted) return;
    if (this.#intake === undefined) {
      checkAudioFormat(audio);
      this.#intake = new AudioIntake(audio.sampleRate);
    }
    const bytes = this.#intake.take(audio);
    if (bytes.length > 0) await this.runSTT(bytes);
  }

  #startVoice(): void {
    this.#voiceEndedMs = undefined;
    this.voiceStarted();
  }

  async #endVoice(): Promise<void> {
    if (this.#muted) return;
    this.#voiceEndedMs = this.clock.now();
    await this.finalize();
  }

  #measure(): void {
    if (this.#voiceEndedMs === undefined) return;
    const valueMs = this.clock.now() - this.#voiceEndedMs;
    this.#voiceEndedMs = undefined;
    const data = { type: "timeToFinal" as const, processor: this.name, model: this.model, valueMs };
    void this.pushFrame(new MetricsFrame([data]), "downstream");
  }
}

function isAudio(frame: Frame, direction: FrameDirection): frame is InputAudioRawFrame {
  return frame instanceof InputAudioRawFrame && direction === "downstream";
}
