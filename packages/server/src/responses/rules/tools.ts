import type { FunctionTool, Tool } from "openai/resources/responses/responses";
import { type Evidence, fillArguments, gatherEvidence, parameterKind } from "./arguments.ts";
import { findArithmetic } from "./arithmetic.ts";
import { clausesOf } from "./clauses.ts";
import { findPlaces } from "./places.ts";
import type { Reading } from "./reading.ts";
import { readSchema, type Schema } from "./schema.ts";
import { contentStems, isGeneric, wordsOf } from "./words.ts";

export interface PlannedCall {
  readonly name: string;
  readonly arguments: string;
}

export interface ToolPlan {
  readonly calls: readonly PlannedCall[];
  /** A tool that fits, for which something is missing. */
  readonly lacking?: { readonly tool: string; readonly parameters: readonly string[] };
}

/** A function tool, read once per request. */
interface OfferedTool {
  readonly name: string;
  readonly text: string;
  readonly schema: Schema;
  readonly weights: ReadonlyMap<string, number>;
  readonly enumValues: readonly string[];
  readonly takesExpression: boolean;
  readonly takesPlace: boolean;
}

/** How well the words of a clause must fit a tool before it is called. */
const enough = 3;
/** The same for a clause that is about the user: "my name is …" is not about a tool with a parameter `name`. */
const enoughForPersonal = 6;
const personal =
  /^(?:and |but )?(?:my |i am |i'm |i live |i work |i like |i love |i have |call me |do you (?:know|remember) )|\b(?:is|are|do|did|am|about|of) (?:my|i|me)\b/i;

export type ToolDemand = "auto" | "required";

/** Decides which of the offered functions the user's words ask for, and with which arguments. */
export function planCalls(reading: Reading, tools: readonly Tool[], demand: ToolDemand): ToolPlan {
  const offered = tools.filter((tool): tool is FunctionTool => tool.type === "function").map(readTool);
  if (offered.length === 0 || reading.said === "") return { calls: [] };
  const earlierPlace = lastPlace(reading.saidBefore);
  const plans: ToolPlan[] = [];
  let placeSoFar = earlierPlace;
  for (const clause of clausesOf(reading.said)) {
    plans.push(planClause(clause, offered, reading, placeSoFar));
    placeSoFar = findPlaces(clause).at(-1) ?? placeSoFar;
  }
  const calls = unique(plans.flatMap((plan) => plan.calls));
  if (calls.length === 0 && demand === "required") return { calls: [forcedCall(reading, offered, earlierPlace)] };
  const lacking = plans.find((plan) => plan.lacking !== undefined)?.lacking;
  return lacking === undefined ? { calls } : { calls, lacking };
}

function planClause(
  clause: string,
  offered: readonly OfferedTool[],
  reading: Reading,
  earlierPlace: string | undefined,
): ToolPlan {
  const { expressions, rest } = findArithmetic(clause);
  const calls = calculations(clause, expressions, offered);
  const others = offered.filter((tool) => !tool.takesExpression);
  const fitting = choose(others, rest, personal.test(clause) ? enoughForPersonal : enough);
  const chosen = fitting.length > 0 || calls.length > 0 ? fitting : followUp(clause, offered, reading);
  const spoken = new Set<string>();
  let lacking: ToolPlan["lacking"];
  for (const { tool, words } of chosen) {
    // Words that an earlier call has taken as an argument were not meant for this tool.
    if (words.length > 0 && words.every((word) => spoken.has(word))) continue;
    const places = tool.takesPlace ? findPlaces(clause, tool.enumValues) : [];
    for (const place of places.length > 0 ? places : [undefined]) {
      const { call, missing } = callFor(tool, { clause, earlierPlace, ...(place === undefined ? {} : { place }) });
      if (missing.length > 0) lacking = { tool: tool.name, parameters: missing };
      else calls.push(call);
      for (const word of contentStems(call.arguments)) spoken.add(word);
    }
  }
  return lacking === undefined ? { calls } : { calls, lacking };
}

/** A call for each piece of arithmetic, to the tool that fits best among those that take some. */
function calculations(clause: string, expressions: readonly string[], offered: readonly OfferedTool[]): PlannedCall[] {
  const calculators = offered.filter((tool) => tool.takesExpression);
  const calculator = expressions.length > 0 ? best(calculators, clause) : undefined;
  if (calculator === undefined) return [];
  return expressions.map((expression) => callFor(calculator, { clause, expressions: [expression] }).call);
}

interface CallGiven {
  clause: string;
  place?: string;
  expressions?: readonly string[];
  earlierPlace?: string | undefined;
}

function callFor(tool: OfferedTool, given: CallGiven): { call: PlannedCall; missing: readonly string[] } {
  const toolStems = new Set(tool.weights.keys());
  const gathered = gatherEvidence(given.clause, tool.enumValues, given.earlierPlace, toolStems);
  const evidence: Evidence = {
    ...gathered,
    expressions: given.expressions ?? gathered.expressions,
    places: given.place === undefined ? gathered.places : [given.place],
  };
  const filled = fillArguments(tool.schema, evidence, tool.text);
  return { call: { name: tool.name, arguments: JSON.stringify(filled.value) }, missing: filled.missing };
}

/** A tool, and the words that speak for it. */
interface Fitting {
  readonly tool: OfferedTool;
  readonly words: readonly string[];
}

/** "And in Paris?": the tool called last, with something new. */
function followUp(clause: string, offered: readonly OfferedTool[], reading: Reading): Fitting[] {
  const match = /^(?:and|or|what about|how about)\b(.*)$/i.exec(clause);
  const tool = offered.find(({ name }) => name === reading.lastCall?.name);
  if (match === null || tool === undefined || !tool.takesPlace || findPlaces(clause, tool.enumValues).length === 0)
    return [];
  return [{ tool, words: [] }];
}

/** A call has to be made although nothing fits: the tool that fits least badly, with what there is. */
function forcedCall(reading: Reading, offered: readonly OfferedTool[], earlierPlace: string | undefined): PlannedCall {
  const tool = best(offered, reading.said) as OfferedTool;
  return callFor(tool, { clause: reading.said, earlierPlace }).call;
}

function best(tools: readonly OfferedTool[], text: string): OfferedTool | undefined {
  let winner: OfferedTool | undefined;
  let highest = -1;
  for (const tool of tools) {
    const { score } = match(tool, new Set(contentStems(text)));
    if (score > highest) [winner, highest] = [tool, score];
  }
  return winner;
}

/** The tools that fit, the best first; a word that spoke for one does not speak for another as well. */
function choose(tools: readonly OfferedTool[], text: string, threshold: number): Fitting[] {
  const left = new Set(contentStems(text));
  const remaining = new Set(tools);
  const chosen: Fitting[] = [];
  for (;;) {
    let winner: (Fitting & { score: number }) | undefined;
    for (const tool of remaining) {
      const { score, words } = match(tool, left);
      const evidence = score > 0 && tool.takesPlace && findPlaces(text, tool.enumValues).length > 0 ? 1 : 0;
      if (score + evidence >= threshold && score > (winner?.score ?? 0)) winner = { tool, score, words };
    }
    if (winner === undefined) return chosen;
    chosen.push(winner);
    remaining.delete(winner.tool);
    for (const word of winner.words) left.delete(word);
  }
}

function match(tool: OfferedTool, stems: ReadonlySet<string>): { score: number; words: string[] } {
  const words = [...stems].filter((word) => tool.weights.has(word));
  const score = words.reduce((sum, word) => sum + (tool.weights.get(word) ?? 0), 0);
  return { score, words };
}

function readTool(tool: FunctionTool): OfferedTool {
  const schema = readSchema(tool.parameters ?? {});
  const text = `${wordsOf(tool.name).join(" ")} ${tool.description ?? ""}`;
  const weights = new Map<string, number>();
  const weigh = (source: string, weight: number): void => {
    for (const word of contentStems(source)) {
      weights.set(word, Math.max(weights.get(word) ?? 0, isGeneric(word) ? Math.min(weight, 1) : weight));
    }
  };
  weigh(tool.name, 3);
  weigh(tool.description ?? "", 1.5);
  const enumValues: string[] = [];
  for (const [name, property] of schema.properties) {
    weigh(`${name} ${property.description}`, 1);
    const choices = (property.enum ?? property.items?.enum ?? []).map(String);
    enumValues.push(...choices);
    for (const choice of choices) weigh(choice, 2);
  }
  const kinds = schema.properties.map(([name, property]) => parameterKind(name, property, text));
  const arrays = schema.properties.map(([name, { items }]) =>
    items === undefined ? "other" : parameterKind(name, items, text),
  );
  return {
    name: tool.name,
    text,
    schema,
    weights,
    enumValues,
    takesExpression: kinds.includes("expression"),
    // A tool that takes a list of places is called once for all of them; one for a journey once for both ends.
    takesPlace: kinds.filter((kind) => kind === "place").length === 1 && !arrays.includes("place"),
  };
}

function lastPlace(said: readonly string[]): string | undefined {
  for (const text of said.toReversed()) {
    const place = findPlaces(text).at(-1);
    if (place !== undefined) return place;
  }
  return undefined;
}

function unique(calls: readonly PlannedCall[]): PlannedCall[] {
  const seen = new Map(calls.map((call) => [`${call.name} ${call.arguments}`, call]));
  return [...seen.values()];
}
