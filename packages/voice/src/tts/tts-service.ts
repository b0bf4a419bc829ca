import { bytesForMs, checkAudioFormat, type AudioFormat } from "turnwire/internal";
import { InvalidArgumentError, kindOf, type TurnwireError } from "turnwire/internal";
import {
  EndFrame,
  type Frame,
  FunctionCallsStartedFrame,
  InterruptionFrame,
  LLMFullResponseEndFrame,
  LLMFullResponseStartFrame,
  LLMTextFrame,
  MetricsFrame,
  SystemFrame,
  TTSSpeakFrame,
  TTSUpdateSettingsFrame,
} from "turnwire";
import type { FrameDirection } from "turnwire";
import type { WebsocketServiceEvents } from "turnwire/provider";
import { AIService, type AIServiceOptions } from "turnwire/provider";
import { SentenceAggregator, type TextAggregator } from "./sentences.ts";
import { changedSettings, type SettingsTable } from "turnwire/provider";
import { SpeechQueue } from "./speech-queue.ts";
import { type SpeechPart, Synthesis, type SynthesisHooks } from "./synthesis.ts";
import { type SpokenWord, Utterance } from "./utterance.ts";
import { SpeakingRate } from "./word-pace.ts";

export interface TTSServiceOptions<Settings extends object = object> extends AIServiceOptions {
  settings?: Partial<Settings>;
  /** Samples per second of the audio asked for; default 24 000. */
  sampleRate?: number;
  /** Cuts the model's text into what is spoken at a time; default: sentences. */
  textAggregator?: TextAggregator;
  /** Makes of each piece of text what is spoken of it, such as `withoutMarkdown`. The words pushed on are the model's own. */
  textFilter?: (text: string) => string;
  /** How long the provider may take to begin with the audio of an utterance, and to go on to its end, in milliseconds; default 10 000. */
  responseTimeoutMs?: number;
}

/** The connection's events come from services that keep one. */
export type TTSServiceEvents = WebsocketServiceEvents;

const heldFrames = 64;
const heldCharacters = 16_384;
const heldAudioMs = 3000;

/**
 * The base of every TTS service. Takes the text of a model's answer (`LLMTextFrame`s) and `TTSSpeakFrame`s, and pushes for
 * each utterance `TTSStartedFrame`, `TTSAudioRawFrame`s with `TTSTextFrame`s right behind the audio that says them, and
 * `TTSStoppedFrame`. An utterance is the text of an answer up to its end or its function calls, or of a `TTSSpeakFrame`;
 * the provider is given it sentence by sentence, one utterance at a time.
 *
 * **Order.** Other frames keep their place in the speech: they come out behind the words before them.
 *
 * **Interruption.** What has not come out is dropped at once, here and at the provider, except uninterruptible frames.
 *
 * **Failure.** An utterance the provider fails to speak is reported with an `ErrorFrame`, and is marked on the end of the
 * answer (`incompleteReason: "speech_failed"`). The words that were not heard never come out.
 *
 * A provider implements `say`, `finish` and `drop`, and reports with `audioCame`, `wordsCame`, `spokenTo`, `partEnded` and
 * `partFailed`. It may take an utterance in several parts; what it reports of a part that is over is ignored.
 */
export abstract class TTSService<Settings extends object> extends AIService<TTSServiceEvents> {
  /** The format of the audio. */
  readonly format: AudioFormat;
  readonly #table: SettingsTable<Settings>;
  readonly #aggregator: TextAggregator;
  readonly #filter: (text: string) => string;
  readonly #rate = new SpeakingRate();
  readonly #queue: SpeechQueue<Settings>;
  readonly #synthesis: Synthesis<Settings>;
  #settings: Settings;
  /** Whether a model is answering, and whether that answer was interrupted. */
  #answer: "none" | "open" | "interrupted" = "none";
  /** Whether a part of the answer that comes out now could not be spoken. */
  #answerFailed = false;
  /** The number of the last interruption's frame. */
  #interruptedAt = 0;
  /** The utterance that text is added to. */
  #open: Utterance<Settings> | undefined;
  #utterances = 0;

