import { LLMContext, type LLMContextOptions, type LLMMessage, type LLMService } from "turnwire";
import { collect, textOf } from "./frames.ts";

export function user(content: string): { role: "user"; content: string } {
  return { role: "user", content };
}

/** A context that ends with this message of the user. */
export function contextOf(text: string, options: LLMContextOptions = {}): LLMContext {
  return new LLMContext({ ...options, messages: [...(options.messages ?? []), user(text)] });
}

/** One whole turn: adds the user's message, and returns the text of the model's reply. */
export async function say(llm: LLMService, context: LLMContext, text: string): Promise<string> {
  context.addMessage(user(text));
  return textOf(await collect(llm.respond(context)));
}

/** A context's messages, one short line each: `user: Hi`, `assistant: Let me see. [look#c1]`, `tool#c1: {"a":1}`. */
export function gist(context: LLMContext): string[] {
  return context.messages.map(lineOf);
}

function lineOf(message: LLMMessage): string {
  if (!("role" in message)) return `(${message.llm})`;
  const content = typeof message.content === "string" ? message.content : JSON.stringify(message.content ?? "");
  const said = content === '""' ? "" : content;
  if (message.role === "tool") return `tool#${message.tool_call_id}: ${said}`;
  if (message.role !== "assistant") return `${message.role}: ${said}`;
  const calls = (message.tool_calls ?? []).map((one) =>
    one.type === "function" ? `${one.function.name}#${one.id}` : one.id,
  );
  return `assistant: ${[said, ...(calls.length === 0 ? [] : [`[${calls.join(" ")}]`])].filter((part) => part !== "").join(" ")}`;
}

/**
 * Checks that every call of a context has exactly one output, directly after the message that makes the calls; returns
 * a sentence for each flaw.
 */
export function flawsOf(context: LLMContext): string[] {
  const flaws: string[] = [];
  let open = new Set<string>();
  const closeAt = (index: number): void => {
    for (const id of open) flaws.push(`messages[${index}] comes before the output of ${id}`);
    open = new Set();
  };
  for (const [index, message] of context.messages.entries()) {
    if ("role" in message && message.role === "tool") {
      if (!open.delete(message.tool_call_id)) flaws.push(`messages[${index}] is an output of no open call`);
      continue;
    }
    closeAt(index);
    if ("role" in message && message.role === "assistant") {
      open = new Set((message.tool_calls ?? []).map(({ id }) => id));
      if (open.size !== (message.tool_calls ?? []).length) flaws.push(`messages[${index}] makes one call twice`);
    }
  }
  closeAt(context.messages.length);
  return flaws;
}
