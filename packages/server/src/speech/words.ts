/** A word and its time in some audio. */
export interface TimedWord {
  /** As it is written: `Hello,`. */
  word: string;
  /** Milliseconds from the beginning of the audio. */
  startMs: number;
  endMs: number;
}

/** The words of a text, in order, with their punctuation. */
export function wordsOf(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== "");
}

/** How many letters and digits the word has; at least 1. */
export function lettersOf(word: string): number {
  return Math.max(1, word.match(/[\p{L}\p{N}]/gu)?.length ?? 0);
}
