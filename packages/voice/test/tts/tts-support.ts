import { is, TTSAudioRawFrame, TTSTextFrame } from "turnwire/internal";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import {
  type Frame,
  type FrameDirection,
  FrameProcessor,
  LLMFullResponseEndFrame,
  LLMFullResponseStartFrame,
  LLMTextFrame,
  type PipelineObserver,
  PipelineTask,
  SystemFrame,
  type TurnwireError,
} from "turnwire";
import { type RawData, type WebSocket, WebSocketServer } from "ws";
import { type SpeechPart, TTSService, type TTSServiceOptions } from "../../src/tts/index.ts";
import { RecordingLogger, settle, until } from "@turnwire/test-kit";

export const sampleRate = 8000;
/** Each character is spoken for 10 ms: 80 samples, each the character's code. */
export const bytesPerCharacter = 160;

/** Audio in which the text can be read again. */
export function speak(text: string): Uint8Array {
  const audio = new Int16Array((text.length * bytesPerCharacter) / 2);
  for (let index = 0; index < text.length; index += 1) {
    audio.fill(text.charCodeAt(index), (index * bytesPerCharacter) / 2, ((index + 1) * bytesPerCharacter) / 2);
  }
  return new Uint8Array(audio.buffer);
}

/** The text that audio frames say. */
export function heard(frames: readonly Frame[]): string {
  const bytes = Buffer.concat(frames.filter((frame) => frame instanceof TTSAudioRawFrame).map(({ audio }) => audio));
  let text = "";
  for (let at = 0; at + 1 < bytes.length; at += bytesPerCharacter) text += String.fromCharCode(bytes.readInt16LE(at));
  return text;
}

/** The words of text frames. */
export function words(frames: readonly Frame[]): string {
  return frames.map((frame) => (frame instanceof TTSTextFrame ? frame.text : "")).join("");
}

/** One short text per frame: `started`, `"words"`, `audio 30` (milliseconds), the class of others. Audio side by side is joined. */
export function gist(frames: readonly Frame[]): string[] {
  const lines: string[] = [];
  let audioMs = 0;
  const flush = (): void => {
    if (audioMs > 0) lines.push(`audio ${Math.round(audioMs)}`);
    audioMs = 0;
  };
  for (const frame of frames) {
    if (frame instanceof TTSAudioRawFrame) {
      audioMs += (frame.audio.length / 2 / frame.sampleRate) * 1000;
      continue;
    }
    flush();
    if (frame instanceof TTSTextFrame) lines.push(JSON.stringify(frame.text));
    else if (!(frame instanceof SystemFrame)) lines.push(frame.constructor.name);
  }
  flush();
  return lines;
}

export function answer(...texts: string[]): Frame[] {
  return [
    new LLMFullResponseStartFrame(),
    ...texts.map((text) => new LLMTextFrame(text)),
    new LLMFullResponseEndFrame(),
  ];
}

/** A provider in the test's hands. */
export class FakeTTS extends TTSService<{ voice: string }> {
  /** The requests: `say 1 Hello.`, `finish 1`, `drop 1`; parts are counted. */
  readonly asked: string[] = [];
  /** Parts in the order of their first text. */
  readonly parts: Array<SpeechPart<{ voice: string }>> = [];
  onSay: (text: string, part: number) => void = () => undefined;
  onFinish: (part: number) => void = () => undefined;
  onDrop: (part: number) => void = () => undefined;
  readonly exact: boolean;

  constructor(options: TTSServiceOptions & { voice?: string; exact?: boolean } = {}) {
    super(
      { sampleRate, ...options },
      {
        checks: { voice: is.string },
        defaults: { voice: "one" },
      },
    );
    this.exact = options.exact ?? false;
  }

  protected get model(): string {
    return "fake";
  }

  protected override get hasWordTimestamps(): boolean {
    return this.exact;
  }

