import { bytesForMs, durationMs, type PcmAudio } from "turnwire/internal";
import { delay, throwIfAborted } from "turnwire/internal";
import type { SpeechCore } from "../speech-core.ts";
import { uuidFor } from "../ids.ts";
import { type Commands, dispatch } from "../dispatch.ts";
import type { SpeechSocket } from "../speech-socket.ts";
import type { SpeakSettings } from "./speak-query.ts";

/** The length of the audio in a message. */
const chunkMs = 100;
/** https://developers.deepgram.com/docs/tts-ws-flush: as many flushes in as long. */
const mostFlushes = 20;
const flushWindowMs = 60_000;
/** The limit for one `Speak`, as for an HTTP request: https://developers.deepgram.com/docs/errors. */
const mostCharacters = 2_000;
/** The limit for text that waits for its `Flush`. */
const mostBufferedCharacters = 50_000;
const largestMessageBytes = 64 * 1024;

interface Utterance {
  readonly text: string;
  readonly flushedAtMs: number;
  /** The number in the answer to the flush; undefined for the flush of a `Close`. */
  readonly sequenceId: number | undefined;
}

/** The `/v1/speak` side of a connection: collects text, and speaks it when it is flushed. */
export class SpeakSession {
  readonly #core: SpeechCore;
  readonly #socket: SpeechSocket;
  readonly #settings: SpeakSettings;
  #utterances: Utterance[] = [];
  #speaking: AbortController | undefined;
  #text = "";
  #flushes: number[] = [];
  #flushed = 0;
  #cleared = 0;
  #closing = false;
  #cancelTimer: () => void = () => undefined;

  constructor(core: SpeechCore, socket: SpeechSocket, settings: SpeakSettings) {
    this.#core = core;
    this.#socket = socket;
    this.#settings = settings;
  }

