import type { BrainRequest } from "../../brain.ts";
import { textsIn } from "../../input-items.ts";
import type { ScriptCondition, TextMatch } from "./fixture.ts";

/** What conditions look at in a request. */
export interface Situation {
  /** The number of the request, from 1. */
  readonly number: number;
  readonly model: string;
  /** What the user said last; undefined when there is no message of the user. */
  readonly user: string | undefined;
  /** The function outputs that the conversation ends with. */
  readonly outputs: readonly ToolOutput[];
}

interface ToolOutput {
  readonly name: string | undefined;
  readonly callId: string;
  readonly output: string;
}

export function situationOf({ model, conversation }: BrainRequest, number: number): Situation {
  const names = new Map<string, string>();
  for (const item of conversation) if (item.type === "function_call") names.set(item.call_id, item.name);
  const user = conversation.findLast((item) => "role" in item && item.role === "user");
  // What the model or the user said ends the search; instructions in between do not.
  const start = conversation.findLastIndex((item) =>
    "role" in item ? isSpeech(item.role) : item.type === "function_call",
  );
  const outputs = conversation.slice(start + 1).flatMap((item): ToolOutput[] => {
    if (item.type !== "function_call_output") return [];
    const callId = item.call_id ?? "";
    return [{ callId, name: names.get(callId), output: textsIn(item.output).join("\n") }];
  });
  const said = user !== undefined && "content" in user ? textsIn(user.content) : [];
  return { number, model, user: user === undefined ? undefined : said.join("\n"), outputs };
}

function isSpeech(role: string): boolean {
  return role === "user" || role === "assistant";
}

/** Whether all of the condition holds. */
export function fits(condition: ScriptCondition, situation: Situation): boolean {
  const { user, toolOutput, request, model } = condition;
  if (request !== undefined && request !== situation.number) return false;
  if (model !== undefined && model !== situation.model) return false;
  if (user !== undefined && (situation.user === undefined || !textFits(user, situation.user))) return false;
  if (toolOutput === undefined) return user === undefined || situation.outputs.length === 0;
  const wanted = toolOutput === true ? {} : toolOutput;
  return situation.outputs.some(
    ({ name, callId, output }) =>
      (wanted.name === undefined || wanted.name === name) &&
      (wanted.callId === undefined || wanted.callId === callId) &&
      (wanted.output === undefined || textFits(wanted.output, output)),
  );
}

function textFits(match: TextMatch, text: string): boolean {
  if (typeof match === "string") return match.trim() === text.trim();
  // A new one each time: a global or sticky expression remembers where it was.
  const { source, flags } = match instanceof RegExp ? match : { source: match.pattern, flags: match.flags ?? "" };
  return new RegExp(source, flags).test(text);
}
