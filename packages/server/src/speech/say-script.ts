import {
  bytesForMs,
  bytesPerFrame,
  checkOptions,
  type Checks,
  checkValue,
  durationMs,
  InvalidArgumentError,
  is,
  kindOf,
  type PcmAudio,
  rms,
  silence,
  splitAudio,
} from "turnwire/internal";
import { record, whole } from "../kit/index.ts";
import { openVoice, type OpenVoiceOptions, toneWords, type Voice, voiceChecks } from "./voices/index.ts";
import { lettersOf, type TimedWord, wordsOf } from "./words.ts";

/** A line of the user, and when it begins. */
export interface ScriptLine {
  text: string;
  /** Milliseconds from the beginning of the audio. */
  atMs: number;
}

export interface SayScriptOptions extends OpenVoiceOptions {
  /** Samples per second. Default: 16 000. */
  sampleRate?: number;
  /** The length of silence after the last line, in milliseconds. Default: 1 000. */
  tailMs?: number;
}

const linesCheck = is.listOf(
  record("a line", { text: is.required(is.string), atMs: is.required(is.duration) } satisfies Checks<ScriptLine>),
  "a list of lines",
);

const checks = {
  ...voiceChecks,
  sampleRate: whole(1_000, 192_000),
  tailMs: is.duration,
} satisfies Checks<SayScriptOptions>;

/** Anything louder is speech, anything quieter is the silence around it. */
const quiet = 0.005;
const lookMs = 10;

/**
 * Makes the audio of a user who says the lines, with silence between them, and the words with their times: the
 * input for a voice agent, and the `script` for the server that hears it. With tones the times are exact. With
 * eSpeak NG, which reports no times, the words share the time of their line by their letters.
 *
 * @throws InvalidArgumentError for lines that overlap, or an unknown voice.
 */
export async function sayScript(
  lines: readonly ScriptLine[],
  options: SayScriptOptions = {},
): Promise<{ audio: PcmAudio; words: TimedWord[] }> {
  checkValue(lines, "lines", linesCheck);
  checkOptions("sayScript()", options, checks);
  const { sampleRate = 16_000, tailMs = 1_000 } = options;
  const voice = await openVoice(options);
  const format = { sampleRate, channels: 1 };
  const parts: Array<{ atMs: number; audio: Uint8Array }> = [];
  const words: TimedWord[] = [];
  let endMs = 0;
  for (const [index, { text, atMs }] of lines.entries()) {
    if (atMs < endMs) {
      const least = `${Math.ceil(endMs)}, where the line before it ends`;
      throw new InvalidArgumentError(`lines[${index}].atMs`, `expected at least ${least}, got ${kindOf(atMs)}`);
    }
    const said = await voice.speak(text, sampleRate);
    parts.push({ atMs, audio: said.audio });
    for (const word of timesOf(text, said, voice)) {
      words.push({ ...word, startMs: atMs + word.startMs, endMs: atMs + word.endMs });
    }
    endMs = atMs + durationMs(said);
  }
  const whole = silence(endMs + tailMs, format);
  for (const { atMs, audio } of parts)
    whole.audio.set(audio.subarray(0, whole.audio.length - bytesForMs(atMs, format)), bytesForMs(atMs, format));
  return { audio: whole, words };
}

function timesOf(text: string, said: PcmAudio, voice: Voice): TimedWord[] {
  if (voice.name === "tones") return toneWords(text);
  const [startMs, endMs] = spokenPart(said);
  const words = wordsOf(text);
  const letters = words.reduce((sum, word) => sum + lettersOf(word), 0);
  const letterMs = (endMs - startMs) / Math.max(1, letters);
  let at = startMs;
  return words.map((word) => {
    const from = at;
    at += lettersOf(word) * letterMs;
    return { word, startMs: Math.round(from), endMs: Math.round(at) };
  });
}

/** The part of the audio from its first to its last sound. */
function spokenPart(said: PcmAudio): [startMs: number, endMs: number] {
  if (said.audio.length < bytesPerFrame(said)) return [0, 0];
  const loud = splitAudio(said, lookMs).map((part) => rms(part) > quiet);
  if (!loud.includes(true)) return [0, durationMs(said)];
  return [loud.indexOf(true) * lookMs, Math.min(durationMs(said), (loud.lastIndexOf(true) + 1) * lookMs)];
}
