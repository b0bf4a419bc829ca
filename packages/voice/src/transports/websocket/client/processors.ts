import { type Frame, type FrameDirection, FrameProcessor, TextFrame, TranscriptionFrame } from "turnwire";
import {
  type AudioFormat,
  BotStartedSpeakingFrame,
  BotStoppedSpeakingFrame,
  InterimTranscriptionFrame,
  InvalidArgumentError,
  UserStartedSpeakingFrame,
  UserStoppedSpeakingFrame,
} from "turnwire/internal";
import { InputTransport, type InputTransportOptions } from "../../input-transport.ts";
import { OutputTransport, type OutputTransportOptions } from "../../output-transport.ts";
import type { OutputChunk } from "../../pacer.ts";
import type { ClientMessage, ServerMessage } from "../protocol.ts";
import type { SendBuffer } from "./send-buffer.ts";
import { type PlayedReport, Utterances } from "./utterances.ts";

/** A message that the input handles. */
type InputMessage = Exclude<ClientMessage, { type: "hello" | "played" }>;

/** How many texts a client may send before the pipeline has found room for the first. */
const maxWaitingTexts = 16;

/** Pushes what the client says and types. */
export class WebsocketInput extends InputTransport {
  readonly clientFormat: Readonly<AudioFormat>;
  readonly #onStopped: () => void;
  /** How many texts have not found room in the pipeline yet. */
  #waitingTexts = 0;

  constructor(options: InputTransportOptions, clientFormat: Partial<AudioFormat> | undefined, onStopped: () => void) {
    super(options);
    this.clientFormat = { ...this.format, ...clientFormat };
    this.#onStopped = onStopped;
  }

  receive(audio: Uint8Array): void {
    this.receiveAudio({ audio, ...this.clientFormat });
  }

  /** @throws InvalidArgumentError for a text while too many wait. */
  take(message: InputMessage): void {
    switch (message.type) {
      case "text":
        return this.#takeText(message.text);
      case "user-speaking":
        return void this.inject(message.speaking ? new UserStartedSpeakingFrame() : new UserStoppedSpeakingFrame());
      case "interrupt":
        if (this.isRunning) void this.broadcastInterruption();
        return;
      case "end":
        this.flushAudio();
        return void this.requestEnd();
    }
  }

  cancel(): void {
    void this.requestCancel();
  }

  protected override stop(): void {
    this.#onStopped();
  }

  #takeText(text: string): void {
    if (this.#waitingTexts >= maxWaitingTexts) {
      throw new InvalidArgumentError("text", "expected fewer texts at a time; it was dropped");
    }
    this.#waitingTexts += 1;
    const taken = this.inject(new TranscriptionFrame(text, { endOfSpeech: true }));
    void taken.then(() => (this.#waitingTexts -= 1));
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
