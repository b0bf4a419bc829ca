import type { FunctionTool, Tool } from "openai/resources/responses/responses";
import { isObject } from "turnwire/internal";
import { contentOf, fill, materialIn } from "./fill.ts";
import { findArithmetic, findPlaces, wordsOf } from "./finding.ts";
import type { Reading } from "./reading.ts";

export interface PlannedCall {
  readonly name: string;
  readonly arguments: string;
}

export interface Plan {
  readonly calls: readonly PlannedCall[];
  /** A function that was asked for, but without saying for which place. */
  readonly lacksPlace?: string;
}

/** Words that many functions have in their names: they say nothing about what one is for. */
const commonWords: ReadonlySet<string> = new Set("get set find fetch list do run make current the a my".split(" "));

/** Each part of a text that asks for one thing. */
const clauseEnd = /[;?!]\s*|\.(?=\s|$)|,?\s+and\s+(?=(?:what|how|where|the|give|tell)\b)/i;

/**
 * The calls that the user's words ask for. A function with an expression among its parameters is called for each piece of
 * arithmetic. Any other is called when a word of its name is said: once for each place named, if a parameter is a place.
 */
export function planCalls({ said, saidBefore }: Reading, tools: readonly Tool[], mustCall: boolean): Plan {
  const functions = tools.filter((tool): tool is FunctionTool => tool.type === "function");
  const calls: PlannedCall[] = [];
  let lacksPlace: string | undefined;
  let lastPlace = findPlaces(saidBefore.join(". ")).at(-1);
  for (const clause of said.split(clauseEnd)) {
    const { expressions, rest } = findArithmetic(clause);
    const calculator = functions.find((tool) => has(tool, "expression"));
    if (calculator !== undefined) calls.push(...expressions.map((expression) => call(calculator, expression, [])));
    const named = findPlaces(rest);
    const places = named.length > 0 || lastPlace === undefined ? named : [lastPlace];
    lastPlace = places.at(-1);
    for (const tool of functions) {
      if (has(tool, "expression") || !isNamed(tool, rest)) continue;
      if (!has(tool, "place")) calls.push(call(tool, rest, places));
      else if (places.length > 0) calls.push(...places.map((place) => call(tool, rest, [place])));
      else lacksPlace = tool.name;
    }
  }
  const [first] = functions;
  if (calls.length === 0 && mustCall && first !== undefined) return { calls: [call(first, said, [lastPlace ?? said])] };
  return lacksPlace === undefined ? { calls } : { calls, lacksPlace };
}

function call(tool: FunctionTool, text: string, places: readonly string[]): PlannedCall {
  const value = fill(tool.parameters ?? {}, materialIn(text, places));
  return { name: tool.name, arguments: JSON.stringify(isObject(value) ? value : {}) };
}

function has(tool: FunctionTool, content: "expression" | "place"): boolean {
  const properties = tool.parameters?.["properties"];
  return (
    isObject(properties) && Object.entries(properties).some(([name, schema]) => contentOf(name, schema) === content)
  );
}

function isNamed(tool: FunctionTool, text: string): boolean {
  const said = new Set(wordsOf(text));
  return wordsOf(tool.name).some((word) => !commonWords.has(word) && (said.has(word) || said.has(`${word}s`)));
}
