import { findNumbers } from "./arithmetic.ts";
import { Memory, readStatement } from "./facts.ts";
import type { Reading } from "./reading.ts";
import { story } from "./story.ts";
import { joinWords, sentence } from "./words.ts";

/** What is said without a tool, in pieces: a long answer can be cut short at any of them. */
export function* reply(reading: Reading, toolNames: readonly string[]): Iterable<string> {
  const sentences = sentencesOf(reading.said);
  const memory = new Memory([...reading.saidBefore, reading.said].flatMap(sentencesOf));
  let first = true;
  for (const said of sentences.length === 0 ? [""] : sentences) {
    const answer = answerTo(said, reading, memory, toolNames, sentences.length > 1);
    if (answer === undefined) continue;
    if (!first) yield " ";
    first = false;
    if (typeof answer === "string") yield answer;
    else yield* answer;
  }
  if (first) yield cannotHelp(toolNames);
}

/** What is said to the rest when functions have answered a part: to facts told and asked, to nothing else. */
export function asides(reading: Reading): string[] {
  const memory = new Memory([...reading.saidBefore, reading.said].flatMap(sentencesOf));
  return sentencesOf(reading.said).flatMap((said) => factAnswer(said, memory) ?? []);
}

/** Undefined: the rules have no answer of their own to a sentence. */
type Answer = string | Iterable<string> | undefined;

function answerTo(
  said: string,
  reading: Reading,
  memory: Memory,
  toolNames: readonly string[],
  amongOthers: boolean,
): Answer {
  const text = said.toLowerCase().trim();
  if (text === "") return greeting(memory);
  const long = longAnswer(said);
  if (long !== undefined) return long;
  if (
    /\bwhat (?:did|have) i (?:just |last )?(?:say|said|tell you|asked?)\b|\brepeat what i (?:just )?said\b/.test(text)
  )
    return lastSaid(reading);
  return (
    factAnswer(said, memory) ?? pleasantry(text, memory, toolNames) ?? (amongOthers ? undefined : cannotHelp(toolNames))
  );
}

function factAnswer(said: string, memory: Memory): string | undefined {
  const remembered = memory.answer(said);
  if (remembered !== undefined) return remembered;
  const fact = readStatement(said);
  if (fact === undefined) return undefined;
  return fact.key === "name" ? `Nice to meet you, ${fact.value}.` : `I will remember that ${sentence(fact.told)}`;
}

function pleasantry(text: string, memory: Memory, toolNames: readonly string[]): string | undefined {
  if (/\bhow are you\b|\bhow is it going\b/.test(text)) return "I am running well, thank you. How can I help?";
  if (
    /\b(?:who|what) (?:are|r) you\b|\babout yourself\b|\byour name\b|\bare you (?:an? )?(?:ai|bot|robot|human|person|model|gpt|real|chatgpt|assistant|llm)\b|\bwhat model\b|\bwho made you\b/.test(
      text,
    )
  ) {
    return `I am the small built-in rules brain of the turnwire server: no language model, just a few rules. ${hint(toolNames)}`;
  }
  if (/\bwhat can you do\b|^help\b|\bcan you help\b|\bhelp me\b/.test(text)) return hint(toolNames);
  if (/^(?:hi|hello|hey|hallo|greetings|good (?:morning|afternoon|evening|day))\b/.test(text)) return greeting(memory);
  if (/\b(?:thanks|thank you|cheers)\b/.test(text)) return "You are welcome.";
  if (/^(?:bye|goodbye|good night|see you|that is all|that's all)\b/.test(text))
    return memory.name === undefined ? "Goodbye!" : `Goodbye, ${memory.name}!`;
  if (/^(?:ok|okay|yes|no|sure|fine|great|nice|cool|right|good|stop|never ?mind|wait)\b/.test(text))
    return "All right.";
  return undefined;
}

function greeting(memory: Memory): string {
  return memory.name === undefined ? "Hello! How can I help you?" : `Hello, ${memory.name}! How can I help you?`;
}

function lastSaid(reading: Reading): string {
  const last = reading.saidBefore.at(-1);
  return last === undefined ? "You have not said anything before that." : `You said: "${last}"`;
}

/** Counting and stories, for which one has to listen a while. */
function longAnswer(said: string): Answer {
  const echo = /^(?:please )?(?:repeat after me|repeat|say)\b[:,]?\s+["“]?(.+?)["”]?[.!]?$/i.exec(said.trim())?.[1];
  if (echo !== undefined && !/^(?:that|it|what|something|again)\b/i.test(echo)) return echo;
  if (
    /\bcount\b.*\bto\b.*\d|\bcount\b.*\b(?:hundred|thousand|twenty|ten|fifty)\b|\bcount (?:up|down)?\s*(?:from|to)\b/i.test(
      said,
    )
  )
    return counting(said);
  const tale =
    /\b(?:tell|write|give|read|make up|i want|i'd like)\b.*\b(?:story|tale|fairy tale)\b(?:.*?\babout\s+(.+?))?[.!?]*$/i.exec(
      said,
    );
  if (tale !== null) return story(tale[1], /\b(?:long|very|endless|detailed|big)\b/i.test(said));
  return undefined;
}

const furthest = 10_000;

function* counting(said: string): Iterable<string> {
  const numbers = findNumbers(said).map(Math.trunc);
  const to = numbers.at(-1) ?? 10;
  const from = numbers.length > 1 ? (numbers[0] ?? 1) : 1;
  const step = from <= to ? 1 : -1;
  const count = Math.min(Math.abs(to - from) + 1, furthest);
  for (let index = 0; index < count; index += 1)
    yield `${index === 0 ? "" : " "}${from + index * step}${index === count - 1 ? "." : ","}`;
}

function cannotHelp(toolNames: readonly string[]): string {
  return `I am only the small built-in rules brain of this server, so I have no better answer to that. ${hint(toolNames)}`;
}

function hint(toolNames: readonly string[]): string {
  const tools =
    toolNames.length === 0 ? "call the functions you offer me" : `call ${joinWords(toolNames.slice(0, 6))} for you`;
  return `I can remember what you tell me about yourself, count, tell a story and ${tools}.`;
}

export function sentencesOf(text: string): string[] {
  const parts = text.match(/[^.!?]+(?:\.(?=\S)[^.!?]*)*[.!?]*/g) ?? [];
  return parts
    .flatMap((part) => part.split(/,?\s+(?:and|but)\s+(?=(?:my|i|i'm)\s)|,\s+(?=(?:what|who|where|how|do you)\b)/i))
    .map((part) => part.trim())
    .filter((part) => part !== "");
}
