import { type Checks, checkValue, InvalidArgumentError, is, kindOf } from "turnwire/internal";
import { record, whole } from "../kit/index.ts";
import type { TimedWord } from "./words.ts";

/** A word, which is heard once the audio up to its end has come. */
export interface ScriptedWord extends TimedWord {
  /** The channel it is on, with `multichannel=true`. Default: 0. */
  channel?: number;
  /** From 0 to 1. Default: 0.99. */
  confidence?: number;
}

/** A listening connection, as a script function gets it. */
export interface ListenRequest {
  /** The number of the accepted connection to `/v1/listen`, from 1. */
  readonly connection: number;
  /** Its query parameters. */
  readonly query: Readonly<Record<string, string>>;
  /** How far the previous connection came. */
  readonly previous: ListenProgress | undefined;
}

/** How far a connection came, in milliseconds of the script's time. */
export interface ListenProgress {
  /** The time up to which audio was received. */
  readonly receivedMs: number;
  /** The time up to which the results are final. */
  readonly finalMs: number;
}

/** What the server "hears": the words for every connection, or a function that returns them for one. */
export type Script = readonly ScriptedWord[] | ((request: ListenRequest) => readonly ScriptedWord[]);

/**
 * The words in the time of a connection whose audio begins at `offsetMs` of the script. A word that the offset cuts is
 * heard if more than half of it is left.
 */
export function wordsFrom(words: readonly ScriptedWord[], offsetMs: number): ScriptedWord[] {
  return words
    .filter(({ startMs, endMs }) => (startMs + endMs) / 2 > offsetMs)
    .map((word) => ({ ...word, startMs: Math.max(0, word.startMs - offsetMs), endMs: word.endMs - offsetMs }));
}

const time = is.required(is.duration);

const wordCheck = record("a word", {
  word: is.required(is.custom("a word", (value) => typeof value === "string" && value.trim() !== "")),
  startMs: time,
  endMs: time,
  channel: whole(0),
  confidence: is.number({ min: 0, max: 1 }),
} satisfies Checks<ScriptedWord>);

/**
 * Checks the words and sorts them by their time.
 * @throws InvalidArgumentError that names the word by its place in the list.
 */
export function checkScript(words: unknown, field = "script"): ScriptedWord[] {
  checkValue(words, field, is.listOf(wordCheck, "a list of words"));
  const placed = (words as readonly ScriptedWord[]).map((word, index) => ({ ...word, index }));
  placed.sort((one, other) => one.startMs - other.startMs);
  const ends = new Map<number, number>();
  for (const { index, channel = 0, startMs, endMs } of placed) {
    if (endMs <= startMs) {
      throw new InvalidArgumentError(`${field}[${index}].endMs`, `expected more than startMs, got ${kindOf(endMs)}`);
    }
    const before = ends.get(channel) ?? 0;
    if (startMs < before) {
      throw new InvalidArgumentError(
        `${field}[${index}].startMs`,
        `expected at least ${before}, the end of the word before it, got ${kindOf(startMs)}`,
      );
    }
    ends.set(channel, endMs);
  }
  return placed.map(({ index: _index, word, ...rest }) => ({ word: word.trim(), ...rest }));
}
