/** Scripts that put no space between words. */
const unspaced =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;
const letterOrNumber = /[\p{L}\p{N}]/u;
const segmenter = new Intl.Segmenter(undefined, { granularity: "word" });

/** How far ahead a word that a provider names is looked for. */
const reach = 200;

/** Whether there is anything in the text to say: a provider asked for nothing but white space may never answer. */
export function isSpeakable(text: string): boolean {
  return /[\p{L}\p{N}\p{Sc}%&@+=]/u.test(text);
}

/** Where the word that begins at `from` ends: behind its punctuation; the white space before it is a part of it. */
export function wordEnd(text: string, from: number): number {
  const run = /\s*\S*/uy;
  run.lastIndex = from;
  const [word] = run.exec(text) ?? [""];
  if (!unspaced.test(word)) return from + word.length;
  let inWord = false;
  for (const { index, isWordLike } of segmenter.segment(word)) {
    if (isWordLike === true && inWord) return from + index;
    inWord ||= isWordLike === true;
  }
  return from + word.length;
}

/**
 * Where a word ends that a provider says it has spoken, its punctuation included; undefined when the text has no such word
 * near `from`: providers say numbers and signs in words of their own.
 */
export function findWord(text: string, from: number, word: string): number | undefined {
  const near = text.slice(from, from + reach).toLowerCase();
  const whole = word.trim().toLowerCase();
  const bare = whole.replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, "");
  for (const wanted of new Set([whole, bare])) {
    const at = wanted === "" ? -1 : indexOfWord(near, wanted);
    if (at !== -1) return from + behindPunctuation(near, at + wanted.length);
  }
  return undefined;
}

function indexOfWord(text: string, word: string): number {
  for (let at = text.indexOf(word); at !== -1; at = text.indexOf(word, at + 1)) {
    if (isEdge(text, at) && isEdge(text, at + word.length)) return at;
  }
  return -1;
}

/** Whether a word can begin or end there. */
function isEdge(text: string, at: number): boolean {
  const [before, behind] = [text.charAt(at - 1), text.charAt(at)];
  return ![before, behind].every((char) => letterOrNumber.test(char) && !unspaced.test(char));
}

function behindPunctuation(text: string, from: number): number {
  let at = from;
  while (at < text.length && /[^\s\p{L}\p{N}]/u.test(text.charAt(at))) at += 1;
  return at;
}
