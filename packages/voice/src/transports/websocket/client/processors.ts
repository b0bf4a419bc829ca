import { type Frame, type FrameDirection, FrameProcessor, TextFrame, TranscriptionFrame } from "turnwire";
import {
  type AudioFormat,
  BotStartedSpeakingFrame,
  BotStoppedSpeakingFrame,
  InterimTranscriptionFrame,
  UserStartedSpeakingFrame,
  UserStoppedSpeakingFrame,
} from "turnwire/internal";
import { InputTransport, type InputTransportOptions } from "../../input-transport.ts";
import { OutputTransport, type OutputTransportOptions } from "../../output-transport.ts";
import type { OutputChunk } from "../../pacer.ts";
import type { ServerMessage } from "../protocol/index.ts";
import { type PlayedReport, Utterances } from "./utterances.ts";

/** The connection of a client, as the processors of its pipeline see it. */
export interface ClientPort {
  send(message: ServerMessage): void;
  sendAudio(audio: Uint8Array): void;
  /** Returns a promise while the client does not take more audio. */
  writable(signal: AbortSignal): Promise<void> | undefined;
  onInputStopped(): void;
  onOutputStopped(how: "ended" | "cancelled"): void;
}

/** Pushes what the client says and types. */
export class WebsocketInput extends InputTransport {
  readonly #port: ClientPort;
  readonly #clientFormat: Readonly<AudioFormat>;
  #waitingTexts = 0;

  constructor(port: ClientPort, clientFormat: AudioFormat, options: InputTransportOptions) {
    super(options);
    this.#port = port;
    this.#clientFormat = clientFormat;
  }

  /** How many texts have not found room in the pipeline yet. */
  get waitingTexts(): number {
    return this.#waitingTexts;
  }

  receive(audio: Uint8Array): void {
    this.receiveAudio({ audio, ...this.#clientFormat });
  }

  async receiveText(text: string): Promise<void> {
    this.#waitingTexts += 1;
    await this.inject(new TranscriptionFrame(text, { endOfSpeech: true }));
    this.#waitingTexts -= 1;
  }

  setUserSpeaking(speaking: boolean): void {
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
    this.#port.onInputStopped();
  }
}

/** Sends the client what the bot says. */
export class WebsocketOutput extends OutputTransport {
  readonly #port: ClientPort;
  readonly #utterances = new Utterances();
  #hasStarted = false;

  constructor(port: ClientPort, reportsPlayed: boolean, options: OutputTransportOptions) {
    super(options, reportsPlayed);
    this.#port = port;
  }

  get hasStarted(): boolean {
    return this.#hasStarted;
  }

  /** Takes the client's report of how much of an utterance it has played; undefined if there is no such utterance. */
  played(utterance: number, ms: number): PlayedReport | undefined {
    const report = this.#utterances.report(utterance, ms);
    if (report?.positionMs !== undefined) this.reportPlayed(report.positionMs);
    return report;
  }

  protected override start(): void {
    this.#hasStarted = true;
  }

  protected override writable(signal: AbortSignal): Promise<void> | undefined {
    return this.#port.writable(signal);
  }

  protected override writeAudio(chunk: OutputChunk): void {
    const utterance = this.#utterances.add(chunk);
    if (utterance !== undefined) this.#port.send({ type: "utterance", utterance });
    this.#port.sendAudio(chunk.audio);
  }

  protected override clearAudio(): void {
    if (this.#utterances.clear()) this.#port.send({ type: "clear" });
  }

  protected override framePassed(frame: Frame): void {
    const message = messageOf(frame);
    if (message !== undefined) this.#port.send(message);
  }

  protected override stop(how: "ended" | "cancelled"): void {
    this.#port.onOutputStopped(how);
  }
}

/** Sends the client what was understood. */
export class WebsocketTranscripts extends FrameProcessor {
  readonly #port: ClientPort;

  constructor(port: ClientPort) {
    super();
    this.#port = port;
  }

  protected override async processFrame(frame: Frame, direction: FrameDirection): Promise<void> {
    const final = frame instanceof TranscriptionFrame;
    if ((final || frame instanceof InterimTranscriptionFrame) && frame.text !== "") {
      this.#port.send({ type: "transcription", text: frame.text, final });
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
