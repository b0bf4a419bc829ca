const calendar =
  "monday tuesday wednesday thursday friday saturday sunday january february march april may june july august september october november december";
/** Words that follow "in", "at" or "for" without being a place. */
const notPlaces: ReadonlySet<string> = new Set(
  (
    `${calendar} today tomorrow tonight celsius fahrenheit kelvin english german french spanish italian portuguese ` +
    "the a an my your me you us it that this them all least most once general detail short fact total order case time fun now words " +
    "advance front addition one two three minutes hours days euros dollars kilometres miles meters metres"
  ).split(" "),
);

const word = "\\p{Lu}[\\p{L}\\p{N}.'’-]*";
const name = `(?:the\\s+)?${word}(?:\\/\\p{L}+)*(?:[\\s_]+(?:(?:de|da|do|la|le|del|of|upon|am|and(?=\\s+Herzegovina))\\s+)*${word})*`;
const list = `${name}(?:\\s*,\\s*(?:and\\s+|or\\s+)?${name}|\\s+(?:and|or)\\s+(?:in\\s+|for\\s+|at\\s+)?${name})*`;
const afterPreposition = new RegExp(
  `\\b(?:[Ii]n|[Aa]t|[Ff]or|[Nn]ear|[Tt]o|[Ff]rom|[Oo]f|[Aa]round)\\s+(${list})`,
  "gu",
);
const separators = /\s*,\s*(?:and\s+|or\s+)?|\s+(?:and|or)\s+(?:in\s+|for\s+|at\s+)?/u;
const lowerCase = /\b(?:in|at|for|near)\s+([\p{L}][\p{L}'’ -]*(?:(?:,| and )\s*(?:in )?[\p{L}][\p{L}'’ -]*)*)/giu;
const trailing =
  /\s+(?:right now|now|today|tomorrow|tonight|please|at the moment|currently|again|then|this week)\b.*$/i;

/** The places a text names, in order, without repetition: those after in, at, for and the like. */
export function findPlaces(text: string, except: readonly string[] = []): string[] {
  const barred = new Set(except.map((value) => value.toLowerCase()));
  const usable = (place: string): boolean =>
    place !== "" && !barred.has(place.toLowerCase()) && !notPlaces.has(place.toLowerCase().split(/\s/)[0] ?? "");
  const found = [...text.matchAll(afterPreposition)].flatMap((match) => splitList(match[1] ?? ""));
  const zones = found.length > 0 ? [] : (text.match(/\b\p{Lu}\p{L}+\/\p{Lu}[\p{L}_/]+/gu) ?? []);
  const places = [...found, ...zones].filter(usable);
  if (places.length > 0) return [...new Set(places)];
  const lower = [...text.matchAll(lowerCase)].flatMap((match) => splitList((match[1] ?? "").replace(trailing, "")));
  return [...new Set(lower.filter((place) => usable(place) && place.split(/\s+/).length <= 3).map(titleCase))];
}

/** The place after one preposition: where from, where to. */
export function placeAfter(preposition: "from" | "to", text: string): string | undefined {
  const either = `[${preposition.charAt(0).toUpperCase()}${preposition.charAt(0)}]${preposition.slice(1)}`;
  return new RegExp(`\\b${either}\\s+(${name})`, "u").exec(text)?.[1];
}

/** `Paris, Texas` stays two places, but `Austin, TX` is one: a short part in capitals belongs to the one before. */
function splitList(text: string): string[] {
  const places: string[] = [];
  for (const part of text.split(separators)) {
    const place = part
      .replace(/^the\s+/i, "")
      .replace(/[.'’-]+s?$/u, "")
      .trim();
    const last = places.at(-1);
    if (last !== undefined && /^\p{Lu}{2,3}$/u.test(place) && !/^(?:UTC|GMT|EST|PST|CET)$/.test(place))
      places[places.length - 1] = `${last}, ${place}`;
    else if (place !== "") places.push(place);
  }
  return places;
}

function titleCase(text: string): string {
  return text.replace(/(^|[\s-])(\p{Ll})/gu, (_match, before: string, letter: string) => before + letter.toUpperCase());
}
