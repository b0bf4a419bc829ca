import { capitalize, joinWords, sentence } from "./words.ts";

interface Fact {
  /** What it is about, such as `name`, `live`, `dog`. */
  readonly key: string;
  readonly value: string;
  /** The fact as said to the user: "your dog is called Rex". */
  readonly told: string;
}

interface StatementPattern {
  readonly pattern: RegExp;
  readonly read: (groups: readonly string[]) => Fact;
}

const end = "(?:\\s+(?:and|but)\\s+(?:my|i|please|what|can|tell)\\b.*)?$";

/** Ways of saying something about oneself. */
const statements: readonly StatementPattern[] = [
  {
    pattern: new RegExp(
      `^(?:please )?(?:call me(?!\\s+(?:at|on|back|when|if)\\b)|my name is|my name's)\\s+(.+?)${end}`,
      "i",
    ),
    read: ([, name = ""]) => ({ key: "name", value: name, told: `your name is ${name}` }),
  },
  {
    pattern: new RegExp(`\\bmy ([\\p{L}' -]{2,40}?)(?:'s name)? (?:is|are|was) (called |named )?(.+?)${end}`, "iu"),
    read: ([all = "", noun = "", called = "", value = ""]) => {
      const named = called !== "" || /'s name (?:is|was)/i.test(all);
      const verb = /\bare\b/i.test(all.slice(0, all.length - value.length)) ? "are" : "is";
      return { key: keyOf(noun), value, told: `your ${noun.toLowerCase()} ${verb} ${named ? "called " : ""}${value}` };
    },
  },
  {
    pattern: new RegExp(`\\b(?:i am|i'm)\\s+(\\d{1,3})(?: years old)?${end}`, "i"),
    read: ([, age = ""]) => ({ key: "age", value: age, told: `you are ${age} years old` }),
  },
  {
    pattern: new RegExp(`\\bi(?:'m| am| come) from\\s+(.+?)${end}`, "i"),
    read: ([, place = ""]) => ({ key: "from", value: place, told: `you are from ${place}` }),
  },
  {
    pattern: new RegExp(`\\b(?:[Ii] am|[Ii]'m)\\s+(\\p{Lu}[\\p{L}'-]+(?: \\p{Lu}[\\p{L}'-]+)*)${end}`, "u"),
    read: ([, name = ""]) => ({ key: "name", value: name, told: `your name is ${name}` }),
  },
  {
    pattern: new RegExp(`^(?:hi,? |hello,? )?(?:i am|i'm) (an? [\\p{L}' -]{2,40}?)${end}`, "iu"),
    read: ([, what = ""]) => ({ key: "am", value: what, told: `you are ${what}` }),
  },
  {
    pattern: new RegExp(
      `^(?:please )?remember (?:that |this:? ?)?(?:the )?([\\p{L}' -]{2,40}?) (is|are) (.+?)${end}`,
      "iu",
    ),
    read: ([, noun = "", verb = "", value = ""]) => ({
      key: keyOf(noun),
      value,
      told: `the ${noun} ${verb} ${value}`,
    }),
  },
  {
    pattern: new RegExp(
      `\\bi (live|work|like|love|prefer|enjoy|hate|have|play|study|speak|drive|own)\\s+(.+?)${end}`,
      "i",
    ),
    read: ([, verb = "", rest = ""]) => ({
      key: verb.toLowerCase(),
      value: rest,
      told: `you ${verb.toLowerCase()} ${toYou(rest)}`,
    }),
  },
];

const questionWord =
  /^(?:and |so |but |please )?(?:what|who|where|when|which|how|do|does|did|can|could|would|will|is|are|am|should|tell|say|remind)\b/i;

/** What a sentence says about the user, if it says anything. */
export function readStatement(said: string): Fact | undefined {
  const text = said.trim().replace(/[.!,]+$/, "");
  if (text.endsWith("?") || questionWord.test(text) || /^i (?:have|would like|like) (?:a question|to know)/i.test(text))
    return undefined;
  for (const { pattern, read } of statements) {
    const match = pattern.exec(text);
    if (match === null) continue;
    const fact = read([...match].map((group) => (group as string | undefined) ?? ""));
    if (fact.value.length <= 200) return fact;
  }
  return undefined;
}

