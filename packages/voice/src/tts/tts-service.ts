import {
  EndFrame,
  type Frame,
  type FrameDirection,
  InterruptionFrame,
  LLMTextFrame,
  MetricsFrame,
  SystemFrame,
} from "turnwire";
import {
  type AudioFormat,
  bytesForMs,
  checkFields,
  type Checks,
  is,
  TTSSpeakFrame,
  TTSUpdateSettingsFrame,
} from "turnwire/internal";
import {
  AIService,
  type AIServiceOptions,
  changedSettings,
  initialSettings,
  type SettingsTable,
  connectionEvents,
  type ReconnectingWebsocketEvents,
} from "turnwire/provider";
import { formatChecks, partOf, processorChecks } from "../checks.ts";
import { AnswerTracker } from "./answer-tracker.ts";
import type { SpeechPart } from "./synthesis/speech-part.ts";
import { SpeechQueue } from "./synthesis/speech-queue.ts";
import { Synthesis } from "./synthesis/synthesis.ts";
import { SentenceAggregator, type TextAggregator } from "./text/sentences.ts";
import { Utterance } from "./utterance/utterance.ts";
import { SpeakingRate } from "./utterance/word-timeline.ts";

/** Time limits of a TTS service, in milliseconds. */
export interface TTSTimeouts {
  /** How long the provider may take to start with the audio of an utterance, and to continue it; default 10 000. */
  responseMs?: number;
}

export interface TTSServiceOptions extends AIServiceOptions {
  /** The sample rate of the audio that the provider is asked for; default 24 000. */
  sampleRate?: number;
  /** Cuts the model's text into the pieces that are spoken one at a time; default: sentences. */
  textAggregator?: TextAggregator;
  /** Returns what is spoken of a piece of text, such as `withoutMarkdown`. The words that are pushed stay the model's own. */
  textFilter?: (text: string) => string;
  timeouts?: TTSTimeouts;
}

export const ttsTimeoutChecks: Checks<TTSTimeouts> = { responseMs: is.timeLimit };

export const ttsChecks: Checks<TTSServiceOptions> = {
  ...processorChecks,
  sampleRate: formatChecks.sampleRate,
  textAggregator: is.having(["add", "flush", "reset"], "a text aggregator"),
  textFilter: is.func,
  timeouts: partOf(ttsTimeoutChecks),
};

/** Only services that keep a connection emit these. */
export type TTSServiceEvents = ReconnectingWebsocketEvents;

/** How much audio may wait to be pushed. */
const maxAudioMs = 3000;

/**
 * The base of every TTS service. Takes the text of a model's answer (`LLMTextFrame`s) and `TTSSpeakFrame`s. For each
 * utterance it pushes a `TTSStartedFrame`, `TTSAudioRawFrame`s with `TTSTextFrame`s right after the audio that says them,
 * and a `TTSStoppedFrame`. An utterance is the text of an answer up to its end or its function calls, or the text of a
 * `TTSSpeakFrame`. The provider speaks one utterance at a time, sentence by sentence.
 *
 * **Order.** Other frames keep their place: they are pushed after the words in front of them.
 *
 * **Interruption.** Everything that has not been pushed is dropped at once, here and at the provider, except
 * uninterruptible frames.
 *
 * **Failure.** If the provider fails to speak an utterance, an `ErrorFrame` reports it and the end of the answer is marked
 * (`incompleteReason: "speech_failed"`). The words that were not heard are never pushed.
 *
 * A provider implements `say`, `finish` and `drop`, and reports on the {@link SpeechPart} it was given.
 */
