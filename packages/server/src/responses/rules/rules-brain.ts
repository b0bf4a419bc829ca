import type { Tool } from "openai/resources/responses/responses";
import { type Clock, delay, systemClock } from "turnwire/internal";
import type { Brain, BrainOutput, BrainRequest } from "../brain.ts";
import { answerFromOutputs } from "./answers.ts";
import { readConversation, type Reading } from "./reading.ts";
import { asides, reply } from "./small-talk.ts";
import { planCalls, type PlannedCall, type ToolDemand } from "./tools.ts";
import { structuredAnswer } from "./structured.ts";
import { joinWords, wordsOf } from "./words.ts";

export interface RulesBrainOptions {
  /** How long a word of an answer takes, in milliseconds. Default: 0. */
  msPerToken?: number;
  /** How long the first output takes, in milliseconds. Default: 0. */
  firstTokenMs?: number;
  clock?: Clock;
}

/**
 * A small brain of fixed rules, no language model: it greets, remembers what the user says about himself or herself,
 * counts, tells stories, and calls the functions it is offered when the user's words fit their names, descriptions and
 * parameters. The same conversation gets the same answer.
 */
export function rulesBrain(options: RulesBrainOptions = {}): Brain {
  const { msPerToken = 0, firstTokenMs = 0, clock = systemClock } = options;
  return async function* (request) {
    const { signal } = request;
    if (firstTokenMs > 0) await delay(firstTokenMs, { signal, clock });
    for (const output of respond(request)) {
      yield output;
      if (msPerToken > 0) await delay(msPerToken, { signal, clock });
    }
  };
}

function* respond(request: BrainRequest): Iterable<BrainOutput> {
  const reading = readConversation(request.conversation);
  const { tools, demand } = allowedTools(request);
  const plan = demand === "none" ? { calls: [] } : planCalls(reading, tools, demand);
  const calls = callsToMake(plan.calls, reading, demand, request.parallelToolCalls);
  yield* reasoning(request, calls, reading);
  if (calls.length > 0) {
    for (const call of calls) yield { type: "function_call", ...call };
    return;
  }
  yield* words(formatted(request, reading, answer(reading, tools, plan.lacking)));
}

/** The answer in the form that was asked for. */
function formatted({ text }: BrainRequest, reading: Reading, pieces: Iterable<string>): Iterable<string> {
  const format = text?.format;
  if (format?.type === "json_object") return [JSON.stringify({ answer: [...pieces].join("") })];
  if (format?.type !== "json_schema") return pieces;
  return [JSON.stringify(structuredAnswer(format.schema, reading.said, [...pieces].join("")))];
}

function answer(reading: Reading, tools: readonly Tool[], lacking: LackingTool | undefined): Iterable<string> {
  if (reading.calls.some((call) => call.output !== undefined))
    return [[...asides(reading), answerFromOutputs(reading.calls)].join(" ")];
  if (lacking !== undefined) {
    const wanted = joinWords(lacking.parameters.map((name) => wordsOf(name).join(" ")));
    return [`I can use ${lacking.tool} for that. Please tell me the ${wanted}.`];
  }
  return reply(
    reading,
    tools.flatMap((tool) => (tool.type === "function" ? [tool.name] : [])),
  );
}

type LackingTool = NonNullable<ReturnType<typeof planCalls>["lacking"]>;

/** What is planned and has not been called since the user spoke; a call that was demanded is made only once. */
function callsToMake(
  planned: readonly PlannedCall[],
  reading: Reading,
  demand: ToolDemand | "none",
  parallel: boolean,
): readonly PlannedCall[] {
  if (demand === "required" && reading.calls.length > 0) return [];
  // Counted, not compared: a client may have written the arguments anew, and no call may be made for ever.
  const made = new Map<string, number>();
  for (const { name } of reading.calls) made.set(name, (made.get(name) ?? 0) + 1);
  const left = planned.filter(({ name }) => {
    const count = made.get(name) ?? 0;
    made.set(name, count - 1);
    return count <= 0;
  });
  return parallel ? left : left.slice(0, 1);
}

/** The tools that `tool_choice` leaves, and whether one of them has to be called. */
function allowedTools({ tools, toolChoice }: BrainRequest): { tools: readonly Tool[]; demand: ToolDemand | "none" } {
  if (toolChoice === "none") return { tools, demand: "none" };
  if (typeof toolChoice === "string") return { tools, demand: toolChoice };
  if (toolChoice.type === "function") return { tools: named(tools, [toolChoice.name]), demand: "required" };
  if (toolChoice.type !== "allowed_tools") return { tools: [], demand: "auto" };
  return {
    tools: named(
      tools,
      toolChoice.tools.map((tool) => tool["name"]),
    ),
    demand: toolChoice.mode,
  };
}

function named(tools: readonly Tool[], names: readonly unknown[]): Tool[] {
  return tools.filter((tool) => tool.type === "function" && names.includes(tool.name));
}

function* reasoning(
  { reasoning: asked }: BrainRequest,
  calls: readonly PlannedCall[],
  reading: Reading,
): Iterable<BrainOutput> {
  const effort = asked?.effort ?? "none";
  const summary = asked?.summary ?? asked?.generate_summary ?? null;
  if (effort === "none" || summary === null) return;
  const names = [...new Set(calls.map((call) => call.name))];
  let thought = "No function is needed here: I answer from the conversation.";
  if (names.length > 0)
    thought = `The user's words fit ${joinWords(names)}, so I call ${names.length === 1 ? "it" : "them"}.`;
  else if (reading.calls.length > 0) thought = "The functions have answered: I put their results into a sentence.";
  yield { type: "reasoning", summary: thought };
}

/** Text as a model streams it: a word at a time. */
function* words(pieces: Iterable<string>): Iterable<BrainOutput> {
  for (const piece of pieces) {
    for (const delta of piece.match(/\s*\S+\s*$|\s*\S+|\s+$/g) ?? []) yield { type: "text", delta };
  }
}