/** What the user has said about himself or herself so far; what was said last counts. */
export class Memory {
  readonly #facts = new Map<string, Fact>();

  constructor(sentences: readonly string[]) {
    for (const said of sentences) {
      const fact = readStatement(said);
      if (fact !== undefined) this.#facts.set(several.has(fact.key) ? `${fact.key} ${fact.value}` : fact.key, fact);
    }
  }

  get name(): string | undefined {
    return this.#facts.get("name")?.value;
  }

  /** The answer to a question about the user, or undefined when it is none. */
  answer(question: string): string | undefined {
    const text = question
      .trim()
      .replace(/[?.!\s]+$/, "")
      .toLowerCase();
    if (
      /\b(?:what|anything|everything) (?:do|did|have) (?:you|i) (?:know|remember|tell you|told you)(?: about me)?$|\bwhat do you know about me\b/.test(
        text,
      )
    ) {
      const told = [...this.#facts.values()].map((fact) => fact.told);
      return told.length === 0
        ? "You have not told me anything about yourself yet."
        : capitalize(sentence(joinWords(told)));
    }
    const plain = /\b(?:what|who|where|when)(?:'s| is| are| was) the ([\p{L}' -]+)$/u.exec(text)?.[1];
    const noted = plain === undefined ? undefined : this.#facts.get(keyOf(plain));
    if (noted !== undefined) return capitalize(sentence(noted.told));
    const asked = questionKey(text);
    if (asked === undefined) return undefined;
    const facts = [...this.#facts.values()].filter((fact) => fact.key === asked.key);
    if (facts.length === 0) return `You have not told me ${asked.about} yet.`;
    return sentence(capitalize(joinWords(facts.map((fact) => fact.told))));
  }
}

/** Of these one can tell several. */
const several: ReadonlySet<string> = new Set([
  "like",
  "love",
  "prefer",
  "enjoy",
  "hate",
  "have",
  "play",
  "study",
  "speak",
  "own",
]);

function questionKey(text: string): { key: string; about: string } | undefined {
  if (/\bwho am i$|\bmy name(?: again)?$|\bwhat am i called$/.test(text)) return { key: "name", about: "your name" };
  if (/\bwhat (?:am i|do i do)(?: for a living)?$/.test(text)) return { key: "am", about: "what you are" };
  if (/\bhow old am i$|\bmy age$/.test(text)) return { key: "age", about: "your age" };
  if (/\bwhere (?:am|do) i (?:come )?from$/.test(text)) return { key: "from", about: "where you are from" };
  const verb =
    /\b(?:what|where|which [\p{L} ]+|who)(?: \p{L}+)? do i (live|work|like|love|prefer|enjoy|hate|have|play|study|speak|drive|own)\b/u.exec(
      text,
    )?.[1];
  if (verb !== undefined) return { key: verb, about: `${text.includes("where") ? "where" : "what"} you ${verb}` };
  const possession =
    /\b(?:name of my|what colou?r is my) ([\p{L}' -]+?)$/u.exec(text)?.[1] ??
    /\b(?:what|who|when|where|which|how old)(?:'s| is| are| was| were) my ([\p{L}' -]+?)(?:'s name)?(?: called| named| again)?$/u.exec(
      text,
    )?.[1] ??
    /\b(?:know|remember|tell me|remind me (?:of|what)) (?:what )?my ([\p{L}' -]+?)(?:'s name)?(?: is| are)?(?: called| named)?$/u.exec(
      text,
    )?.[1];
  return possession === undefined ? undefined : { key: keyOf(possession), about: `about your ${possession}` };
}

function keyOf(noun: string): string {
  return noun
    .toLowerCase()
    .replace(/'s name$/, "")
    .replace(/favorite/g, "favourite")
    .replace(/color\b/g, "colour")
    .trim();
}

function toYou(text: string): string {
  return text
    .replace(/\bmy\b/gi, "your")
    .replace(/\bmyself\b/gi, "yourself")
    .replace(/\bme\b/gi, "you")
    .replace(/\bI am\b/g, "you are")
    .replace(/\bI\b/g, "you");
}
