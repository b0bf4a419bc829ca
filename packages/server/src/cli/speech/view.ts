import type { SpeechEvent } from "../../speech/index.ts";
import { formatMs, printable } from "../shared/format.ts";
import type { Style } from "../shared/style.ts";

export interface SpeechInfo {
  readonly version: string;
  readonly url: string;
  readonly listenURL: string;
  readonly speakURL: string;
  /** The voice. */
  readonly voice: string;
  /** How many words the script has; undefined without a script. */
  readonly words: number | undefined;
  /** How many API keys are accepted; 0 if any is. */
  readonly keys: number;
}

/** Shows what a speech server does. */
export interface SpeechView {
  listening(info: SpeechInfo): void;
  /** @param at When, ISO 8601. */
  event(event: SpeechEvent, at: string): void;
  notice(message: string): void;
  stopping(signal: string): void;
  stopped(connections: number): void;
}

/** Shows it as one JSON object per line. `speechHelp` documents them. */
export class SpeechJsonView implements SpeechView {
  readonly #line: (text: string) => void;

  constructor(line: (text: string) => void) {
    this.#line = line;
  }

  listening(info: SpeechInfo): void {
    this.#print("listening", { ...info, words: info.words ?? 0 });
  }

  event({ type, ...event }: SpeechEvent, at: string): void {
    this.#print(type, { at, ...event });
  }

  notice(message: string): void {
    this.#print("notice", { message });
  }

  stopping(signal: string): void {
    this.#print("stopping", { signal });
  }

  stopped(connections: number): void {
    this.#print("stopped", { connections });
  }

  #print(type: string, fields: object): void {
    this.#line(JSON.stringify({ type, ...fields }));
  }
}

/** Shows it as text, a line for each event. */
export class SpeechTextView implements SpeechView {
  readonly #line: (text: string) => void;
  readonly #style: Style;

  constructor(line: (text: string) => void, style: Style) {
    this.#line = line;
    this.#style = style;
  }

  listening({ version, url, listenURL, speakURL, voice, words, keys }: SpeechInfo): void {
    const style = this.#style;
    const speaks = voice === "tones" ? "speaks in tones, one for each word" : `speaks with ${voice}`;
    const hears =
      words === undefined ? "hears nothing: no --script" : `hears only the ${count(words, "word")} of its script`;
    const asked = keys === 0 ? "any key will do" : `a key is asked for`;
    // Written at once: a program that reads the first line may look for the others.
    const lines = [
      style.dim(`turnwire ${version} speech · no speech service · ${printable(speaks)} · ${hears} · ${asked}`),
      `listen  ${style.bold(listenURL)}`,
      `speak   ${style.bold(speakURL)}`,
      `use     ${style.bold(`DEEPGRAM_BASE_URL=${url}${keys === 0 ? " DEEPGRAM_API_KEY=none" : ""}`)}`,
      "",
    ];
    this.#line(lines.join("\n"));
  }

  event(event: SpeechEvent, at: string): void {
    this.#line(`${this.#style.dim(at.slice(11, 19))}  ${nameOf(event).padEnd(10)}  ${this.#told(event)}`);
  }

  notice(message: string): void {
    this.#line(this.#style.dim(printable(message)));
  }

  stopping(signal: string): void {
    this.#line(this.#style.dim(`${signal}: closing; once more to end at once`));
  }

  stopped(connections: number): void {
    this.#line(this.#style.dim(`closed after ${count(connections, "connection")}`));
  }

  #told(event: SpeechEvent): string {
    switch (event.type) {
      case "opened":
        return `opened, ${printable(event.model).slice(0, 60)}`;
      case "heard": {
        const why = event.fromFinalize ? "finalized" : event.speechFinal ? "end of speech" : "more to come";
        return `heard ${count(event.words, "word")} from ${formatMs(event.startMs)} to ${formatMs(event.endMs)}, ${why}`;
      }
      case "spoken": {
        const audio = event.cutShort
          ? this.#style.red(`cut short after ${formatMs(event.sentMs)} of ${formatMs(event.audioMs)}`)
          : formatMs(event.audioMs);
        return `spoke ${count(event.characters, "character")}: ${audio}`;
      }
      case "closed": {
        const reason = event.reason === "" ? "" : ` ${printable(event.reason)}`;
        const end = `closed ${event.code}${reason}`;
        const told = event.code === 1000 ? end : this.#style.red(end);
        return `${told} after ${formatMs(event.durationMs)}, ${formatMs(event.audioMs)} of audio`;
      }
      case "refused":
        return this.#style.red(`refused ${event.status} ${printable(event.code)}`);
    }
  }
}

function nameOf(event: SpeechEvent): string {
  switch (event.type) {
    case "opened":
    case "closed":
      return `${event.path} ${event.connection}`;
    case "heard":
      return `listen ${event.connection}`;
    case "spoken":
      return `speak ${event.connection}`;
    case "refused":
      return printable(event.path);
  }
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
