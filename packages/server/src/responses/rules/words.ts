/** Words that say nothing about what a sentence is about. */
const stopWords: ReadonlySet<string> = new Set(
  (
    "a an the this that these those some any it its is are was were be been am do does did can could will would shall should may might " +
    "i me my you your we us our he she they them to of in on at for from by with about as and or but if then than so not no " +
    "what whats which who whom whose when where why how please also just now right there here tell know want need like let " +
    "s t m re ve d ll use used using given returns return one"
  ).split(" "),
);

/** Verbs that half of all tools have in their names: weak evidence. */
const genericVerbs: ReadonlySet<string> = new Set(
  "get set find fetch list create make run check show give look lookup read write add update delete current call".split(
    " ",
  ),
);

/** The words of a text or an identifier, in lower case: `getWeather_v2` is get, weather, v2. */
export function wordsOf(text: string): string[] {
  const spaced = text.replace(/([a-z0-9])([A-Z])/g, "$1 $2").replace(/['’]/g, "");
  return spaced.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
}

/** A rough stem, so that `calculating`, `calculates` and `calculation` meet. */
export function stem(word: string): string {
  if (word.length <= 4 || /\d/.test(word)) return word.length === 4 && /[^s]s$/.test(word) ? word.slice(0, -1) : word;
  return word.replace(/(?:ations?|ators?|ating|ated|ates|ate|ings?|ies|ions?|es|ed|s|y|e)$/, "");
}

/** The stems of the words that carry meaning. */
export function contentStems(text: string): string[] {
  return wordsOf(text)
    .filter((word) => !stopWords.has(word))
    .map(stem);
}

const genericStems: ReadonlySet<string> = new Set([...genericVerbs].map(stem));

export function isGeneric(stemmed: string): boolean {
  return genericStems.has(stemmed);
}

export function isStopWord(word: string): boolean {
  return stopWords.has(word);
}

/** `a`, `a and b`, `a, b and c`. */
export function joinWords(words: readonly string[]): string {
  if (words.length <= 1) return words[0] ?? "";
  return `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}

export function capitalize(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** The text with a full stop, unless it ends like a sentence already. */
export function sentence(text: string): string {
  const trimmed = text.trim();
  return /[.!?…]["')\]]?$/.test(trimmed) ? trimmed : `${trimmed}.`;
}