  protected override say(text: string, part: SpeechPart<{ voice: string }>): void {
    if (!this.parts.includes(part)) this.parts.push(part);
    this.asked.push(`say ${this.#number(part)} ${text}`);
    this.onSay(text, this.#number(part));
  }

  protected override finish(part: SpeechPart<{ voice: string }>): void {
    this.asked.push(`finish ${this.#number(part)}`);
    this.onFinish(this.#number(part));
  }

  protected override drop(part: SpeechPart<{ voice: string }>): void {
    this.asked.push(`drop ${this.#number(part)}`);
    this.onDrop(this.#number(part));
  }

  /** Audio comes for a part. */
  audio(part: number, bytes: Uint8Array): Promise<void> {
    return this.parts[part - 1]?.addAudio(bytes) ?? Promise.resolve();
  }

  timestamps(part: number, words: ReadonlyArray<readonly [text: string, endMs: number]>): void {
    this.parts[part - 1]?.addWords(words.map(([text, endMs]) => ({ text, endMs })));
  }

  ended(part: number): void {
    this.parts[part - 1]?.end();
  }

  broke(part: number, error: TurnwireError): void {
    this.parts[part - 1]?.fail(error);
  }

  lose(): void {
    this.speech.lost();
  }

  resume(): void {
    this.speech.resume();
  }

  /** Speaks whatever it is asked to, to the end: at once, or a few characters at every turn of the event loop. */
  obeying(options: { lazily?: boolean } = {}): this {
    let unspoken = "";
    this.onSay = (text) => void (unspoken += text);
    this.onFinish = (part) => {
      const audio = speak(unspoken);
      const size = options.lazily === true ? 3 * bytesPerCharacter : audio.length;
      unspoken = "";
      void (async () => {
        for (let at = 0; at < audio.length; at += size) {
          if (options.lazily === true) await settle();
          await this.audio(part, audio.subarray(at, at + size));
        }
        this.ended(part);
      })();
    };
    this.onDrop = () => void (unspoken = "");
    return this;
  }

  #number(part: SpeechPart<{ voice: string }>): number {
    return this.parts.indexOf(part) + 1;
  }
}

export interface Talk extends AsyncDisposable {
  task: PipelineTask;
  /** The frames that the service pushed downstream, as it pushed them. */
  pushed: Frame[];
  /** The frames that came out of the end, without the StartFrame. */
  out: Frame[];
  errors: TurnwireError[];
  finished: Promise<unknown>;
  /** Frames in, all at once. */
  give(...frames: Frame[]): Promise<void>;
  /** Resolves once so many frames of the class have come out. */
  saw(type: abstract new (...args: never[]) => Frame, count?: number): Promise<void>;
}

/** A running pipeline of a TTS service and what follows it. */
export async function talkWith(
  tts: FrameProcessor,
  behind: readonly FrameProcessor[] = [],
  before: readonly FrameProcessor[] = [],
): Promise<Talk> {
  const logger = new RecordingLogger();
  const pushed: Frame[] = [];
  const onPushFrame: PipelineObserver["onPushFrame"] = ({ source, direction, frame }) => {
    if (source === tts && direction === "downstream") pushed.push(frame);
  };
  const task = new PipelineTask([...before, tts, ...behind], { logger, observers: [{ onPushFrame }] });
  const out: Frame[] = [];
  const errors: TurnwireError[] = [];
  task.on("frameReachedDownstream", (frame) => void out.push(frame));
  task.on("error", (error) => void errors.push(error));
  const finished = task.run();
  await until(() => out.length > 0);
  out.length = 0;
  return {
    task,
    pushed,
    out,
    errors,
    finished,
    give: (...frames) => task.queueFrames(frames),
    saw: (type, count = 1) => until(() => out.filter((frame) => frame instanceof type).length >= count),
    [Symbol.asyncDispose]: () => task.cancel("the test is over"),
  };
}

/** Lets data and control frames through one by one, when the test says so. */
export class Turnstile extends FrameProcessor {
  readonly #holds: (frame: Frame) => boolean;
  #waiting: Array<() => void> = [];
  #open = 0;

  constructor(options: { capacity?: number; holds?: (frame: Frame) => boolean } = {}) {
    super(options.capacity === undefined ? {} : { capacity: options.capacity });
    this.#holds = options.holds ?? (() => true);
  }

  /** Lets so many frames through. */
  let(count: number): void {
    this.#open += count;
    while (this.#open > 0 && this.#waiting.length > 0) {
      this.#open -= 1;
      this.#waiting.shift()?.();
    }
  }

  protected override async processFrame(frame: Frame, direction: FrameDirection, signal: AbortSignal): Promise<void> {
    if (direction === "downstream" && !(frame instanceof SystemFrame) && this.#holds(frame)) {
      if (this.#open > 0) this.#open -= 1;
      else {
        await new Promise<void>((resolve) => {
          this.#waiting.push(resolve);
          signal.addEventListener("abort", () => resolve(), { once: true });
        });
      }
    }
    await this.pushFrame(frame, direction, signal);
  }
}

/** A client's connection, as the scripted server sees it. */
export class Caller {
  readonly socket: WebSocket;
  /** The address asked for, with its query. */
  readonly url: URL;
  readonly headers: Record<string, unknown>;
  readonly received: Array<Record<string, unknown>> = [];

  constructor(socket: WebSocket, path: string, headers: Record<string, unknown>) {
    this.socket = socket;
    this.url = new URL(path, "ws://server");
    this.headers = headers;
  }

  /** Sends messages: audio as it is, text as it is, anything else as JSON. */
  send(...messages: unknown[]): void {
    for (const message of messages) {
      const asIs = typeof message === "string" || message instanceof Uint8Array;
      this.socket.send(asIs ? message : JSON.stringify(message));
    }
  }
}

/** A real WebSocket server whose every message is written in the test. */
export class ScriptedSpeechServer implements AsyncDisposable {
  readonly url: string;
  readonly callers: Caller[] = [];
  readonly #server: WebSocketServer;

  private constructor(server: WebSocketServer) {
    this.#server = server;
    this.url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  static async start(
    onMessage: (message: Record<string, unknown>, caller: Caller, connection: number) => void = () => undefined,
    onConnection: (caller: Caller, connection: number) => void = () => undefined,
    options: { accepts?: () => number } = {},
  ): Promise<ScriptedSpeechServer> {
    const server = new WebSocketServer({
      port: 0,
      host: "127.0.0.1",
      verifyClient: (_info, answer: (accepted: boolean, status?: number) => void) => {
        const status = options.accepts?.() ?? 101;
        answer(status === 101, status);
      },
    });
    await once(server, "listening");
    const scripted = new ScriptedSpeechServer(server);
    server.on("connection", (socket, request) => {
      const caller = new Caller(socket, request.url ?? "/", request.headers);
      const connection = scripted.callers.push(caller);
      socket.on("error", () => undefined);
      socket.on("message", (data: RawData) => {
        const message = JSON.parse((data as Buffer).toString()) as Record<string, unknown>;
        caller.received.push(message);
        onMessage(message, caller, connection);
      });
      onConnection(caller, connection);
    });
    return scripted;
  }

  /** Everything received, on all connections. */
  get received(): Array<Record<string, unknown>> {
    return this.callers.flatMap((caller) => caller.received);
  }

  get openCount(): number {
    return this.#server.clients.size;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#server.clients) client.terminate();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