  /** @throws InvalidArgumentError naming the option that cannot be used. */
  constructor(options: TTSServiceOptions<Settings>, table: SettingsTable<Settings>) {
    super(options);
    this.format = { sampleRate: options.sampleRate ?? 24_000, channels: 1 };
    checkAudioFormat(this.format);
    this.#table = table;
    this.#settings = changedSettings(table, table.defaults, options.settings ?? {});
    this.#aggregator = options.textAggregator ?? new SentenceAggregator();
    this.#filter = options.textFilter ?? ((text) => text);
    this.#queue = new SpeechQueue({
      push: (frame, signal) => this.pushFrame(this.#marked(frame), "downstream", signal),
      spoken: (utterance) => {
        this.#answerFailed ||= utterance.isAnswer && utterance.failed;
      },
      clock: this.clock,
      frames: heldFrames,
      characters: heldCharacters,
      audioBytes: bytesForMs(heldAudioMs, this.format),
    });
    const hooks: SynthesisHooks<Settings> = {
      say: (text, part) => this.say(text, part),
      finish: (part) => this.finish(part),
      drop: (part) => this.drop(part),
      canSay: (settings) => this.canSay(settings),
      canContinue: (part) => this.canContinue(part),
      filter: (text) => this.#filtered(text),
      idle: () => this.settingsChanged(this.#settings),
      silent: () => this.providerSilent(),
      began: (afterMs) => this.#reportFirstAudio(afterMs),
      failed: (error) => void this.pushError(error),
    };
    const { name, clock, format } = this;
    const { responseTimeoutMs = 10_000 } = options;
    if (!(responseTimeoutMs > 0)) {
      const kind = kindOf(responseTimeoutMs);
      throw new InvalidArgumentError("responseTimeoutMs", `must be a number above 0, not ${kind}`);
    }
    this.#synthesis = new Synthesis(this.#queue, hooks, { name, clock, format, responseTimeoutMs });
  }

  /** The settings, for utterances that begin from now on. */
  get settings(): Readonly<Settings> {
    return this.#settings;
  }

  /**
   * Changes settings, from the next utterance on; one set to undefined goes back to its default.
   * @throws InvalidArgumentError naming the setting that is unknown or cannot be used.
   */
  updateSettings(changes: Readonly<Record<string, unknown>>): void {
    this.#settings = changedSettings(this.#table, this.#settings, changes);
    if (this.#synthesis.active === undefined) this.settingsChanged(this.#settings);
  }

  /** The voice or model, for metrics. */
  protected abstract get model(): string;

  /** Whether the provider says when it has spoken which word; else the words are spread over the audio. */
  protected get hasWordTimestamps(): boolean {
    return false;
  }

  /** Has a piece of text spoken, behind what was said of the part before. */
  protected abstract say(text: string, part: SpeechPart<Settings>): void;

  /** No more text comes for the part: the provider speaks what it has and says when it is done. */
  protected abstract finish(part: SpeechPart<Settings>): void;

  /** Nothing of the part is wanted any more. */
  protected abstract drop(part: SpeechPart<Settings>): void;

  /** Whether text can be said now; if not, `resumeSpeech` is called when it can. */
  protected canSay(_settings: Settings): boolean {
    return true;
  }

  /** Whether more text can be said in the part; if not, it is finished, and the rest is said in another one. */
  protected canContinue(_part: SpeechPart<Settings>): boolean {
    return true;
  }

  /** The provider has not answered in time. */
  protected providerSilent(): void {}

  /** Settings may have been changed, and nothing is being said. */
  protected settingsChanged(_settings: Settings): void {}

  /** The settings of what the provider speaks now, or will speak next. */
  protected get activeSettings(): Settings {
    return this.#synthesis.active?.settings ?? this.#settings;
  }

  /** How far the text of the part has been given to the provider, for `spokenTo`. */
  protected get saidOffset(): number {
    return this.#synthesis.saidOffset;
  }

  /** Audio of a part has come. Resolves once there is room for more: to be awaited before more is received. */
  protected async audioCame(partId: string, bytes: Uint8Array): Promise<void> {
    await this.#synthesis.audioCame(partId, bytes);
  }

  /** Words of a part have been spoken, or will be, at these times of its audio. */
  protected wordsCame(partId: string, words: readonly SpokenWord[]): void {
    this.#synthesis.wordsCame(partId, words);
  }

  /** All audio of the text up to `offset` (see `saidOffset`) has come. */
  protected spokenTo(partId: string, offset: number): void {
    this.#synthesis.spokenTo(partId, offset);
  }

  /** The provider has spoken what it was given of the part. */
  protected partEnded(partId: string): void {
    this.#synthesis.partEnded(partId);
  }

  /** The provider has given the part up. What has not been heard is said again, unless it spoke no word of it. */
  protected partFailed(partId: string, error: TurnwireError): void {
    const again = this.#synthesis.partFailed(partId, error);
    if (again) this.logger.warn(`${this.name} says the rest of an utterance again`, { code: error.code });
  }

  /** What is being said fails; `error` has been reported if it is left out. */
  protected failSpeech(error?: TurnwireError): void {
    const { active } = this.#synthesis;
    if (active !== undefined) this.#synthesis.fail(active, error);
    else if (error !== undefined) void this.pushError(error);
  }

  /** The provider has lost the part it was speaking. What has not been heard of it is said again at `resumeSpeech`. */
  protected speechLost(): void {
    this.#synthesis.lost();
  }

  /** Text can be said (again). */
  protected resumeSpeech(): void {
    this.#synthesis.sayMore();
  }

  /** Everything that is being said, and waits to be said, is dropped. */
  override stop(): void | Promise<void> {
    this.#interrupt();
    this.#queue.changed();
  }

  protected override async processFrame(frame: Frame, direction: FrameDirection, signal: AbortSignal): Promise<void> {
    if (frame instanceof InterruptionFrame) {
      this.#interruptedAt = frame.id;
      this.#interrupt();
      // Pushed on before anything else can be.
      const passed = super.processFrame(frame, direction, signal);
      this.#queue.changed();
      await passed;
    } else if (direction === "upstream" || frame instanceof SystemFrame) {
      await super.processFrame(frame, direction, signal);
    } else if (frame instanceof EndFrame) {
      this.#endUtterance();
      await this.#queue.whenIdle(signal);
      await super.processFrame(frame, direction, signal);
    } else {
      await this.#processInOrder(frame, direction, signal);
    }
  }

  async #processInOrder(frame: Frame, direction: FrameDirection, signal: AbortSignal): Promise<void> {
    if (frame instanceof LLMTextFrame) this.#takeText(frame.text);
    else if (frame instanceof TTSSpeakFrame) this.#speak(frame.text);
    else if (frame instanceof TTSUpdateSettingsFrame) this.updateSettings(frame.settings);
    else {
      this.#noteAnswer(frame);
      if (this.#queue.isIdle) {
        await this.pushFrame(this.#marked(frame), direction, signal);
        return;
      }
      // One that failed may be out already.
      if (this.#open === undefined || this.#open.failed) this.#queue.add(frame);
      else this.#open.insert(frame);
    }
    if (this.#queue.hasRoom) return;
    // What waits here may wait for the end of this sentence, and the provider for more text.
    this.#aggregator.flush();
    this.#open?.cut();
    this.#synthesis.sayMore();
    await this.#queue.room(signal);
  }

  #noteAnswer(frame: Frame): void {
    const [begins, ends] = [frame instanceof LLMFullResponseStartFrame, frame instanceof LLMFullResponseEndFrame];
    if (begins || ends || frame instanceof FunctionCallsStartedFrame) this.#endUtterance();
    if (begins) this.#answer = frame.id > this.#interruptedAt ? "open" : "interrupted";
    else if (ends) this.#answer = "none";
  }

  #takeText(text: string): void {
    if (this.#answer === "interrupted" || text === "") return;
    if (this.#answer === "none") {
      this.#speak(text);
      return;
    }
    this.#open ??= this.#begin();
    this.#addText(this.#open, text);
    this.#synthesis.sayMore();
  }

  #speak(text: string): void {
    this.#endUtterance();
    this.#open = this.#begin();
    this.#addText(this.#open, text);
    this.#endUtterance();
  }

  #begin(): Utterance<Settings> {
    const utterance = new Utterance<Settings>({
      id: `${this.name}:${++this.#utterances}`,
      settings: this.#settings,
      isAnswer: this.#answer !== "none",
      clock: this.clock,
      format: this.format,
      rate: this.#rate,
      exact: this.hasWordTimestamps,
    });
    this.#queue.add(utterance);
    return utterance;
  }

