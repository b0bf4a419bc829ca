import type { IncomingMessage } from "node:http";
import type { FrameProcessor } from "turnwire";
import {
  type AudioFormat,
  bytesPerFrame,
  type Clock,
  durationMs,
  Emitter,
  InvalidArgumentError,
  type Listener,
  type Logger,
} from "turnwire/internal";
import { Heartbeat, type HeartbeatOptions } from "turnwire/provider";
import type { WebSocket } from "ws";
import type { InputTransport, InputTransportOptions } from "../../input-transport.ts";
import type { OutputTransport, OutputTransportOptions } from "../../output-transport.ts";
import { type ClientMessage, closeCodes, type HelloMessage, protocolVersion, readClientMessage } from "../protocol.ts";
import { Allowance } from "./allowance.ts";
import { WebsocketInput, WebsocketOutput, WebsocketTranscripts } from "./processors.ts";
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
  /** The client sent a message that cannot be used, and got an `error` message. */
  clientError: [error: InvalidArgumentError];
}

/** The server's settings for a client's connection. Not public. */
export interface ConnectionSettings {
  input: InputTransportOptions;
  output: OutputTransportOptions;
  maxBufferedBytes: number;
  maxClientErrors: number;
  maxAheadMs: number;
  heartbeat: HeartbeatOptions | false;
  timeouts: { slowMs: number; closeMs: number };
  clock: Clock;
  logger: Logger;
}

/** One client of a {@link WebsocketServerTransport}: the two ends of its pipeline. */
export class WebsocketTransport {
  /** The number of the client, counted by the server from 1. */
  readonly id: number;
  /** The HTTP request that the connection began with. */
  readonly request: IncomingMessage;
  /** The format of the audio that the client sends. */
  readonly clientFormat: Readonly<AudioFormat>;
  /** Resolves when the connection has ended. */
  readonly closed: Promise<void>;
  readonly #socket: WebSocket;
  readonly #settings: ConnectionSettings;
  readonly #events: Emitter<WebsocketTransportEvents>;
  readonly #input: WebsocketInput;
  readonly #output: WebsocketOutput;
  readonly #sending: SendBuffer;
  readonly #allowance: Allowance;
  readonly #heartbeat: Heartbeat | undefined;
  /** `input closed`: the client has said that it sends nothing more. `closing`: the close handshake is under way. */
  #state: "open" | "input closed" | "closing" | "closed" = "open";
  #errors = 0;
  #cancelCloseTimer: () => void = () => undefined;

