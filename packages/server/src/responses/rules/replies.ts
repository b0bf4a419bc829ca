import { findNumbers } from "./finding.ts";
import type { Reading } from "./reading.ts";

/** A text that takes a while: a count or a story. Undefined: neither is asked for. */
export function longText(said: string): Iterable<string> | undefined {
  if (/\bcount\b.*\bto\b/i.test(said)) return counting(findNumbers(said));
  return /\bstory\b/i.test(said) ? story(/\blong\b/i.test(said) ? 60 : 4) : undefined;
}

function* counting(numbers: readonly number[]): Iterable<string> {
  const last = Math.min(Math.max(1, Math.trunc(numbers.at(-1) ?? 10)), 10_000);
  for (let number = 1; number <= last; number += 1) {
    yield `${number === 1 ? "" : " "}${number}${number === last ? "." : ","}`;
  }
}

const places = ["by the harbour", "at the edge of the forest", "up on the hill", "across the river"];
const deeds = [
  "found an unopened letter",
  "heard an old tune",
  "lost the way twice",
  "repaired a squeaking wheel",
  "counted the boats",
];

function* story(days: number): Iterable<string> {
  yield "Once upon a time there was a lighthouse keeper.";
  for (let day = 1; day <= days; day += 1) {
    yield ` On day ${day}, ${places[day % places.length]}, the lighthouse keeper ${deeds[day % deeds.length]}.`;
  }
  yield " In the end the kettle was on, and everyone who mattered was there.";
}

/** What the user has told: the latest counts. */
interface Facts {
  readonly name: string | undefined;
  readonly place: string | undefined;
}

function factsIn(texts: readonly string[]): Facts {
  const latest = (pattern: RegExp): string | undefined =>
    texts.flatMap((text) => [...text.matchAll(pattern)].map((match) => match[1])).at(-1);
  return {
    name: latest(
      /\b(?:[Mm]y name(?:'s| is) (?=\p{L})|(?:[Cc]all me|I am|I'm) (?=\p{Lu}))(\p{L}[\p{L}'-]*(?: \p{Lu}[\p{L}'-]*)*)/gu,
    ),
    place: latest(/\bI live in (\p{L}[\p{L} '-]*?)(?=[.,!?]|$| and | but )/giu),
  };
}

/** Replies about the user's name and home: to what is told now, and to what is asked. */
export function factReplies({ said, saidBefore }: Reading): string[] {
  const told = factsIn([said]);
  const known = factsIn([...saidBefore, said]);
  const replies: string[] = [];
  if (told.name !== undefined) replies.push(`Nice to meet you, ${told.name}.`);
  if (told.place !== undefined) replies.push(`I will remember that you live in ${told.place}.`);
  if (/\bmy name(?: again)?\s*(?:\?|$)|\bwho am i\b/i.test(said)) {
    replies.push(known.name === undefined ? "You have not told me your name yet." : `Your name is ${known.name}.`);
  }
  if (/\bwhere (?:do|am) i (?:live|from)\b/i.test(said)) {
    replies.push(
      known.place === undefined ? "You have not told me where you live yet." : `You live in ${known.place}.`,
    );
  }
  return replies;
}

/** The reply to words that ask for no function, count or story. */
export function reply(reading: Reading, toolNames: readonly string[]): string {
  const { said } = reading;
  const replies = factReplies(reading);
  if (/\b(?:thanks|thank you)\b/i.test(said)) replies.unshift("You are welcome.");
  if (replies.length > 0) return replies.join(" ");
  if (said === "" || /^(?:hi|hello|hey|good (?:morning|afternoon|evening))\b/i.test(said)) {
    const { name } = factsIn(reading.saidBefore);
    return name === undefined ? "Hello! How can I help you?" : `Hello, ${name}! How can I help you?`;
  }
  const functions = toolNames.length === 0 ? "functions that you offer me" : toolNames.slice(0, 6).join(", ");
  return (
    "I am the small built-in rules brain of this server, no language model. I can remember your name and where you live, " +
    `count, tell a story and call ${functions}.`
  );
}