  #addText(utterance: Utterance<Settings>, text: string): void {
    utterance.add(text);
    for (const piece of this.#aggregator.add(text)) utterance.cut(piece.length);
  }

  #endUtterance(): void {
    this.#aggregator.flush();
    this.#open?.close();
    this.#open = undefined;
    this.#synthesis.sayMore();
  }

  #interrupt(): void {
    this.#aggregator.reset();
    if (this.#answer === "open") this.#answer = "interrupted";
    this.#open = undefined;
    this.#answerFailed = false;
    this.#queue.interrupt();
    this.#synthesis.interrupted();
  }

  #filtered(text: string): string {
    try {
      return this.#filter(text);
    } catch (error) {
      this.logger.warn(`the text filter of ${this.name} failed; the text is spoken as it is`, { error });
      return text;
    }
  }

  #reportFirstAudio(valueMs: number): void {
    const { name, model } = this;
    void this.pushFrame(new MetricsFrame([{ type: "ttfb", processor: name, model, valueMs }]));
  }

  /** The end of an answer says so when not all of it was spoken. */
  #marked(frame: Frame): Frame {
    if (!(frame instanceof LLMFullResponseEndFrame)) return frame;
    const failed = this.#answerFailed;
    this.#answerFailed = false;
    if (!failed || frame.interrupted || frame.incompleteReason !== undefined) return frame;
    return new LLMFullResponseEndFrame({ incompleteReason: "speech_failed" });
  }
}
