import type { Tool } from "openai/resources/responses/responses";
import { checkOptions, type Checks, delay, is, systemClock } from "turnwire/internal";
import { clockCheck, type ServerEnvironment } from "../../kit/index.ts";
import type { Brain, BrainOutput, BrainRequest } from "../brain.ts";
import { fill, materialIn } from "./fill.ts";
import { findPlaces } from "./finding.ts";
import { readConversation, type Reading } from "./reading.ts";
import { factReplies, longText, reply } from "./replies.ts";
import { sayResult } from "./results.ts";
import { planCalls, type PlannedCall } from "./tools.ts";

export interface RulesBrainOptions {
  /** How long a word of an answer takes, in milliseconds. Default: 0. */
  msPerToken?: number;
  /** How long the first output takes, in milliseconds. Default: 0. */
  firstTokenMs?: number;
  environment?: Pick<ServerEnvironment, "clock">;
}

const checks = {
  msPerToken: is.duration,
  firstTokenMs: is.duration,
  environment: is.group({ clock: clockCheck }),
} satisfies Checks<RulesBrainOptions>;

/**
 * A small brain of fixed rules, no language model: it greets, remembers a name and a home, counts, tells a story, and calls
 * the functions whose names or parameters the user's words fit. The same conversation gets the same answer.
 */
export function rulesBrain(options: RulesBrainOptions = {}): Brain {
  checkOptions("rulesBrain()", options, checks);
  const { msPerToken = 0, firstTokenMs = 0, environment: { clock = systemClock } = {} } = options;
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
  const long = longText(reading.said);
  const { tools, demand } = allowedTools(request);
  const skipsTools = demand === "none" || (long !== undefined && demand === "auto");
  const plan = skipsTools ? { calls: [] } : planCalls(reading, tools, demand === "required");
  const calls = callsToMake(plan.calls, reading, demand === "required", request.parallelToolCalls);
  if (wantsReasoning(request)) yield { type: "reasoning", summary: thoughtBefore(calls) };
  for (const call of calls) yield { type: "function_call", ...call };
  if (calls.length > 0) return;
  const results = reading.calls.filter(({ output }) => output !== undefined).map(sayResult);
  if (results.length > 0) return yield* words(request, reading, [[...factReplies(reading), ...results].join(" ")]);
  if (plan.lacksPlace !== undefined)
    return yield* words(request, reading, [`I can call ${plan.lacksPlace} for that. Which place do you mean?`]);
  const names = tools.flatMap((tool) => (tool.type === "function" ? [tool.name] : []));
  yield* words(request, reading, long ?? [reply(reading, names)]);
}

/** The planned calls that have not been made since the user spoke; a call that was demanded is made only once. */
function callsToMake(
  planned: readonly PlannedCall[],
  { calls }: Reading,
  demanded: boolean,
  parallel: boolean,
): readonly PlannedCall[] {
  if (demanded && calls.length > 0) return [];
  // Counted, not compared: a client may have changed the arguments, and the same call must not be made again and again.
  const made = calls.map(({ name }) => name);
  const left = planned.filter(({ name }) => {
    const index = made.indexOf(name);
    if (index >= 0) made.splice(index, 1);
    return index < 0;
  });
  return parallel ? left : left.slice(0, 1);
}

/** The tools that `tool_choice` allows, and whether one of them has to be called. */
function allowedTools({ tools, toolChoice }: BrainRequest): {
  tools: readonly Tool[];
  demand: "auto" | "required" | "none";
} {
  const named = (names: readonly unknown[]): Tool[] =>
    tools.filter((tool) => tool.type === "function" && names.includes(tool.name));
  if (typeof toolChoice === "string") return { tools, demand: toolChoice };
  if (toolChoice.type === "function") return { tools: named([toolChoice.name]), demand: "required" };
  if (toolChoice.type !== "allowed_tools") return { tools: [], demand: "auto" };
  return { tools: named(toolChoice.tools.map((tool) => tool["name"])), demand: toolChoice.mode };
}

function wantsReasoning({ reasoning }: BrainRequest): boolean {
  return (
    (reasoning?.effort ?? "none") !== "none" && (reasoning?.summary ?? reasoning?.generate_summary ?? null) !== null
  );
}

function thoughtBefore(calls: readonly PlannedCall[]): string {
  const names = [...new Set(calls.map(({ name }) => name))].join(" and ");
  return names === "" ? "I answer from the conversation." : `The user's words fit ${names}, so I call it.`;
}

/** Text as a model streams it, a word at a time, in the form that was asked for. */
function* words({ text }: BrainRequest, { said }: Reading, pieces: Iterable<string>): Iterable<BrainOutput> {
  const format = text?.format;
  let formatted = pieces;
  if (format?.type === "json_object") formatted = [JSON.stringify({ answer: [...pieces].join("") })];
  if (format?.type === "json_schema") {
    formatted = [JSON.stringify(fill(format.schema, materialIn(said, findPlaces(said), [...pieces].join(""))))];
  }
  for (const piece of formatted) {
    for (const delta of piece.match(/\s*\S+\s*$|\s*\S+|\s+$/g) ?? []) yield { type: "text", delta };
  }
}
