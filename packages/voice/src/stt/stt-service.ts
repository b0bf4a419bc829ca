import { EndFrame, type Frame, type FrameDirection, MetricsFrame, TranscriptionFrame } from "turnwire";
import {
  AudioConverter,
  checkFields,
  checkValue,
  is,
  type Checks,
  Condition,
  defined,
  type PcmAudio,
  toTurnwireError,
  InputAudioRawFrame,
  InterimTranscriptionFrame,
  STTUpdateSettingsFrame,
  VADUserStartedSpeakingFrame,
  VADUserStoppedSpeakingFrame,
} from "turnwire/internal";
import {
  AIService,
  type AIServiceOptions,
  connectionEvents,
  type ReconnectingWebsocketEvents,
} from "turnwire/provider";
import { formatChecks, processorChecks } from "../checks.ts";

export interface STTServiceOptions extends AIServiceOptions {
  /** The sample rate of the audio that the provider is given; other audio is resampled. Default: that of the first audio. */
  sampleRate?: number;
  /** Identifies the speaker; set on the transcription frames. */
  userId?: string;
}

export const sttChecks: Checks<STTServiceOptions> = {
  ...processorChecks,
  sampleRate: formatChecks.sampleRate,
  userId: is.text,
};

export interface TranscriptWord {
  text: string;
  startMs: number;
  endMs: number;
}

/** The words that were heard. Times are milliseconds of the audio that the service was given since its start, without muted audio. */
export interface Transcript {
  text: string;
  /** Whether it will not change any more. */
  final: boolean;
  /** Whether the provider detected that the speaker has finished. */
  endOfSpeech: boolean;
  startMs?: number | undefined;
  endMs?: number | undefined;
  words?: readonly TranscriptWord[] | undefined;
}

/** Only services that keep a connection emit the events of the connection. */
export interface STTServiceEvents extends ReconnectingWebsocketEvents {
  /** Something was heard, final or not; its frame follows. */
  transcript: [transcript: Transcript];
  /** The provider detected that speech began. */
  speechStarted: [];
  /** This much audio, in milliseconds, will never be transcribed: the service had no connection for too long. */
  audioLost: [lostMs: number];
}

/**
 * The base of every STT service. Passes on the `InputAudioRawFrame`s, and pushes `InterimTranscriptionFrame`s and
 * `TranscriptionFrame`s. When the user's voice has ended (`VADUserStoppedSpeakingFrame`) it asks the provider for the
 * words so far, and measures the time until the final transcription. A provider implements `runSTT` and calls
 * `transcribed`.
 */
export abstract class STTService extends AIService<STTServiceEvents> {
  readonly #userId: string | undefined;
  #sampleRate: number | undefined;
  #converter: AudioConverter | undefined;
  #muted = false;
  #voiceEndedMs: number | undefined;
  /** Whether final words have been pushed without an end of speech. */
  #isSpeechOpen = false;
  /** Audio frames that have been accepted and not processed yet. */
  #pendingAudio = 0;
  readonly #audioTaken = new Condition();

  /** @throws InvalidArgumentError for an unusable option. */
  constructor(options: STTServiceOptions = {}) {
    checkFields(options, sttChecks);
    super(options);
    this.events.declare(...connectionEvents, "transcript", "speechStarted", "audioLost");
    this.#userId = options.userId;
    this.#sampleRate = options.sampleRate;
  }

  /** Gives the provider audio: 16-bit PCM, one channel, `sampleRate` samples per second. */
  protected abstract runSTT(audio: Uint8Array): void | Promise<void>;

  /** The model that transcribes, for metrics. */
  protected abstract get model(): string;

  /**
   * Changes settings while running. Resolves when they are in use.
   * @throws InvalidArgumentError for a setting that is unknown or unusable, or the provider's error; the old settings then
   * stay in use.
   */
  abstract updateSettings(settings: Readonly<Record<string, unknown>>): Promise<void>;

  /** Asks the provider for the words so far: the user's voice has ended. */
  protected finalize(): void | Promise<void> {}

  /** Called when the VAD hears the user's voice. */
  protected onVoiceStarted(): void {}

  /** The sample rate of the audio that the provider is given; undefined until it is known. */
  get sampleRate(): number | undefined {
    return this.#sampleRate;
  }

  get muted(): boolean {
    return this.#muted;
  }

  /** While muted, audio is passed on but not transcribed. Speech from before is still transcribed. */
  async mute(muted = true): Promise<void> {
    checkValue(muted, "muted", is.flag);
    if (muted === this.#muted) return;
    this.#muted = muted;
    if (muted) await this.finalize();
  }

  /** To be called by the provider with what it has heard. Spaces around the text are removed. */
  protected async transcribed(transcript: Transcript): Promise<void> {
    const text = transcript.text.trim();
    const { final, endOfSpeech } = transcript;
    if (text === "" && !(this.#isSpeechOpen && endOfSpeech)) return;
    this.events.emit("transcript", { ...transcript, text });
    const user = defined({ userId: this.#userId });
    if (!final) {
      await this.pushFrame(new InterimTranscriptionFrame(text, user), "downstream");
      return;
    }
    this.#isSpeechOpen = !endOfSpeech;
    if (text !== "") this.#reportTimeToFinal();
    await this.pushFrame(new TranscriptionFrame(text, { ...user, endOfSpeech }), "downstream");
  }

  override queueFrame(frame: Frame, direction: FrameDirection = "downstream", signal?: AbortSignal): Promise<void> {
    if (isAudio(frame, direction)) this.#pendingAudio += 1;
    return super.queueFrame(frame, direction, signal);
  }

  protected override async processFrame(frame: Frame, direction: FrameDirection, signal: AbortSignal): Promise<void> {
    if (frame instanceof STTUpdateSettingsFrame) {
      // Not awaited: other frames need not wait for a new connection.
      void this.updateSettings(frame.settings).catch((error: unknown) =>
        this.pushError(toTurnwireError(error, "invalid_argument", `${this.name} could not change its settings`)),
      );
      return;
    }
    // Audio overtakes the EndFrame elsewhere; here the EndFrame must not overtake the audio in front of it.
    if (frame instanceof EndFrame) await this.#audioTaken.wait(() => this.#pendingAudio === 0, signal);
    await super.processFrame(frame, direction, signal);
    if (direction === "upstream") return;
    if (isAudio(frame, direction)) await this.#takeAudio(frame);
    else if (frame instanceof VADUserStartedSpeakingFrame) this.#startVoice();
    else if (frame instanceof VADUserStoppedSpeakingFrame) await this.#endVoice();
  }

  async #takeAudio(audio: InputAudioRawFrame): Promise<void> {
    try {
      if (!this.#muted) await this.#transcribe(audio);
    } finally {
      this.#pendingAudio -= 1;
      this.#audioTaken.notify();
    }
  }

  async #transcribe(audio: PcmAudio): Promise<void> {
    const sampleRate = (this.#sampleRate ??= audio.sampleRate);
    this.#converter ??= new AudioConverter({ sampleRate, channels: 1 });
    const bytes = this.#converter.convert(audio);
    if (bytes.length > 0) await this.runSTT(bytes);
  }

  #startVoice(): void {
    this.#voiceEndedMs = undefined;
    this.onVoiceStarted();
  }

  async #endVoice(): Promise<void> {
    if (this.#muted) return;
    this.#voiceEndedMs = this.clock.now();
    await this.finalize();
  }

  #reportTimeToFinal(): void {
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
