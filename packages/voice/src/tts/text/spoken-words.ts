/** Scripts without spaces between words. */
const unspaced =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;
const letterOrNumber = /[\p{L}\p{N}]/u;
const segmenter = new Intl.Segmenter(undefined, { granularity: "word" });

/** How many characters ahead `findWord` looks. */
const reach = 200;

/** Whether the text holds anything that can be said. A provider may never answer a request to say white space. */
export function isSpeakable(text: string): boolean {
  return /[\p{L}\p{N}\p{Sc}%&@+=]/u.test(text);
}

/** The offset at which the word from `from` on ends. White space before it and punctuation after it belong to it. */
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
 * The offset at which a word ends that a provider reports as spoken, after its punctuation. Undefined if the text has no
 * such word near `from`: providers spell out numbers and signs in their own words.
 */
export function findWord(text: string, from: number, word: string): number | undefined {
  const near = text.slice(from, from + reach).toLowerCase();
  const whole = word.trim().toLowerCase();
  const bare = whole.replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, "");
  for (const wanted of new Set([whole, bare])) {
    const at = wanted === "" ? -1 : indexOfWord(near, wanted);
    if (at !== -1) return from + afterPunctuation(near, at + wanted.length);
  }
  return undefined;
}

function indexOfWord(text: string, word: string): number {
  for (let at = text.indexOf(word); at !== -1; at = text.indexOf(word, at + 1)) {
    if (isEdge(text, at) && isEdge(text, at + word.length)) return at;
  }
  return -1;
}

/** Whether a word can begin or end at this offset. */
function isEdge(text: string, at: number): boolean {
  const sides = [text.charAt(at - 1), text.charAt(at)];
  return !sides.every((char) => letterOrNumber.test(char) && !unspaced.test(char));
}

function afterPunctuation(text: string, from: number): number {
  let at = from;
  while (at < text.length && /[^\s\p{L}\p{N}]/u.test(text.charAt(at))) at += 1;
  return at;
}
