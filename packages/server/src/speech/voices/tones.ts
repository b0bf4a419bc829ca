import { bytesForMs, type PcmAudio } from "turnwire/internal";
import { lettersOf, type TimedWord, wordsOf } from "../words.ts";
import type { Voice } from "./voice.ts";

const wordMs = 80;
const letterMs = 40;
const longestWordMs = 600;
const gapMs = 60;
/** After the end of a sentence. */
const pauseMs = 240;
const fadeMs = 5;
const loudness = 0.3 * 0x7fff;
/** Two octaves from 220 Hz. */
const pitches = 24;

/** The times of a text's words in its tones. A word lasts 80 ms plus 40 ms a letter, at most 600 ms. */
export function toneWords(text: string): TimedWord[] {
  let at = 0;
  return wordsOf(text).map((word) => {
    const startMs = at;
    const endMs = startMs + Math.min(longestWordMs, wordMs + letterMs * lettersOf(word));
    at = endMs + gapAfter(word);
    return { word, startMs, endMs };
  });
}

/** A tone and a gap for each word; the same for the same text on every machine. */
export function toneAudio(text: string, sampleRate: number): PcmAudio {
  const format = { sampleRate, channels: 1 };
  const words = toneWords(text);
  const last = words.at(-1);
  const bytes = new Uint8Array(last === undefined ? 0 : bytesForMs(last.endMs + gapAfter(last.word), format));
  const samples = new DataView(bytes.buffer);
  for (const { word, startMs, endMs } of words) {
    const [from, to] = [bytesForMs(startMs, format) / 2, bytesForMs(endMs, format) / 2];
    const step = (2 * Math.PI * pitchOf(word)) / sampleRate;
    const fade = bytesForMs(fadeMs, format) / 2;
    for (let at = from; at < to; at += 1) {
      const gain = Math.min(1, (at - from) / fade, (to - 1 - at) / fade);
      samples.setInt16(at * 2, Math.round(loudness * gain * Math.sin(step * (at - from))), true);
    }
  }
  return { audio: bytes, ...format };
}

/** Speaks no language: a tone for each word. */
export const tones: Voice = {
  name: "tones",
  async speak(text, sampleRate, signal) {
    signal?.throwIfAborted();
    return toneAudio(text, sampleRate);
  },
};

function gapAfter(word: string): number {
  return /[.!?]["')\]]*$/.test(word) ? pauseMs : gapMs;
}

/** The same word always has the same pitch. */
function pitchOf(word: string): number {
  let hash = 0;
  for (const character of word.toLowerCase()) hash = (hash * 31 + character.codePointAt(0)!) % 65_521;
  return 220 * 2 ** ((hash % pitches) / 12);
}
