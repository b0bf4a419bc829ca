import { InvalidArgumentError, kindOf } from "turnwire/internal";
import type { TimedWord } from "./words.ts";

/** A word that is heard when the audio has come to its end. */
export interface ScriptedWord extends TimedWord {
  /** The channel it is on, with `multichannel=true`. Default: 0. */
  channel?: number;
  /** From 0 to 1. Default: 0.99. */
  confidence?: number;
}

/** A connection that listens, as a script is asked about it. */
export interface ListenRequest {
  /** Counts the connections to `/v1/listen` that were let in, from 1. */
  readonly connection: number;
  /** The parameters it came with. */
  readonly query: Readonly<Record<string, string>>;
  /** How far the connection before it came. */
  readonly previous: ListenProgress | undefined;
}

/** How far a connection came, in milliseconds of the script's time. */
export interface ListenProgress {
  /** Up to where audio was received. */
  readonly receivedMs: number;
  /** Up to where the results are final. */
  readonly finalMs: number;
}

/** What the server "hears": the words of every connection, or a function that says them for one. */
export type Script = readonly ScriptedWord[] | ((request: ListenRequest) => readonly ScriptedWord[]);

/**
 * The words in the time of a connection whose audio begins at `offsetMs` of the script. Of a word that the offset cuts,
 * more than half has to be left for it to be heard.
 */
export function wordsFrom(words: readonly ScriptedWord[], offsetMs: number): ScriptedWord[] {
  return words
    .filter(({ startMs, endMs }) => (startMs + endMs) / 2 > offsetMs)
    .map((word) => ({ ...word, startMs: Math.max(0, word.startMs - offsetMs), endMs: word.endMs - offsetMs }));
}

/**
 * Checks the words and puts them in order.
 * @throws InvalidArgumentError that names the word at fault by its place.
 */
export function checkScript(words: unknown, field = "script"): ScriptedWord[] {
  if (!Array.isArray(words)) throw new InvalidArgumentError(field, `must be a list of words, not ${kindOf(words)}`);
  const list: unknown[] = words;
  const checked = list.map((word, index) => ({ index, word: checkWord(word, `${field}[${index}]`) }));
  checked.sort((one, other) => one.word.startMs - other.word.startMs);
  const ends = new Map<number, number>();
  for (const { index, word } of checked) {
    const { channel = 0, startMs, endMs } = word;
    if (startMs < (ends.get(channel) ?? 0)) {
      throw new InvalidArgumentError(
        `${field}[${index}].startMs`,
        `must not be before the end of the word in front of it, ${ends.get(channel)} ms, but is ${kindOf(startMs)}`,
      );
    }
    ends.set(channel, endMs);
  }
  return checked.map(({ word }) => word);
}

function checkWord(value: unknown, field: string): ScriptedWord {
  if (typeof value !== "object" || value === null) {
    throw new InvalidArgumentError(field, `must be { word, startMs, endMs }, not ${kindOf(value)}`);
  }
  const { word, startMs, endMs, channel, confidence } = value as Record<string, unknown>;
  if (typeof word !== "string" || word.trim() === "") {
    throw new InvalidArgumentError(`${field}.word`, `must be a word, not ${kindOf(word)}`);
  }
  const start = checkNumber(startMs, `${field}.startMs`, 0);
  const end = checkNumber(endMs, `${field}.endMs`, 0);
  if (end <= start) {
    throw new InvalidArgumentError(`${field}.endMs`, `must be more than startMs, ${start}, not ${kindOf(end)}`);
  }
  return {
    word: word.trim(),
    startMs: start,
    endMs: end,
    ...(channel === undefined ? {} : { channel: checkNumber(channel, `${field}.channel`, 0) }),
    ...(confidence === undefined ? {} : { confidence: checkNumber(confidence, `${field}.confidence`, 0, 1) }),
  };
}

function checkNumber(value: unknown, field: string, least: number, most = 2 ** 31): number {
  if (typeof value === "number" && value >= least && value <= most) return value;
  throw new InvalidArgumentError(field, `must be a number from ${least} to ${most}, not ${kindOf(value)}`);
}
