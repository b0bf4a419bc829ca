import type { IncomingMessage } from "node:http";
import type { WebSocket } from "ws";
import { type AudioFormat, bytesPerFrame, durationMs } from "turnwire/internal";
import { type Clock, Emitter, type Listener, type Logger } from "turnwire/internal";
import { InvalidArgumentError } from "turnwire/internal";
import type { FrameProcessor } from "turnwire";
import { Heartbeat, type HeartbeatOptions } from "turnwire/provider";
import type { InputTransport, InputTransportOptions } from "../input-transport.ts";
import type { OutputTransport, OutputTransportOptions } from "../output-transport.ts";
import { Allowance } from "./allowance.ts";
import { closeCodes } from "./close-codes.ts";
import {
  type ClientMessage,
  type HelloMessage,
  protocolVersion,
  readClientMessage,
  type ServerMessage,
} from "./messages.ts";
import { type ClientLine, WebsocketInput, WebsocketOutput, WebsocketTranscripts } from "./processors.ts";
import { SendBuffer } from "./send-buffer.ts";
import type { PlayedReport } from "./utterances.ts";

/** The events of a {@link WebsocketTransport}. */
export interface WebsocketTransportEvents {
  /** The connection has ended. The pipeline has been asked to end, too. */
  disconnected: [code: number, reason: string];
  /** The client does not take what it is sent: no audio goes out until it has caught up. */
  slow: [bufferedBytes: number];
  /** The client reports how much of an utterance it has played. */
  played: [report: PlayedReport];
  /** The client sent what cannot be used, and was told so. */
  clientError: [error: InvalidArgumentError];
}

/** How a client's connection is kept; all given. Not public. */
export interface ConnectionRules {
  input: InputTransportOptions;
  output: OutputTransportOptions;
  maxBufferedBytes: number;
  slowTimeoutMs: number;
  maxClientErrors: number;
  maxAheadMs: number;
  heartbeat: HeartbeatOptions | false;
  closeTimeoutMs: number;
  clock: Clock;
  logger: Logger;
}

/** A client may send so many texts before the pipeline has found room for the first. */
const maxWaitingTexts = 16;

/** One client of a {@link WebsocketServerTransport}: the two ends of its pipeline. */
export class WebsocketTransport {
  /** Counts the clients of the server, from 1. */
  readonly id: number;
  /** The HTTP request the connection began with. */
  readonly request: IncomingMessage;
  /** What the client sends. */
  readonly clientFormat: Readonly<AudioFormat>;
  /** Resolves when the connection has ended. */
  readonly closed: Promise<void>;
  readonly #socket: WebSocket;
  readonly #rules: ConnectionRules;
  readonly #events: Emitter<WebsocketTransportEvents>;
  readonly #input: WebsocketInput;
  readonly #output: WebsocketOutput;
  readonly #line: ClientLine;
  readonly #sending: SendBuffer;
  readonly #allowance: Allowance;
  readonly #heartbeat: Heartbeat | undefined;
  #errors = 0;
  #tooFast = false;
  #hasOutput = false;
  /** The client has said that it has ended, or the connection has. */
  #deaf = false;
  #closing = false;
  #cancelCloseTimer: () => void = () => undefined;

