import type { AudioFormat } from "turnwire/internal";
import {
  BotStartedSpeakingFrame,
  BotStoppedSpeakingFrame,
  type Frame,
  InterimTranscriptionFrame,
  TextFrame,
  TranscriptionFrame,
  UserStartedSpeakingFrame,
  UserStoppedSpeakingFrame,
} from "turnwire";
import { type FrameDirection, FrameProcessor } from "turnwire";
import { InputTransport, type InputTransportOptions } from "../input-transport.ts";
import { OutputTransport, type OutputTransportOptions } from "../output-transport.ts";
import type { OutputChunk } from "../pacer.ts";
import type { ServerMessage } from "./messages.ts";
import { type PlayedReport, Utterances } from "./utterances.ts";

/** What the processors of a client's pipeline do with its connection. */
export interface ClientLine {
  send(message: ServerMessage): void;
  sendAudio(audio: Uint8Array): void;
  /** A promise while the client does not take more audio. */
  writable(signal: AbortSignal): Promise<void> | undefined;
  outputStarted(): void;
  inputStopped(): void;
  outputStopped(how: "ended" | "cancelled"): void;
}

/** Hears what the client says. */
export class WebsocketInput extends InputTransport {
  readonly #line: ClientLine;
  readonly #clientFormat: Readonly<AudioFormat>;
  #waitingTexts = 0;

  constructor(line: ClientLine, clientFormat: AudioFormat, options: InputTransportOptions) {
    super(options);
    this.#line = line;
    this.#clientFormat = clientFormat;
  }

  /** Texts that have not found room in the pipeline yet. */
  get waitingTexts(): number {
    return this.#waitingTexts;
  }

  hear(audio: Uint8Array): void {
    this.receiveAudio({ audio, ...this.#clientFormat });
  }

  async read(text: string): Promise<void> {
    this.#waitingTexts += 1;
    await this.inject(new TranscriptionFrame(text, { endOfSpeech: true }));
    this.#waitingTexts -= 1;
  }

  userSpeaks(speaking: boolean): void {
    void this.inject(speaking ? new UserStartedSpeakingFrame() : new UserStoppedSpeakingFrame());
  }

  interrupt(): void {
    if (this.isRunning) void this.broadcastInterruption();
  }

  end(): void {
    this.flushAudio();
    void this.requestEnd();
  }

  cancel(): void {
    void this.requestCancel();
  }

  protected override stop(): void {
    this.#line.inputStopped();
  }
}

/** Speaks to the client. */
export class WebsocketOutput extends OutputTransport {
  readonly #line: ClientLine;
  readonly #utterances = new Utterances();

  constructor(line: ClientLine, reportsPlayed: boolean, options: OutputTransportOptions) {
    super(options, reportsPlayed);
    this.#line = line;
  }

  /** The client says how much of an utterance it has played. Answers what that means. */
  played(utterance: number, ms: number): PlayedReport | undefined {
    const report = this.#utterances.report(utterance, ms);
    if (report?.positionMs !== undefined) this.reportPlayed(report.positionMs);
    return report;
  }

  protected override start(): void {
    this.#line.outputStarted();
  }

  protected override writable(signal: AbortSignal): Promise<void> | undefined {
    return this.#line.writable(signal);
  }

  protected override writeAudio(chunk: OutputChunk): void {
    const utterance = this.#utterances.add(chunk);
    if (utterance !== undefined) this.#line.send({ type: "utterance", utterance });
    this.#line.sendAudio(chunk.audio);
  }

  protected override clearAudio(): void {
    if (this.#utterances.clear()) this.#line.send({ type: "clear" });
  }

  protected override framePassed(frame: Frame): void {
    const message = messageOf(frame);
    if (message !== undefined) this.#line.send(message);
  }

  protected override stop(how: "ended" | "cancelled"): void {
    this.#line.outputStopped(how);
  }
}

/** Tells the client what was understood of what it said. */
export class WebsocketTranscripts extends FrameProcessor {
  readonly #line: ClientLine;

  constructor(line: ClientLine) {
    super();
    this.#line = line;
  }

  protected override async processFrame(frame: Frame, direction: FrameDirection): Promise<void> {
    const final = frame instanceof TranscriptionFrame;
    if ((final || frame instanceof InterimTranscriptionFrame) && frame.text !== "") {
      this.#line.send({ type: "transcription", text: frame.text, final });
    }
    await this.pushFrame(frame, direction);
  }
}

function messageOf(frame: Frame): ServerMessage | undefined {
  if (frame instanceof TextFrame) return { type: "text", text: frame.text };
  if (frame instanceof BotStartedSpeakingFrame) return { type: "bot-speaking", speaking: true };
  if (frame instanceof BotStoppedSpeakingFrame) return { type: "bot-speaking", speaking: false };
  if (frame instanceof UserStartedSpeakingFrame) return { type: "user-speaking", speaking: true };
  if (frame instanceof UserStoppedSpeakingFrame) return { type: "user-speaking", speaking: false };
  return undefined;
}
