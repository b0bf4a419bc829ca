import { execFile, type ExecFileException } from "node:child_process";
import { promisify } from "node:util";
import { type PcmAudio, readWav, resample } from "turnwire/internal";
import { Condition, Deadline, throwIfAborted, TurnwireError } from "turnwire/internal";
import type { Voice } from "./voice.ts";

const execute = promisify(execFile);

/** More processes at once would not be faster on a small machine. */
const mostProcesses = 2;
const longestRunMs = 10_000;
const longestOutputBytes = 64 * 1024 * 1024;
const cachedBytes = 32 * 1024 * 1024;

/** Whether the command can be run. */
export async function hasEspeak(command: string): Promise<boolean> {
  try {
    await run(command, ["--version"], "");
    return true;
  } catch {
    return false;
  }
}

/** Speech by eSpeak NG, which has to be installed. Its audio is cached by text. */
export class EspeakVoice implements Voice {
  readonly name = "espeak-ng";
  readonly #command: string;
  readonly #cache = new Map<string, PcmAudio>();
  #cacheSize = 0;
  #running = 0;
  readonly #freed = new Condition();

  constructor(command: string) {
    this.#command = command;
  }

  async speak(text: string, sampleRate: number, signal?: AbortSignal): Promise<PcmAudio> {
    throwIfAborted(signal);
    if (text.trim() === "") return { audio: new Uint8Array(0), sampleRate, channels: 1 };
    const key = `${sampleRate} ${text}`;
    const known = this.#cache.get(key);
    if (known !== undefined) return known;
    const wav = await this.#inTurn(() => run(this.#command, ["--stdin", "--stdout", "-b", "1"], text, signal), signal);
    const audio = resample(readWav(wav), sampleRate);
    this.#keep(key, audio);
    return audio;
  }

  async #inTurn<T>(work: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    // Several waits may end at once, of which only one gets the process.
    while (this.#running >= mostProcesses) await this.#freed.wait(() => this.#running < mostProcesses, signal);
    this.#running += 1;
    try {
      return await work();
    } finally {
      this.#running -= 1;
      this.#freed.notify();
    }
  }

  #keep(key: string, audio: PcmAudio): void {
    if (this.#cache.has(key)) return;
    this.#cache.set(key, audio);
    this.#cacheSize += audio.audio.length;
    for (const [oldest, { audio: bytes }] of this.#cache) {
      if (this.#cacheSize <= cachedBytes) break;
      this.#cache.delete(oldest);
      this.#cacheSize -= bytes.length;
    }
  }
}

/** Runs the command and returns its output. There is no shell, and the text is no argument. */
async function run(command: string, args: string[], input: string, signal?: AbortSignal): Promise<Buffer> {
  using limit = new Deadline("espeak-ng", longestRunMs, { signal });
  const options = { encoding: "buffer", maxBuffer: longestOutputBytes, killSignal: "SIGKILL" } as const;
  const running = execute(command, args, { ...options, signal: limit.signal });
  // The command may exit before it has read everything; its exit code says how it ended.
  running.child.stdin?.on("error", () => undefined).end(input);
  try {
    return (await running).stdout;
  } catch (cause) {
    throwIfAborted(limit.signal);
    const { code, signal: name } = cause as ExecFileException;
    const end = typeof code === "number" ? code : name;
    const how = end ? `ended with ${end}` : "could not be run";
    throw new TurnwireError("speech_failed", `espeak-ng ${how}`, { cause });
  }
}