  /** @internal */
  constructor(id: number, socket: WebSocket, request: IncomingMessage, hello: HelloMessage, rules: ConnectionRules) {
    const { clock, logger, heartbeat } = rules;
    this.id = id;
    this.request = request;
    this.#socket = socket;
    this.#rules = rules;
    this.#events = new Emitter((event, error) => logger.warn(`a listener of "${event}" failed`, { error }));
    this.#sending = this.#makeBuffer();
    this.#line = this.#makeLine();
    const input = { sampleRate: 16_000, channels: 1, ...rules.input, clock, logger };
    const output = { ...rules.output, ...hello.output, clock, logger };
    this.clientFormat = { sampleRate: input.sampleRate, channels: input.channels, ...hello.input };
    this.#input = new WebsocketInput(this.#line, this.clientFormat, input);
    this.#output = new WebsocketOutput(this.#line, hello.reportsPlayed === true, output);
    this.#allowance = new Allowance(rules.maxAheadMs, clock);
    if (heartbeat !== false) {
      this.#heartbeat = new Heartbeat(
        heartbeat,
        clock,
        () => socket.ping(),
        () => socket.terminate(),
      );
    }
    this.closed = new Promise((resolve) => socket.once("close", () => resolve()));
    this.#listen();
    this.#line.send({ type: "hello", version: protocolVersion, input: this.clientFormat, output: this.#output.format });
  }

  /** The processor at the start of the pipeline: what the user says, and types. */
  input(): InputTransport {
    return this.#input;
  }

  /** The processor behind the TTS service: what the bot says. */
  output(): OutputTransport {
    return this.#output;
  }

  /** A processor to stand behind the STT service: sends the client what was understood. Optional. */
  transcripts(): FrameProcessor {
    return new WebsocketTranscripts(this.#line);
  }

  /** Listens to an event; the answer takes the listener away again. */
  on<K extends keyof WebsocketTransportEvents>(event: K, listener: Listener<WebsocketTransportEvents[K]>): () => void {
    return this.#events.on(event, listener);
  }

  off<K extends keyof WebsocketTransportEvents>(event: K, listener: Listener<WebsocketTransportEvents[K]>): void {
    this.#events.off(event, listener);
  }

  /** Closes the connection, and with it the pipeline. Default: 1000, no reason. */
  close(code: number = closeCodes.ended, reason = ""): void {
    this.#input.cancel();
    this.#close(code, reason);
  }

  #close(code: number, reason: string): void {
    if (this.#closing) return;
    this.#closing = this.#deaf = true;
    this.#sending.close();
    this.#heartbeat?.stop();
    this.#socket.close(code, reason);
    const { clock, closeTimeoutMs } = this.#rules;
    // The answer may never come, nor the close frame get through what is buffered.
    this.#cancelCloseTimer = clock.schedule(() => this.#socket.terminate(), closeTimeoutMs);
  }

  #listen(): void {
    this.#socket.on("message", (data: Buffer, isBinary) => {
      this.#heartbeat?.touch();
      if (this.#deaf) return;
      try {
        if (isBinary) this.#hear(data);
        else this.#obey(readClientMessage(data.toString("utf8")));
      } catch (error) {
        this.#complain(error);
      }
    });
    this.#socket.on("pong", () => this.#heartbeat?.touch());
    // `ws` closes the connection itself, with the code that fits; unheard, the event would end the process.
    this.#socket.on("error", () => undefined);
    this.#socket.once("close", (code, reason) => this.#ended(code, reason.toString()));
  }

  #ended(code: number, reason: string): void {
    this.#closing = this.#deaf = true;
    this.#cancelCloseTimer();
    this.#sending.close();
    this.#heartbeat?.stop();
    this.#input.cancel();
    this.#events.emit("disconnected", code, reason);
  }

  #hear(audio: Buffer): void {
    const size = bytesPerFrame(this.clientFormat);
    if (audio.length % size !== 0) {
      throw new InvalidArgumentError("audio", `must hold whole samples of ${size} bytes, not ${audio.length} bytes`);
    }
    const fits = this.#allowance.take(durationMs({ audio, ...this.clientFormat }));
    // Said once: it comes by the hundred.
    const tooFast = !fits && !this.#tooFast;
    this.#tooFast = !fits;
    if (fits) this.#input.hear(audio);
    else if (tooFast) throw new InvalidArgumentError("audio", "must not come faster than it is said; it was dropped");
  }

  #obey(message: ClientMessage): void {
    switch (message.type) {
      case "hello":
        throw new InvalidArgumentError("type", "must not be hello again");
      case "played":
        return this.#played(message.utterance, message.ms);
      case "text":
        if (this.#input.waitingTexts < maxWaitingTexts) return void this.#input.read(message.text);
        throw new InvalidArgumentError("text", "must wait: those before have not been taken yet; it was dropped");
      case "user-speaking":
        return this.#input.userSpeaks(message.speaking);
      case "interrupt":
        return this.#input.interrupt();
      case "end":
        this.#deaf = true;
        return this.#input.end();
    }
  }

  #played(utterance: number, ms: number): void {
    const report = this.#output.played(utterance, ms);
    if (report === undefined)
      throw new InvalidArgumentError("utterance", `must be one that was sent, not ${utterance}`);
    this.#events.emit("played", report);
  }

  #complain(error: unknown): void {
    if (!(error instanceof InvalidArgumentError)) {
      this.#rules.logger.warn("a client's message could not be handled", { client: this.id, error });
      this.close(closeCodes.failed, "the server failed");
      return;
    }
    this.#line.send({ type: "error", field: error.field, message: error.message });
    this.#events.emit("clientError", error);
    this.#errors += 1;
    if (this.#errors >= this.#rules.maxClientErrors)
      this.close(closeCodes.policy, "too many messages that cannot be used");
  }

  #makeBuffer(): SendBuffer {
    const { clock, maxBufferedBytes, slowTimeoutMs } = this.#rules;
    return new SendBuffer(this.#socket, {
      maxBufferedBytes,
      slowTimeoutMs,
      clock,
      onSlow: (bytes) => this.#events.emit("slow", bytes),
      onStuck: () => this.close(closeCodes.tooSlow, "the client does not take what it is sent"),
    });
  }

  #makeLine(): ClientLine {
    return {
      send: (message) => this.#sending.send(JSON.stringify(message)),
      sendAudio: (audio) => this.#sending.send(audio),
      writable: (signal) => this.#sending.writable(signal),
      outputStarted: () => (this.#hasOutput = true),
      inputStopped: () => {
        // What is still being played comes first.
        if (!this.#hasOutput) this.#close(closeCodes.ended, "");
      },
      outputStopped: (how) => this.#pipelineEnded(how),
    };
  }

  #pipelineEnded(how: "ended" | "cancelled"): void {
    if (how === "ended") this.#line.send({ type: "end" } satisfies ServerMessage);
    if (how === "ended") this.#close(closeCodes.ended, "");
    else this.#close(closeCodes.goingAway, "the conversation was ended");
  }
}