  start(): void {
    const { clock, maxSessionMs, voice } = this.#core;
    const socket = this.#socket;
    this.#cancelTimer = clock.schedule(() => this.#fail(1011, "NET-0003"), maxSessionMs, {
      keepAlive: false,
    });
    socket.serve(
      (data, isBinary) => this.#receive(data, isBinary),
      () => this.#end(),
    );
    // https://developers.deepgram.com/reference/text-to-speech/speak-streaming
    socket.send({
      type: "Metadata",
      request_id: socket.requestId,
      model_name: this.#settings.model,
      // Names the voice that speaks, whatever model the client wants.
      model_version: `turnwire-${voice.name}`,
      model_uuid: uuidFor(this.#settings.model),
    });
  }

  #receive(data: Buffer, isBinary: boolean): void {
    if (this.#closing) return;
    if (isBinary) return this.#fail(1003, "MESSAGE-0000");
    if (data.length > largestMessageBytes) return this.#fail(1009, "BIG-0000");
    if (!dispatch(data.toString(), this.#commands)) this.#fail(1008, "DATA-0000");
  }

  readonly #commands: Commands = {
    Speak: ({ text }) => this.#speak(text),
    Flush: () => this.#flush(),
    Clear: () => this.#clear(),
    Close: () => this.#close(),
  };

  #speak(text: unknown): void {
    if (typeof text !== "string") return this.#fail(1008, "DATA-0000");
    if (text.length > mostCharacters) return this.#fail(1009, "BIG-0001");
    this.#text += text;
    if (this.#text.length > mostBufferedCharacters) this.#fail(1009, "BIG-0001");
  }

  #flush(): void {
    const now = this.#core.clock.now();
    this.#flushes = this.#flushes.filter((atMs) => now - atMs < flushWindowMs);
    if (this.#flushes.length >= mostFlushes) {
      const description = `At most ${mostFlushes} flushes are taken in ${flushWindowMs / 1000} seconds.`;
      return this.#socket.send({ type: "Warning", code: "EXCESSIVE_FLUSH", description });
    }
    this.#flushes.push(now);
    this.#take(this.#flushed++);
  }

  /** Speaks the collected text after what is being spoken. */
  #take(sequenceId: number | undefined): void {
    this.#utterances.push({ text: this.#text, flushedAtMs: this.#core.clock.now(), sequenceId });
    this.#text = "";
    if (this.#speaking === undefined) void this.#work();
  }

  #clear(): void {
    this.#text = "";
    this.#utterances = [];
    this.#speaking?.abort();
    this.#socket.send({ type: "Cleared", sequence_id: this.#cleared++ });
  }

  #close(): void {
    this.#closing = true;
    this.#take(undefined);
  }

  /** Speaks one utterance after the other, then closes the session if it is to be closed. Never rejects. */
  async #work(): Promise<void> {
    for (let utterance = this.#utterances.shift(); utterance !== undefined; utterance = this.#utterances.shift()) {
      this.#speaking = new AbortController();
      await this.#say(utterance, this.#speaking.signal);
    }
    this.#speaking = undefined;
    if (this.#closing) this.#socket.close(1000);
  }

  async #say({ text, flushedAtMs, sequenceId }: Utterance, signal: AbortSignal): Promise<void> {
    const { voice, onEvent, logger } = this.#core;
    let audio: PcmAudio | undefined;
    const beforeMs = this.#socket.audioMs;
    try {
      audio = await voice.speak(text, this.#settings.sampleRate, signal);
      await this.#send(audio, flushedAtMs, signal);
      throwIfAborted(signal);
      if (sequenceId !== undefined) this.#socket.send({ type: "Flushed", sequence_id: sequenceId });
    } catch (error) {
      if (!signal.aborted) {
        logger.warn(`the voice ${voice.name} failed`, { error: error instanceof Error ? error.name : typeof error });
        return this.#fail(1011, "NET-0000");
      }
    }
    if (text.trim() === "") return;
    const sentMs = this.#socket.audioMs - beforeMs;
    const audioMs = audio === undefined ? 0 : durationMs(audio);
    const { connection } = this.#socket;
    onEvent({ type: "spoken", connection, characters: text.length, sentMs, audioMs, cutShort: signal.aborted });
  }

  /** Sends the audio at the pace of the options, and no faster than the client reads it. */
  async #send({ audio, ...format }: PcmAudio, flushedAtMs: number, signal: AbortSignal): Promise<void> {
    const { clock, firstByteMs, realtimeFactor } = this.#core;
    const startMs = Math.max(clock.now(), flushedAtMs + firstByteMs);
    const baseMs = this.#socket.audioMs;
    const endMs = durationMs({ audio, ...format });
    for (let atMs = 0; atMs < endMs;) {
      const waitMs = startMs + atMs / realtimeFactor - clock.now();
      if (waitMs > 0) await delay(waitMs, { clock, signal });
      await this.#socket.drained(signal);
      throwIfAborted(signal);
      // A fault in the middle of the audio is injected right there.
      const targetMs = Math.min(endMs, atMs + chunkMs);
      const untilMs = this.#socket.audioUntil(baseMs + targetMs);
      // Without a fault not computed by way of the base: rounding would keep it from reaching the end.
      const nextMs = untilMs < baseMs + targetMs ? untilMs - baseMs : targetMs;
      const chunk = audio.subarray(bytesForMs(atMs, format), bytesForMs(nextMs, format));
      if (chunk.length > 0) this.#socket.send(chunk);
      this.#socket.audioReached(baseMs + nextMs);
      if (!this.#socket.isOpen) return;
      atMs = nextMs;
    }
  }

  #fail(code: number, reason: string): void {
    this.#closing = true;
    this.#utterances = [];
    this.#speaking?.abort();
    this.#socket.close(code, reason);
  }

  #end(): void {
    this.#cancelTimer();
    this.#closing = true;
    this.#utterances = [];
    this.#speaking?.abort();
  }
}