  /** @internal */
  constructor(
    id: number,
    socket: WebSocket,
    request: IncomingMessage,
    hello: HelloMessage,
    settings: ConnectionSettings,
  ) {
    const { clock, logger, heartbeat } = settings;
    this.id = id;
    this.request = request;
    this.#socket = socket;
    this.#settings = settings;
    this.#events = Emitter.logging("WebsocketTransport", logger, ["disconnected", "slow", "played", "clientError"]);
    this.#sending = new SendBuffer(socket, {
      ...settings,
      onSlow: (bytes) => this.#events.emit("slow", bytes),
      onStuck: () => this.close(closeCodes.tooSlow, "the client does not take what it is sent"),
    });
    const input = { ...settings.input, environment: { clock }, logger };
    const output = { ...settings.output, ...hello.output, environment: { clock }, logger };
    this.#input = new WebsocketInput(input, hello.input, () => this.#onInputStopped());
    this.clientFormat = this.#input.clientFormat;
    this.#output = new WebsocketOutput(output, hello.reportsPlayed === true, this.#sending, (how) =>
      this.#onOutputStopped(how),
    );
    this.#allowance = new Allowance(settings.maxAheadMs, clock);
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
    this.#sending.send({
      type: "hello",
      version: protocolVersion,
      input: this.clientFormat,
      output: this.#output.format,
    });
  }

  /** The first processor of the pipeline: pushes what the user says and types. */
  input(): InputTransport {
    return this.#input;
  }

  /** The processor after the TTS service: sends what the bot says. */
  output(): OutputTransport {
    return this.#output;
  }

  /** A processor to put after the STT service: sends the client what was understood. Optional. */
  transcripts(): FrameProcessor {
    return new WebsocketTranscripts(this.#sending);
  }

  /**
   * Adds a listener. The function returned removes it.
   * @throws InvalidArgumentError for an unknown event.
   */
  on<K extends keyof WebsocketTransportEvents>(event: K, listener: Listener<WebsocketTransportEvents[K]>): () => void {
    return this.#events.on(event, listener);
  }

  off<K extends keyof WebsocketTransportEvents>(event: K, listener: Listener<WebsocketTransportEvents[K]>): void {
    this.#events.off(event, listener);
  }

  /** Closes the connection and ends the pipeline at once. Default: code 1000, no reason. */
  close(code: number = closeCodes.ended, reason = ""): void {
    this.#input.cancel();
    this.#close(code, reason);
  }

  #close(code: number, reason: string): void {
    if (this.#state === "closing" || this.#state === "closed") return;
    this.#state = "closing";
    this.#sending.close();
    this.#heartbeat?.stop();
    this.#socket.close(code, reason);
    const { clock, timeouts } = this.#settings;
    // The client may never answer, and the close frame may not get through what is buffered.
    this.#cancelCloseTimer = clock.schedule(() => this.#socket.terminate(), timeouts.closeMs);
  }

  #listen(): void {
    this.#socket.on("message", (data: Buffer, isBinary) => {
      this.#heartbeat?.touch();
      if (this.#state !== "open") return;
      try {
        if (isBinary) this.#onAudio(data);
        else this.#onMessage(readClientMessage(data.toString("utf8")));
      } catch (error) {
        this.#reportClientError(error);
      }
    });
    this.#socket.on("pong", () => this.#heartbeat?.touch());
    this.#socket.once("close", (code, reason) => this.#onClosed(code, reason.toString()));
  }

  #onClosed(code: number, reason: string): void {
    this.#state = "closed";
    this.#cancelCloseTimer();
    this.#sending.close();
    this.#heartbeat?.stop();
    this.#input.cancel();
    this.#events.emit("disconnected", code, reason);
  }

  #onAudio(audio: Buffer): void {
    const size = bytesPerFrame(this.clientFormat);
    if (audio.length % size !== 0) {
      throw new InvalidArgumentError("audio", `expected whole samples of ${size} bytes, got ${audio.length} bytes`);
    }
    const decision = this.#allowance.take(durationMs({ audio, ...this.clientFormat }));
    if (decision === "accepted") this.#input.receive(audio);
    else if (decision === "refused") {
      throw new InvalidArgumentError("audio", "expected audio no faster than real time; it was dropped");
    }
  }

  #onMessage(message: ClientMessage): void {
    if (message.type === "hello") throw new InvalidArgumentError("type", "expected no second hello");
    if (message.type === "played") return this.#onPlayed(message.utterance, message.ms);
    if (message.type === "end") this.#state = "input closed";
    this.#input.take(message);
  }

  #onPlayed(utterance: number, ms: number): void {
    const report = this.#output.played(utterance, ms);
    if (report === undefined) {
      throw new InvalidArgumentError(
        "utterance",
        `expected the number of an utterance that was sent, got the number ${utterance}`,
      );
    }
    this.#events.emit("played", report);
  }

  #reportClientError(error: unknown): void {
    if (!(error instanceof InvalidArgumentError)) {
      this.#settings.logger.warn("a client's message could not be handled", { client: this.id, error });
      this.close(closeCodes.failed, "the server failed");
      return;
    }
    this.#sending.send({ type: "error", field: error.field, message: error.message });
    this.#events.emit("clientError", error);
    this.#errors += 1;
    if (this.#errors >= this.#settings.maxClientErrors) this.close(closeCodes.policy, "too many unusable messages");
  }

  #onInputStopped(): void {
    // An output finishes playing first.
    if (!this.#output.hasStarted) this.#close(closeCodes.ended, "");
  }

  #onOutputStopped(how: "ended" | "cancelled"): void {
    if (how === "cancelled") return this.#close(closeCodes.goingAway, "the conversation was ended");
    this.#sending.send({ type: "end" });
    this.#close(closeCodes.ended, "");
  }
}
