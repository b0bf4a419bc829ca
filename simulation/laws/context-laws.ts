import type { LLMMessage } from "turnwire";
import type { LawName } from "./laws.ts";

/** Whether the message is the result of a function that kept running after an interruption. */
export function isLateResult(message: LLMMessage): boolean {
  return "role" in message && message.role === "developer" && JSON.stringify(message.content).includes("has finished:");
}

/**
 * Checks what a turn wrote into the conversation: the text that was delivered, and each call followed by exactly one output.
 */
export function checkMessages(
  messages: readonly LLMMessage[],
  delivered: string,
  broken: (law: LawName, what: string) => void,
): void {
  let said = "";
  let open: string[] = [];
  for (const message of messages) {
    if (!("role" in message)) continue;
    if (message.role === "tool") {
      if (!open.includes(message.tool_call_id)) broken("calls", `${message.tool_call_id} has an output too many`);
      open = open.filter((callId) => callId !== message.tool_call_id);
      continue;
    }
    if (open.length > 0) broken("calls", `${message.role} comes between the call ${open[0]} and its output`);
    open = [];
    if (message.role !== "assistant") continue;
    if (typeof message.content === "string") said += message.content;
    open = (message.tool_calls ?? []).map(({ id }) => id);
  }
  if (open.length > 0) broken("calls", `the call ${open[0]} has no output`);
  if (said !== delivered) broken("text", `the context holds "${said}", delivered was "${delivered}"`);
}
