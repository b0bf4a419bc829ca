import { createHash } from "node:crypto";
import { type AudioFormat, bytesPerFrame, InactivityTimer, parseWavHeader } from "turnwire/internal";
import type { SpeechCore } from "../speech-core.ts";
import { uuidFor } from "../ids.ts";
import { type Commands, dispatch } from "../dispatch.ts";
import type { SpeechSocket } from "../speech-socket.ts";
import type { ListenSettings } from "./listen-query.ts";
import { type Heard, Recogniser } from "./recogniser.ts";
import { messageOf } from "./results.ts";
import { checkScript, type ListenProgress, type ListenRequest, type ScriptedWord, wordsFrom } from "../script.ts";

/** The longest header that is looked for. */
const longestHeaderBytes = 64 * 1024;

/** The `/v1/listen` side of a connection: counts audio and sends the results of the script. */
export class ListenSession {
  readonly #core: SpeechCore;
  readonly #socket: SpeechSocket;
  readonly #settings: ListenSettings;
  readonly #recognisers: readonly Recogniser[];
  readonly #offsetMs: number;
  readonly #createdAt = new Date();
  readonly #hash = createHash("sha256");
  #format: AudioFormat | undefined;
  #header = Buffer.alloc(0);
  #audioBytes = 0;
  #over = false;
  #idle: InactivityTimer | undefined;

  /** Starts the session. Throws the script's errors. */
  constructor(core: SpeechCore, socket: SpeechSocket, settings: ListenSettings, previous: ListenProgress | undefined) {
    const { connection, query } = socket;
    const request: ListenRequest = { connection, query, previous };
    this.#core = core;
    this.#socket = socket;
    this.#settings = settings;
    this.#format = settings.format;
    this.#offsetMs = core.timeline?.(request) ?? 0;
    const script = typeof core.script === "function" ? checkScript(core.script(request)) : core.script;
    const words = wordsFrom(script, this.#offsetMs);
    this.#recognisers = Array.from({ length: this.#channels }, (_, channel) => this.#recogniserOf(words, channel));
  }

  start(): void {
    const { clock, idleTimeoutMs } = this.#core;
    this.#idle = new InactivityTimer(clock, idleTimeoutMs, () => {
      this.#idle?.stop();
      this.#over = true;
      this.#socket.close(1011, "NET-0001");
    });
    this.#socket.serve(
      (data, isBinary) => this.#receive(data, isBinary),
      () => this.#end(),
    );
  }

  /** How far the connection came, in the script's time. */
  get progress(): ListenProgress {
    const finalMs = Math.min(...this.#recognisers.map((recogniser) => recogniser.finalMs));
    return { receivedMs: this.#offsetMs + this.#socket.audioMs, finalMs: this.#offsetMs + finalMs };
  }

  /** The number of channels with results. */
  get #channels(): number {
    return this.#settings.multichannel ? (this.#settings.format?.channels ?? 1) : 1;
  }

  #recogniserOf(words: readonly ScriptedWord[], channel: number): Recogniser {
    const { interimResults, endpointingMs, utteranceEndMs, multichannel } = this.#settings;
    const own = multichannel ? words.filter((word) => (word.channel ?? 0) === channel) : words;
    return new Recogniser(own, {
      interimMs: interimResults ? this.#core.interimMs : undefined,
      endpointingMs,
      utteranceEndMs,
      segmentMs: this.#core.segmentMs,
    });
  }

  #receive(data: Buffer, isBinary: boolean): void {
    this.#idle?.touch();
    if (this.#over) return;
    if (!isBinary) return this.#command(data.toString());
    // An empty message closed a stream before `CloseStream` existed (https://deepgram.com/changelog/new-method-for-closing-streams).
    if (data.length === 0) return this.#closeStream();
    this.#hash.update(data);
    const audio = this.#format === undefined ? this.#readHeader(data) : data;
    if (audio !== undefined) this.#hear(audio);
  }

  #command(text: string): void {
    if (dispatch(text, this.#commands)) return;
    this.#socket.send({
      type: "Error",
      variant: "SchemaError",
      description: "The message is none of Finalize, KeepAlive, CloseStream and Configure.",
      message: text,
    });
  }

  readonly #commands: Commands = {
    // It has no answer: https://developers.deepgram.com/docs/keep-alive.
    KeepAlive: () => undefined,
    // It would change features that this server does not have.
    Configure: () => undefined,
    Finalize: ({ channel }) => this.#finish("finalize", typeof channel === "number" ? channel : undefined),
    CloseStream: () => this.#closeStream(),
  };

  /** Reads the WAV header of audio without an `encoding`. Returns the audio after it. */
  #readHeader(data: Buffer): Buffer | undefined {
    this.#header = Buffer.concat([this.#header, data]);
    try {
      const header = parseWavHeader(this.#header);
      if (header === undefined && this.#header.length < longestHeaderBytes) return undefined;
      if (header === undefined) throw new Error("the header does not end");
      const { sampleRate, channels, dataOffset } = header;
      this.#format = { sampleRate, channels };
      return this.#header.subarray(dataOffset);
    } catch {
      this.#over = true;
      this.#socket.close(1008, "DATA-0000");
      return undefined;
    }
  }

  #hear(audio: Uint8Array): void {
    const format = this.#format!;
    this.#audioBytes += audio.length;
    const frames = Math.floor(this.#audioBytes / bytesPerFrame(format));
    const toMs = (frames * 1000) / format.sampleRate;
    // A fault in the middle of the audio is injected right there.
    while (this.#socket.audioMs < toMs && this.#socket.isOpen) {
      const reachedMs = this.#socket.audioUntil(toMs);
      this.#recognisers.forEach((recogniser, channel) => this.#say(recogniser.advance(reachedMs), channel));
      this.#socket.audioReached(reachedMs);
    }
  }

  #finish(reason: "finalize" | "close", only?: number): void {
    this.#recognisers.forEach((recogniser, channel) => {
      if (only === undefined || only === channel) this.#say(recogniser.finish(reason), channel);
    });
  }

  #closeStream(): void {
    this.#over = true;
    this.#finish("close");
    const heard = this.#audioBytes > 0;
    // https://developers.deepgram.com/docs/close-stream
    const metadata = {
      type: "Metadata",
      transaction_key: "deprecated",
      request_id: this.#socket.requestId,
      sha256: this.#hash.digest("hex"),
      created: this.#createdAt.toISOString(),
      duration: Math.round(this.#socket.audioMs * 1_000) / 1_000_000,
      channels: heard ? (this.#format?.channels ?? 0) : 0,
    };
    this.#socket.send(metadata, this.#core.latencyMs);
    this.#socket.close(1000, "", this.#core.latencyMs);
  }

  #say(heard: readonly Heard[], channel: number): void {
    const { model, punctuate, vadEvents } = this.#settings;
    const { connection, requestId } = this.#socket;
    const context = { requestId, model, modelUuid: uuidFor(model), channel, channels: this.#channels, punctuate };
    for (const one of heard) {
      if (one.type === "speechStarted" && !vadEvents) continue;
      this.#socket.send(messageOf(one, context), this.#core.latencyMs);
      if (one.type !== "result" || !one.isFinal || one.words.length === 0) continue;
      const { startMs, endMs, words, speechFinal, fromFinalize } = one;
      const event = { connection, words: words.length, startMs, endMs, speechFinal, fromFinalize };
      this.#core.onEvent({ type: "heard", ...event });
    }
  }

  #end(): void {
    this.#over = true;
    this.#idle?.stop();
  }
}
