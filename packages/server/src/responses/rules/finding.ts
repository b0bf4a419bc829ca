/** Arithmetic in words, put into signs. */
const spellings: ReadonlyArray<[RegExp, string]> = [
  [/(?<=\d),(?=\d{3}\b)/g, ""],
  [/(?<=\d) ?(?:percent|%) of (?=\d)/gi, " / 100 * "],
  [/(?<=[\d)]) (?:plus|added to) (?=[-\d(])/gi, " + "],
  [/(?<=[\d)]) minus (?=[-\d(])/gi, " - "],
  [/(?<=[\d)]) ?(?:times|multiplied by|x|×) ?(?=[-\d(])/gi, " * "],
  [/(?<=[\d)]) divided by (?=[-\d(])/gi, " / "],
  [/(?<=[\d)]) to the power of (?=[-\d(])/gi, " ^ "],
  [/\bsquare root of (\d+(?:\.\d+)?)/gi, "sqrt($1)"],
];

// No two parts of an operand match the same brackets: a long run of brackets must not take quadratic time.
const operand = "(?:\\(\\s*)*-?(?:sqrt\\s*\\(\\s*)?\\d+(?:\\.\\d+)?(?:\\s*\\))*";
const arithmetic = new RegExp(`(?<![\\w.])${operand}(?:\\s*[-+*/^%]\\s*${operand})*(?!\\w)`, "g");

/** The arithmetic in a text, in signs, and the text without it. */
export function findArithmetic(text: string): { expressions: string[]; rest: string } {
  const expressions: string[] = [];
  const signs = spellings.reduce((spelt, [pattern, sign]) => spelt.replace(pattern, sign), text);
  const rest = signs.replace(arithmetic, (found) => {
    if (!/sqrt|[\d)]\s*[-+*/^%]/.test(found)) return found;
    expressions.push(found);
    return " ";
  });
  return { expressions, rest };
}

/** The numbers in a text, in their order. */
export function findNumbers(text: string): number[] {
  return (text.replace(/(?<=\d),(?=\d{3}\b)/g, "").match(/(?<![\w.])-?\d+(?:\.\d+)?/g) ?? []).map(Number);
}

const notPlaces: ReadonlySet<string> = new Set(
  "me you it that this them all detail short total general order case fun celsius fahrenheit minutes hours days".split(
    " ",
  ),
);
const phraseEnd =
  /\b(?:what|how|who|where|when|which|my|i|is|are|please|right|now|today|tomorrow|tonight|currently|again)\b/i;

/** The places in a text, in their order, each once: names after "in", "at" or "for", "and" and commas between them. */
export function findPlaces(text: string): string[] {
  const places = [...text.matchAll(/\b(?:in|at|for) ([^.!?;]+)/gi)].flatMap(([, phrase = ""]) =>
    (phrase.split(phraseEnd)[0] ?? "")
      .split(/,|\b(?:and|or|in|at|for)\b/i)
      .map((part) => part.replace(/\bthe\b/i, "").trim()),
  );
  const named = places.filter((place) => {
    const words = place.split(/\s+/);
    return /^\p{L}[\p{L}\s'’_/-]*$/u.test(place) && words.length <= 3 && !notPlaces.has(words[0]!.toLowerCase());
  });
  return [...new Set(named.map(capitalized))];
}

/** Gives a name in small letters its capitals. */
function capitalized(name: string): string {
  return name === name.toLowerCase()
    ? name.replace(/(^|[\s/_-])(\p{Ll})/gu, (_all, before: string, letter: string) => before + letter.toUpperCase())
    : name;
}

/** The words of a text or of an identifier, in small letters: `getWeather_v2` has get, weather and v2. */
export function wordsOf(text: string): string[] {
  const spaced = text.replace(/([a-z0-9])([A-Z])/g, "$1 $2");
  return spaced.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
}
