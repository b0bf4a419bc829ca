/** The arithmetic found in a sentence. */
export interface Arithmetic {
  /** As written where it was written in signs, else put into signs: `17 * 23`, `sqrt(16)`, `15 / 100 * 80`. */
  readonly expressions: readonly string[];
  /** The sentence without it. */
  readonly rest: string;
}

const units =
  "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen";
const tens = "twenty thirty forty fifty sixty seventy eighty ninety";
const numberWords = new Map<string, number>([
  ...units.split(" ").map((word, index): [string, number] => [word, index]),
  ...tens.split(" ").map((word, index): [string, number] => [word, (index + 2) * 10]),
]);
const small = [...numberWords.keys()].join("|");
const numberPhrase = new RegExp(
  `\\b(?:${small})(?:[\\s-](?:and[\\s-])?(?:${small}|hundred|thousand|million))*\\b`,
  "gi",
);

/** Number words as digits: `twenty-three` is 23, `two hundred and five` is 205. */
export function digitsFor(text: string): string {
  return text.replace(numberPhrase, (phrase) => {
    let total = 0;
    let current = 0;
    for (const word of phrase.toLowerCase().split(/[\s-]+/)) {
      if (word === "hundred") current *= 100;
      else if (word === "thousand" || word === "million") {
        total += current * (word === "thousand" ? 1_000 : 1_000_000);
        current = 0;
      } else current += numberWords.get(word) ?? 0;
    }
    return String(total + current);
  });
}

const n = "(-?\\d+(?:\\.\\d+)?)";
const by = (pattern: string): RegExp => new RegExp(pattern.replaceAll("#", n), "gi");

/** Ways of saying arithmetic, put into signs. In this order: longer ones first. */
const phrasings: ReadonlyArray<[RegExp, string]> = [
  [/(?<=\d),(?=\d{3}\b)/g, ""],
  [by("\\b(?:the )?sum of # and #"), "$1 + $2"],
  [by("\\b(?:the )?product of # and #"), "$1 * $2"],
  [by("\\b(?:the )?difference (?:between|of) # and #"), "$1 - $2"],
  [by("\\badd # (?:and|to) #"), "$1 + $2"],
  [by("\\bmultiply # (?:by|with|and) #"), "$1 * $2"],
  [by("\\bdivide # by #"), "$1 / $2"],
  [by("\\bsubtract # from #"), "$2 - $1"],
  [by("\\b(?:the )?(?:square root of|sqrt(?: of)?) #"), "sqrt($1)"],
  [by("√\\s*#"), "sqrt($1)"],
  [by("# ?(?:percent|per cent|%) of"), "$1 / 100 *"],
  [by("#,? (?:raised )?to the (?:power of )?#(?:st|nd|rd|th)?(?: power)?"), "$1 ^ $2"],
  [by("\\bhalf (?:of )?#"), "$1 / 2"],
  [by("# squared"), "$1 ^ 2"],
  [by("# cubed"), "$1 ^ 3"],
  [/(?<=\d|\)) (?:plus|added to) (?=[-\d(]|sqrt)/gi, " + "],
  [/(?<=\d|\)) (?:minus|less) (?=[-\d(]|sqrt)/gi, " - "],
  [/(?<=\d|\)) (?:times|multiplied by) (?=[-\d(]|sqrt)/gi, " * "],
  [/(?<=\d|\)) (?:divided by|over) (?=[-\d(]|sqrt)/gi, " / "],
  [/(?<=\d|\)) (?:modulo|mod) (?=[-\d(]|sqrt)/gi, " % "],
  [/(?<=\d)\s*[x×]\s*(?=\d)/gi, " * "],
  [/÷/g, "/"],
  [/−/g, "-"],
  [/\*\*/g, "^"],
];

// No two parts of it can match the same brackets: a run of brackets must not take quadratic time at each of them.
const operand = "(?:\\(\\s*)*-?(?:sqrt\\s*\\(\\s*(?:\\(\\s*)*-?)?\\d+(?:\\.\\d+)?(?:\\s*\\))*";
const run = new RegExp(`(?<![\\w.])${operand}(?:\\s*[-+*/^%]\\s*${operand})*(?![\\w])`, "gi");
const dateOrPhone = /^\d{4}-\d{1,2}-\d{1,2}$|^\d{1,2}\/\d{1,2}\/\d{2,4}$|^\d+(?:-\d+){2,}$/;

/** Finds the arithmetic in a sentence, in signs or in words. */
export function findArithmetic(text: string): Arithmetic {
  let signs = digitsFor(text);
  for (const [pattern, replacement] of phrasings) signs = signs.replace(pattern, replacement);
  const expressions: string[] = [];
  const rest = signs.replace(run, (match) => {
    const expression = balanced(match.trim());
    if (expression === undefined || !/sqrt|\d\s*\)*\s*[-+*/^%]/i.test(expression) || dateOrPhone.test(expression))
      return match;
    expressions.push(expression);
    return " ";
  });
  return { expressions, rest };
}

/** The expression when its brackets match, without surplus ones at the ends. */
function balanced(expression: string): string | undefined {
  let text = expression;
  let depth = 0;
  for (const sign of text) {
    if (sign === "(") depth += 1;
    if (sign === ")") depth -= 1;
  }
  for (; depth > 0 && text.startsWith("("); depth -= 1) text = text.slice(1).trim();
  for (; depth < 0 && text.endsWith(")"); depth += 1) text = text.slice(0, -1).trim();
  return depth === 0 ? text : undefined;
}

/** The numbers of a text, in order. */
export function findNumbers(text: string): number[] {
  const digits = digitsFor(text).replace(/(?<=\d),(?=\d{3}\b)/g, "");
  return (digits.match(/(?<![\w.])-?\d+(?:\.\d+)?(?![\w]*[A-Za-z]{3})/g) ?? []).map(Number);
}