export abstract class TTSService<Settings extends object> extends AIService<TTSServiceEvents> {
  /** The format of the audio. */
  readonly format: AudioFormat;
  /** For a provider that loses what it speaks, or cannot speak for a while. */
  protected readonly speech: Pick<Synthesis<Settings>, "lost" | "resume" | "fail">;
  readonly #table: SettingsTable<Settings>;
  readonly #aggregator: TextAggregator;
  readonly #filter: (text: string) => string;
  readonly #rate = new SpeakingRate();
  readonly #queue: SpeechQueue<Settings>;
  readonly #synthesis: Synthesis<Settings>;
  #settings: Settings;
  readonly #answer = new AnswerTracker();
  /** The utterance that text is added to. */
  #open: Utterance<Settings> | undefined;
  #utterances = 0;

  /**
   * @param options The options, and the settings beside them.
   * @param table The settings: what each may be, and its default.
   * @throws InvalidArgumentError for an option that is unusable.
   */
  constructor(options: TTSServiceOptions & Partial<Settings>, table: SettingsTable<Settings>) {
    checkFields(options, ttsChecks);
    super(options);
    this.events.declare(...connectionEvents);
    this.format = { sampleRate: options.sampleRate ?? 24_000, channels: 1 };
    this.#table = table;
    this.#settings = initialSettings(table, options);
    this.#aggregator = options.textAggregator ?? new SentenceAggregator();
    this.#filter = options.textFilter ?? ((text) => text);
    this.#queue = new SpeechQueue({
      push: (frame, signal) => this.pushFrame(this.#answer.marked(frame), "downstream", signal),
      onSpoken: (utterance) => {
        if (utterance.isAnswer && utterance.audio.hasFailed) this.#answer.fail();
      },
      clock: this.clock,
      maxAudioBytes: bytesForMs(maxAudioMs, this.format),
    });
    this.speech = this.#synthesis = this.#makeSynthesis(options.timeouts?.responseMs ?? 10_000);
  }

  /** The settings of utterances that begin from now on. */
  get settings(): Readonly<Settings> {
    return this.#settings;
  }

  /**
   * Changes settings from the next utterance on. A setting changed to undefined goes back to its default.
   * @throws InvalidArgumentError for a setting that is unknown or unusable; nothing is changed then.
   */
  updateSettings(changes: Readonly<Record<string, unknown>>): void {
    this.#settings = changedSettings(this.#table, this.#settings, changes);
    if (this.#synthesis.active === undefined) this.onSettingsIdle(this.#settings);
  }

  /** The voice or model, for metrics. */
  protected abstract get model(): string;

  /** Whether the provider reports when it has spoken which word; otherwise the words are spread over the audio. */
  protected get hasWordTimestamps(): boolean {
    return false;
  }

  /** Asks the provider to speak a piece of text, after the text of the part that it was given before. */
  protected abstract say(text: string, part: SpeechPart<Settings>): void;

  /** Tells the provider that the part gets no more text. It has to call `part.end()` when it has spoken everything. */
  protected abstract finish(part: SpeechPart<Settings>): void;

  /** Tells the provider that nothing of the part is wanted any more. */
  protected abstract drop(part: SpeechPart<Settings>): void;

  /** Whether text can be said now; if not, call `speech.resume()` when it can. */
  protected canSay(_settings: Settings): boolean {
    return true;
  }

  /** Whether the part can take more text; if not, it is finished and another part says the rest. */
  protected canContinue(_part: SpeechPart<Settings>): boolean {
    return true;
  }

  /** Called when audio of the current part has arrived. */
  protected onAudio(): void {}

  /** Called when the provider has not answered in time. */
  protected onSilent(): void {}

  /** Called when nothing is being said, with settings that may have been changed. */
  protected onSettingsIdle(_settings: Settings): void {}

  /** The settings of the utterance that the provider speaks now, or will speak next. */
  protected get activeSettings(): Settings {
    return this.#synthesis.active?.settings ?? this.#settings;
  }

  /** Drops everything that is being said and waits to be said. */
  override stop(): void | Promise<void> {
    this.#interrupt();
    this.#queue.advance();
  }

  protected override async processFrame(frame: Frame, direction: FrameDirection, signal: AbortSignal): Promise<void> {
    if (frame instanceof InterruptionFrame) {
      this.#interrupt(frame.id);
      // Pushed before anything else can be.
      const pushed = super.processFrame(frame, direction, signal);
      this.#queue.advance();
      await pushed;
    } else if (direction === "upstream" || frame instanceof SystemFrame) {
      await super.processFrame(frame, direction, signal);
    } else if (frame instanceof EndFrame) {
      this.#closeUtterance();
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
      if (this.#answer.take(frame)) this.#closeUtterance();
      if (this.#queue.isIdle) {
        await this.pushFrame(this.#answer.marked(frame), direction, signal);
        return;
      }
      // A failed utterance may have left the queue.
      if (this.#open === undefined || this.#open.audio.hasFailed) this.#queue.add(frame);
      else this.#open.text.insert(frame);
    }
    if (this.#queue.hasRoom) return;
    // The full queue may wait for the end of this sentence, and the provider for more text.
    this.#aggregator.flush();
    this.#open?.text.cut();
    this.#synthesis.resume();
    await this.#queue.room(signal);
  }

  #takeText(text: string): void {
    if (this.#answer.state === "interrupted" || text === "") return;
    if (this.#answer.state === "none") return this.#speak(text);
    this.#addText(text);
    this.#synthesis.resume();
  }

  #speak(text: string): void {
    this.#closeUtterance();
    this.#addText(text);
    this.#closeUtterance();
  }

  #beginUtterance(): Utterance<Settings> {
    const utterance = new Utterance<Settings>({
      id: `${this.name}:${++this.#utterances}`,
      settings: this.#settings,
      isAnswer: this.#answer.state !== "none",
      clock: this.clock,
      format: this.format,
      rate: this.#rate,
      exact: this.hasWordTimestamps,
    });
    this.#queue.add(utterance);
    return utterance;
  }

  /** Adds text to the open utterance; begins one if none is open. */
  #addText(text: string): void {
    const { text: utteranceText } = (this.#open ??= this.#beginUtterance());
    utteranceText.add(text);
    for (const piece of this.#aggregator.add(text)) utteranceText.cut(piece.length);
  }

  #closeUtterance(): void {
    this.#aggregator.flush();
    this.#open?.text.close();
    this.#open = undefined;
    this.#synthesis.resume();
  }

  #interrupt(frameId?: number): void {
    this.#aggregator.reset();
    this.#answer.interrupt(frameId);
    this.#open = undefined;
    this.#queue.interrupt();
    this.#synthesis.interrupted();
  }

  #makeSynthesis(responseTimeoutMs: number): Synthesis<Settings> {
    const { name, clock } = this;
    return new Synthesis(this.#queue, {
      name,
      clock,
      responseTimeoutMs,
      say: (text, part) => this.say(text, part),
      finish: (part) => this.finish(part),
      drop: (part) => this.drop(part),
      canSay: (settings) => this.canSay(settings),
      canContinue: (part) => this.canContinue(part),
      filter: (text) => this.#filtered(text),
      onIdle: () => this.onSettingsIdle(this.#settings),
      onSilent: () => this.onSilent(),
      onAudio: (afterMs) => this.#onAudio(afterMs),
      onError: (error) => void this.pushError(error),
      onSaidAgain: ({ code }) => this.logger.warn(`${name} says the rest of an utterance again`, { code }),
    });
  }

  #filtered(text: string): string {
    try {
      return this.#filter(text);
    } catch (error) {
      this.logger.warn(`the text filter of ${this.name} failed; the text is spoken unchanged`, { error });
      return text;
    }
  }

  #onAudio(afterMs: number | undefined): void {
    this.onAudio();
    if (afterMs === undefined) return;
    const { name, model } = this;
    void this.pushFrame(new MetricsFrame([{ type: "ttfb", processor: name, model, valueMs: afterMs }]));
  }
}
