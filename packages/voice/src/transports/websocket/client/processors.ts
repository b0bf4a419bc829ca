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
import type { ServerMessage } from "../protocol.ts";
import type { SendBuffer } from "./send-buffer.ts";
import { type PlayedReport, Utterances } from "./utterances.ts";

/** Pushes what the client says and types. */
export class WebsocketInput extends InputTransport {
  readonly #clientFormat: Readonly<AudioFormat>;
  readonly #onStopped: () => void;
  #waitingTexts = 0;

  constructor(options: InputTransportOptions, clientFormat: AudioFormat, onStopped: () => void) {
    super(options);
    this.#clientFormat = clientFormat;
    this.#onStopped = onStopped;
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
    this.#onStopped();
  }
}

/** Sends the client what the bot says. */
export class WebsocketOutput extends OutputTransport {
  readonly #client: SendBuffer;
  readonly #onStopped: (how: "ended" | "cancelled") => void;
  readonly #utterances = new Utterances();
  #hasStarted = false;

  constructor(
    options: OutputTransportOptions,
    reportsPlayed: boolean,
    client: SendBuffer,
    onStopped: (how: "ended" | "cancelled") => void,
  ) {
    super(options, reportsPlayed);
    this.#client = client;
    this.#onStopped = onStopped;
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
    return this.#client.writable(signal);
  }

  protected override writeAudio(chunk: OutputChunk): void {
    const utterance = this.#utterances.add(chunk);
    if (utterance !== undefined) this.#client.send({ type: "utterance", utterance });
    this.#client.send(chunk.audio);
  }

  protected override clearAudio(): void {
    if (this.#utterances.clear()) this.#client.send({ type: "clear" });
  }

  protected override framePassed(frame: Frame): void {
    const message = messageOf(frame);
    if (message !== undefined) this.#client.send(message);
  }

  protected override stop(how: "ended" | "cancelled"): void {
    this.#onStopped(how);
  }
}

/** Sends the client what was understood. */
export class WebsocketTranscripts extends FrameProcessor {
  readonly #client: SendBuffer;

  constructor(client: SendBuffer) {
    super();
    this.#client = client;
  }

  protected override async processFrame(frame: Frame, direction: FrameDirection): Promise<void> {
    const final = frame instanceof TranscriptionFrame;
    if ((final || frame instanceof InterimTranscriptionFrame) && frame.text !== "") {
      this.#client.send({ type: "transcription", text: frame.text, final });
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
